// Matrix products in plain Eigen behind the seam of products.hpp: slower on small shapes, and independent of the hand-written tiles, which
// tests hold against it. Eigen may allocate for large shapes, and its bits may depend on the number of rows. Pure functions, thread-safe.
#pragma once

#include <Eigen/Core>

#include "assay/nn/products.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

template <class S>
struct EigenProducts {
  static void multiply(const Product<S>& p, const Epilogue<S>& e) {
    using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    const Eigen::Map<const Matrix, 0, Strides> a(p.a, p.rows, p.depth, Strides(p.a_row, p.a_depth));
    const Eigen::Map<const Matrix, 0, Eigen::OuterStride<>> b(p.b, p.depth, p.cols, Eigen::OuterStride<>(p.b_stride));
    Eigen::Map<Matrix, 0, Eigen::OuterStride<>> out(p.out, p.rows, p.cols, Eigen::OuterStride<>(p.out_stride));
    out.noalias() = a * b;
    if (e.bias) out.rowwise() += Eigen::Map<const Eigen::Matrix<S, 1, Eigen::Dynamic>>(e.bias, p.cols);
    for (std::ptrdiff_t r = 0; r < p.rows; ++r)
      for (std::ptrdiff_t c = 0; c < p.cols; ++c) {
        S& z = out(r, c);
        const std::ptrdiff_t at = r * p.out_stride + c;
        if (e.kind == Epilogue<S>::relu && z < S{0}) z = S{0};
        if (e.kind == Epilogue<S>::times_positive && !(e.other[at] > S{0})) z = S{0};
        if (e.kind == Epilogue<S>::times) z *= e.other[at];
      }
  }
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
