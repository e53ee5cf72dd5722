// The seam for matrix products: out = finish(sum of terms A B [+ bias]), where any A may be read transposed. Two fillings with one
// signature: TileProducts (register tiles, what networks use) and EigenProducts (plain Eigen, the check on the first; eigen_products.hpp).
// A row of `out` depends on its rows of A alone, in the same order of additions whatever the number of rows: a batch gives each row's bits.
// Several terms are one sum (a convolution's taps, a cell's input and state). Pure functions, no allocation, thread-safe.
#pragma once

#include <cstddef>
#include <utility>

#include "assay/nn/vec.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

template <class S>
struct Term {
  const S* a;
  std::ptrdiff_t a_row, a_depth;  // element (r, p) of A is a[r * a_row + p * a_depth]
  const S* b;
  std::ptrdiff_t b_stride;  // of B's rows: depth x cols, padded
  std::ptrdiff_t depth;
};

template <class S>
struct Product {
  std::ptrdiff_t rows, cols;  // of out; cols is padded
  const Term<S>* terms;
  std::ptrdiff_t n_terms;
  S* out;
  std::ptrdiff_t out_stride;
};

// What happens to an element before it is stored.
template <class S>
struct Epilogue {
  enum Kind {
    store_only,
    relu,            // max(z, 0); NaN stays NaN
    times_positive,  // z where other > 0, else 0: through a ReLU whose output is `other`
    times            // z * other
  };
  Kind kind = store_only;
  const S* bias = nullptr;   // cols values, added first
  const S* other = nullptr;  // rows x cols
  std::ptrdiff_t other_stride = 0;

  Vec<S> apply(std::ptrdiff_t row, std::ptrdiff_t col, Vec<S> z) const { return apply(kind, row, col, z); }
  // `as`: the kind, known to the compiler where a loop is made for it alone.
  ASSAY_NN_INLINE Vec<S> apply(Kind as, std::ptrdiff_t row, std::ptrdiff_t col, Vec<S> z) const {
    switch (as) {
      case store_only:
        return z;
      case relu:
        return z < S{0} ? Vec<S>{} : z;
      case times_positive:
        return load(other + row * other_stride + col) > S{0} ? z : Vec<S>{};
      case times:
        return z * load(other + row * other_stride + col);
    }
    return z;
  }
};

// The gates of a cell: groups of G vectors, one of each gate for the same units. A term need not reach all gates: its B holds
// sizeof...(Gates) vectors a group, which belong to those gates.
template <class S, int... Gates>
struct GateTerm {
  Term<S> term;
};

template <class S>
struct TileProducts {
  using V = Vec<S>;

  static void multiply(const Product<S>& p, const Epilogue<S>& e) {
    switch (e.kind) {
      case Epilogue<S>::store_only:
        return multiply<Epilogue<S>::store_only>(p, e);
      case Epilogue<S>::relu:
        return multiply<Epilogue<S>::relu>(p, e);
      case Epilogue<S>::times_positive:
        return multiply<Epilogue<S>::times_positive>(p, e);
      case Epilogue<S>::times:
        return multiply<Epilogue<S>::times>(p, e);
    }
  }

  // finish(row, col, z) gets each vector of the sum of terms, which starts from bias (cols values, or null).
  template <class Finish>
  static void each(std::ptrdiff_t rows, std::ptrdiff_t cols, const Term<S>* terms, std::ptrdiff_t n_terms, const S* bias,
                   const Finish& finish) {
    constexpr std::ptrdiff_t n = kLanes<S>;
    const Sum sum{rows, terms, n_terms, bias};
    std::ptrdiff_t col = 0;
    // Long sums take tall tiles, which read fewer of B's vectors for each product.
    const bool tall = rows >= 12 && n_terms > 0 && terms[0].depth > 256;
    if constexpr (kWide)
      for (; !tall && col + 4 * n <= cols; col += 4 * n) columns<4, 4>(sum, col, finish);
    if constexpr (kWide)
      for (; tall && col + 2 * n <= cols; col += 2 * n) columns<12, 2>(sum, col, finish);
    for (; col + 2 * n <= cols; col += 2 * n) columns<kWide ? 8 : 4, 2>(sum, col, finish);
    for (; col < cols; col += n) columns<8, 1>(sum, col, finish);
  }

