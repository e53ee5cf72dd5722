// Eigen maps of the SDK's views, without copies, and saving of Eigen matrices. For authors who use Eigen (3.3 or later); nothing else in
// the SDK knows it. assay::matrix(rows) is x in double, assay::matrix<float>(rows) in float (`using Scalar = float;`).
#pragma once

#include <Eigen/Dense>

#include "assay/plugin.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {

template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using ConstMatrix = Eigen::Map<const RowMajor<T>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <class T>
using ConstVector = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>, Eigen::Unaligned, Eigen::InnerStride<>>;
using OutMatrix = Eigen::Map<RowMajor<double>, Eigen::Unaligned, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
using OutVector = Eigen::Map<Eigen::VectorXd, Eigen::Unaligned, Eigen::InnerStride<>>;

template <class T>
ConstMatrix<T> map(const MatrixView<const T>& view) {
  return {view.data(), view.rows(), view.cols(), Eigen::OuterStride<>(view.row_stride())};
}
template <class T>
ConstVector<T> map(const VectorView<const T>& view) {
  return {view.data(), view.size(), Eigen::InnerStride<>(view.stride())};
}

template <class T = double>
ConstMatrix<T> matrix(const Rows& rows) {  // rows x inputs
  return map(rows.x<T>());
}
template <class T = double>
ConstMatrix<T> window(const Rows& rows, std::int64_t row) {  // lookback x inputs
  return map(rows.window<T>(row));
}
template <class T = double>
ConstMatrix<T> validation_matrix(const Batch& batch) {
  return map(batch.validation_x<T>());
}
template <class T = double>
ConstVector<T> target(const Batch& batch) {
  return map(batch.y<T>());
}
template <class T = double>
ConstVector<T> weight(const Batch& batch) {  // of size 0: all ones
  return map(batch.weight<T>());
}
inline ConstVector<double> vector(const Frame& frame, std::size_t column) { return map(frame.numbers(column)); }

inline OutMatrix matrix(Out out) {
  assay_array& a = out.raw();
  return {static_cast<double*>(a.data), a.shape[0], a.shape[1], {a.stride[0], a.stride[1]}};
}
inline OutVector vector(Out out) {  // a single output
  if (out.cols() != 1) throw Error("vector(out) needs one output, there are " + std::to_string(out.cols()));
  const auto column = out.column();
  return {column.data(), column.size(), Eigen::InnerStride<>(column.stride())};
}

// Dense matrices and vectors of any shape; row-major in the file, whatever they are in memory.
template <class S, int R, int C, int O, int MR, int MC>
struct StateCodec<Eigen::Matrix<S, R, C, O, MR, MC>> {
  using Matrix = Eigen::Matrix<S, R, C, O, MR, MC>;
  static constexpr bool kVector = R == 1 || C == 1;

  static void put(Saver& saver, const char* name, const Matrix& value) {
    if constexpr (kVector)
      saver.put_array(name, detail::array_of(value.data(), {value.size()}));
    else {
      const Eigen::Ref<const RowMajor<S>> rows = value;  // copied only where columns lie together
      saver.put_array(name, detail::array_of(rows.data(), {rows.rows(), rows.cols()}));
    }
  }
  static Matrix get(const Saved& saved, const char* name) {
    const assay_array a = saved.array<S>(name, kVector ? 1 : 2);
    const S* data = static_cast<const S*>(a.data);
    const Eigen::Index rows = kVector ? (R == 1 ? 1 : a.shape[0]) : a.shape[0];
    const Eigen::Index cols = kVector ? (R == 1 ? a.shape[0] : 1) : a.shape[1];
    if ((R != Eigen::Dynamic && rows != R) || (C != Eigen::Dynamic && cols != C))
      throw bad_state(std::string("the entry '") + name + "' has another shape");
    if constexpr (kVector)
      return Matrix(Eigen::Map<const Matrix>(data, rows, cols));
    else
      return Matrix(Eigen::Map<const RowMajor<S>>(data, rows, cols));
  }
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay
