// Matrix products in plain Eigen behind the seam of products.hpp: slower on small shapes, and independent of the hand-written tiles, which
// tests hold against it. Allocates, and its bits may depend on the number of rows. Pure functions, thread-safe.
#pragma once

#include <Eigen/Core>

#include "assay/nn/products.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

template <class S>
struct EigenProducts {
  static void multiply(const Product<S>& p, const Epilogue<S>& e) {
    each(p.rows, p.cols, p.terms, p.n_terms, e.bias,
         [&](std::ptrdiff_t row, std::ptrdiff_t col, const Vec<S>& z) { store(p.out + row * p.out_stride + col, e.apply(row, col, z)); });
  }

  template <class Finish>
  static void each(std::ptrdiff_t rows, std::ptrdiff_t cols, const Term<S>* terms, std::ptrdiff_t n_terms, const S* bias,
                   const Finish& finish) {
    Matrix sum = start(rows, cols, bias);
    for (std::ptrdiff_t t = 0; t < n_terms; ++t)
      if (terms[t].depth > 0) sum.noalias() += left(terms[t], rows) * right(terms[t], cols);
    for (std::ptrdiff_t r = 0; r < rows; ++r)
      for (std::ptrdiff_t c = 0; c < cols; c += kLanes<S>) finish(r, c, load(sum.data() + r * cols + c));
  }

  template <int G, class Finish, int... First, int... Second>
  static void gates(std::ptrdiff_t rows, std::ptrdiff_t groups, const S* bias, const GateTerm<S, First...>& first,
                    const GateTerm<S, Second...>& second, const Finish& finish) {
    Matrix sum = start(rows, groups * G * kLanes<S>, bias);
    add<G>(sum, groups, first);
    add<G>(sum, groups, second);
    for (std::ptrdiff_t g = 0; g < groups; ++g)
      for (std::ptrdiff_t r = 0; r < rows; ++r) {
        Vec<S> z[G];
        for (int c = 0; c < G; ++c) z[c] = load(sum.data() + r * sum.cols() + (g * G + c) * kLanes<S>);
        finish(r, g, z);
      }
  }

 private:
  using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;

  static Matrix start(std::ptrdiff_t rows, std::ptrdiff_t cols, const S* bias) {
    Matrix sum = Matrix::Zero(rows, cols);
    if (bias) sum.rowwise() += Eigen::Map<const Eigen::Matrix<S, 1, Eigen::Dynamic>>(bias, cols);
    return sum;
  }
  static Eigen::Map<const Matrix, 0, Strides> left(const Term<S>& t, std::ptrdiff_t rows) {
    return {t.a, rows, t.depth, Strides(t.a_row, t.a_depth)};
  }
  static Eigen::Map<const Matrix, 0, Eigen::OuterStride<>> right(const Term<S>& t, std::ptrdiff_t cols) {
    return {t.b, t.depth, cols, Eigen::OuterStride<>(t.b_stride)};
  }
  template <int G, int... Gates>
  static void add(Matrix& sum, std::ptrdiff_t groups, const GateTerm<S, Gates...>& gates) {
    if (gates.term.depth <= 0) return;
    constexpr int C = sizeof...(Gates), n = kLanes<S>;
    const Matrix all = left(gates.term, sum.rows()) * right(gates.term, groups * C * n);
    constexpr int at[C] = {Gates...};
    for (std::ptrdiff_t g = 0; g < groups; ++g)
      for (int c = 0; c < C; ++c) sum.middleCols((g * G + at[c]) * n, n) += all.middleCols((g * C + c) * n, n);
  }
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