  // finish(row, group, V (&z)[G]) gets each row's gates of `groups` groups; z starts from bias (groups x G vectors).
  template <int G, class Finish, int... First, int... Second>
  static void gates(std::ptrdiff_t rows, std::ptrdiff_t groups, const S* bias, const GateTerm<S, First...>& first,
                    const GateTerm<S, Second...>& second, const Finish& finish) {
    constexpr int R = kWide ? 6 : 2;
    for (std::ptrdiff_t g = 0; g < groups; ++g) {
      std::ptrdiff_t row = 0;
      for (; row + R <= rows; row += R) gate_tile<R, G>(row, g, bias, first, second, finish);
      if constexpr (R > 4)
        for (; row + 4 <= rows; row += 4) gate_tile<4, G>(row, g, bias, first, second, finish);
      if constexpr (R > 2)
        for (; row + 2 <= rows; row += 2) gate_tile<2, G>(row, g, bias, first, second, finish);
      for (; row < rows; ++row) gate_tile<1, G>(row, g, bias, first, second, finish);
    }
  }

 private:
  template <typename Epilogue<S>::Kind kind>
  static void multiply(const Product<S>& p, const Epilogue<S>& given) {
    const Epilogue<S> e = given;
    S* const out = p.out;
    const std::ptrdiff_t stride = p.out_stride;
    each(p.rows, p.cols, p.terms, p.n_terms, e.bias, [e, out, stride](std::ptrdiff_t row, std::ptrdiff_t col, const V& z) {
      store(out + row * stride + col, e.apply(kind, row, col, z));
    });
  }

  static constexpr bool kWide = ASSAY_NN_VECTOR_BYTES == 64;  // 32 registers instead of 16

  struct Sum {
    std::ptrdiff_t rows;
    const Term<S>* terms;
    std::ptrdiff_t n_terms;
    const S* bias;
  };

  template <int R, int C, class Finish>
  static void columns(const Sum& s, std::ptrdiff_t col, const Finish& finish) {
    std::ptrdiff_t row = 0;
    for (; row + R <= s.rows; row += R) tile<R, C>(s, row, col, finish);
    if constexpr (R > 4)
      for (; row + 4 <= s.rows; row += 4) tile<4, C>(s, row, col, finish);
    for (; row + 2 <= s.rows; row += 2) tile<2, C>(s, row, col, finish);
    for (; row < s.rows; ++row) tile<1, C>(s, row, col, finish);
  }

  template <int R, int C, class Finish>
  static void tile(const Sum& s, std::ptrdiff_t row, std::ptrdiff_t col, const Finish& finish) {
    constexpr int n = kLanes<S>;
    V sum[R][C];
    ASSAY_NN_UNROLL
    for (int c = 0; c < C; ++c) {
      const V start = s.bias ? load(s.bias + col + c * n) : V{};
      ASSAY_NN_UNROLL
      for (int r = 0; r < R; ++r) sum[r][c] = start;
    }
    for (std::ptrdiff_t t = 0; t < s.n_terms; ++t) {
      const Term<S>& term = s.terms[t];
      const std::ptrdiff_t a_row = term.a_row, a_depth = term.a_depth, b_stride = term.b_stride;
      const S* a = term.a + row * a_row;
      const S* b = term.b + col;
      for (std::ptrdiff_t left = term.depth; left > 0; --left, a += a_depth, b += b_stride) {
        V line[C];
        ASSAY_NN_UNROLL
        for (int c = 0; c < C; ++c) line[c] = load(b + c * n);
        ASSAY_NN_UNROLL
        for (int r = 0; r < R; ++r) {
          const V factor = splat(a[r * a_row]);
          ASSAY_NN_UNROLL
          for (int c = 0; c < C; ++c) sum[r][c] += factor * line[c];
        }
      }
    }
    ASSAY_NN_UNROLL
    for (int r = 0; r < R; ++r) {
      ASSAY_NN_UNROLL
      for (int c = 0; c < C; ++c) finish(row + r, col + c * n, sum[r][c]);
    }
  }

