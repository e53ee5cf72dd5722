// The seam for matrix products: out = epilogue(A B [+ bias]), where A may be read transposed. Two fillings with one signature: TileProducts
// (register tiles, what networks use) and EigenProducts (plain Eigen, the check on the first; eigen_products.hpp).
// A row of `out` depends on its row of A alone, in the same order of additions whatever the number of rows: a batch gives each row's bits.
// Pure functions, no allocation, thread-safe.
#pragma once

#include <cstddef>

#include "assay/nn/vec.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

template <class S>
struct Product {
  std::ptrdiff_t rows, cols, depth;  // of out; cols is padded
  const S* a;
  std::ptrdiff_t a_row, a_depth;  // element (r, p) of A is a[r * a_row + p * a_depth]
  const S* b;
  std::ptrdiff_t b_stride;  // depth x cols
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
  const S* other = nullptr;  // rows x cols, stride as of out
};

template <class S>
struct TileProducts {
  using V = Vec<S>;

  static void multiply(const Product<S>& p, const Epilogue<S>& e) {
    constexpr std::ptrdiff_t n = kLanes<S>;
    std::ptrdiff_t col = 0;
    if constexpr (kWide)
      for (; col + 4 * n <= p.cols; col += 4 * n) columns<4, 4>(p, e, col);
    for (; col + 2 * n <= p.cols; col += 2 * n) columns<kWide ? 8 : 4, 2>(p, e, col);
    for (; col < p.cols; col += n) columns<8, 1>(p, e, col);
  }

 private:
  static constexpr bool kWide = ASSAY_NN_VECTOR_BYTES == 64;  // 32 registers instead of 16

  template <int R, int C>
  static void columns(const Product<S>& p, const Epilogue<S>& e, std::ptrdiff_t col) {
    std::ptrdiff_t row = 0;
    for (; row + R <= p.rows; row += R) tile<R, C>(p, e, row, col);
    if constexpr (R > 4)
      for (; row + 4 <= p.rows; row += 4) tile<4, C>(p, e, row, col);
    for (; row + 2 <= p.rows; row += 2) tile<2, C>(p, e, row, col);
    for (; row < p.rows; ++row) tile<1, C>(p, e, row, col);
  }

  template <int R, int C>
  static void tile(const Product<S>& p, const Epilogue<S>& e, std::ptrdiff_t row, std::ptrdiff_t col) {
    constexpr int n = kLanes<S>;
    V sum[R][C];
    ASSAY_NN_UNROLL
    for (int c = 0; c < C; ++c) {
      const V start = e.bias ? load(e.bias + col + c * n) : V{};
      ASSAY_NN_UNROLL
      for (int r = 0; r < R; ++r) sum[r][c] = start;
    }
    const std::ptrdiff_t a_row = p.a_row, a_depth = p.a_depth, b_stride = p.b_stride;
    const S* a = p.a + row * a_row;
    const S* b = p.b + col;
    for (std::ptrdiff_t left = p.depth; left > 0; --left, a += a_depth, b += b_stride) {
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
    finish<R, C>(p, e, row, col, sum);
  }

  template <int R, int C>
  static void finish(const Product<S>& p, const Epilogue<S>& e, std::ptrdiff_t row, std::ptrdiff_t col, V (&sum)[R][C]) {
    ASSAY_NN_UNROLL
    for (int r = 0; r < R; ++r) {
      ASSAY_NN_UNROLL
      for (int c = 0; c < C; ++c) {
        const std::ptrdiff_t at = (row + r) * p.out_stride + col + c * kLanes<S>;
        V z = sum[r][c];
        switch (e.kind) {
          case Epilogue<S>::store_only:
            break;
          case Epilogue<S>::relu:
            z = z < S{0} ? V{} : z;
            break;
          case Epilogue<S>::times_positive:
            z = load(e.other + at) > S{0} ? z : V{};
            break;
          case Epilogue<S>::times:
            z *= load(e.other + at);
            break;
        }
        store(p.out + at, z);
      }
    }
  }
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