  template <int R, int G, class Finish, int... First, int... Second>
  static void gate_tile(std::ptrdiff_t row, std::ptrdiff_t group, const S* bias, const GateTerm<S, First...>& first,
                        const GateTerm<S, Second...>& second, const Finish& finish) {
    V sum[R][G];
    ASSAY_NN_UNROLL
    for (int c = 0; c < G; ++c) {
      const V start = load(bias + (group * G + c) * kLanes<S>);
      ASSAY_NN_UNROLL
      for (int r = 0; r < R; ++r) sum[r][c] = start;
    }
    add<R, G>(sum, row, group, first);
    add<R, G>(sum, row, group, second);
    ASSAY_NN_UNROLL
    for (int r = 0; r < R; ++r) finish(row + r, group, sum[r]);
  }

  template <int R, int G, int... Gates>
  static ASSAY_NN_INLINE void add(V (&sum)[R][G], std::ptrdiff_t row, std::ptrdiff_t group, const GateTerm<S, Gates...>& gates) {
    constexpr int C = sizeof...(Gates), n = kLanes<S>;
    constexpr int at[C] = {Gates...};
    const Term<S>& term = gates.term;
    const std::ptrdiff_t a_row = term.a_row, a_depth = term.a_depth, b_stride = term.b_stride;
    const S* a = term.a + row * a_row;
    const S* b = term.b + group * C * n;
    for (std::ptrdiff_t left = term.depth; left > 0; --left, a += a_depth, b += b_stride) {
      V line[C];
      ASSAY_NN_UNROLL
      for (int c = 0; c < C; ++c) line[c] = load(b + c * n);
      ASSAY_NN_UNROLL
      for (int r = 0; r < R; ++r) {
        const V factor = splat(a[r * a_row]);
        ASSAY_NN_UNROLL
        for (int c = 0; c < C; ++c) sum[r][at[c]] += factor * line[c];
      }
    }
  }
};

// One column: out(row) gets bias + the dot product of the row of a with b, each by itself. A product of tiles would compute a vector of
// columns for it, one addition after another. b: depth values, b_stride apart; at most kDotDepth of them.
inline constexpr std::ptrdiff_t kDotDepth = 1024;
template <class S, class Out>
void dot_rows(std::ptrdiff_t rows, std::ptrdiff_t depth, const S* a, std::ptrdiff_t a_row, const S* b, std::ptrdiff_t b_stride, S bias,
              const Out& out) {
  constexpr std::ptrdiff_t n = kLanes<S>;
  alignas(ASSAY_NN_VECTOR_BYTES) S line[kDotDepth];
  for (std::ptrdiff_t k = 0; k < depth; ++k) line[k] = b[k * b_stride];
  const std::ptrdiff_t whole = depth / n * n;
  Vec<S> last{};
  for (std::ptrdiff_t k = whole; k < depth; ++k) last[k - whole] = line[k];
  for (std::ptrdiff_t r = 0; r < rows; ++r, a += a_row) {
    Vec<S> sum{};
    for (std::ptrdiff_t k = 0; k < whole; k += n) sum += load(a + k) * load(line + k);
    if (whole < depth) {  // what lies behind the row belongs to others
      Vec<S> rest{};
      for (std::ptrdiff_t k = whole; k < depth; ++k) rest[k - whole] = a[k];
      sum += rest * last;
    }
    out(r, bias + lane_total<S>(sum)[0]);
  }
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
