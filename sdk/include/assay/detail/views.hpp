// What a component gets to see: read-only views of the host's tables, without copies. Used by authors (Rows, Batch, Problem, Frame, Column,
// Out) and by eigen.hpp, which turns them into Eigen maps. They own nothing and live as long as the call they came with. Reading is
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "assay/abi.h"
#include "assay/detail/namespace.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {

// Thrown by authors and the SDK: the reason goes to the host, with what kind of trouble it is.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& reason, assay_status status = ASSAY_FAILED) : std::runtime_error(reason), status_(status) {}
  assay_status status() const { return status_; }

 private:
  assay_status status_;
};
inline Error bad_input(const std::string& reason) { return Error(reason, ASSAY_BAD_INPUT); }
inline Error bad_state(const std::string& reason) { return Error(reason, ASSAY_BAD_STATE); }

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

namespace detail {

template <class T>
constexpr std::uint16_t dtype_of() {
  using V = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<V, double>)
    return ASSAY_F64;
  else if constexpr (std::is_same_v<V, float>)
    return ASSAY_F32;
  else if constexpr (std::is_same_v<V, bool>)
    return ASSAY_BOOL;
  else {
    static_assert(std::is_integral_v<V> && sizeof(V) <= 8, "only float, double, bool and integers cross the boundary");
    return static_cast<std::uint16_t>((std::is_signed_v<V> ? 0x0000 : 0x0100) + 8 * sizeof(V));
  }
}

inline std::string dtype_name(std::uint16_t dtype) {
  const char* code = dtype >> 8 == 0 ? "i" : dtype >> 8 == 1 ? "u" : dtype >> 8 == 2 ? "f" : "bool";
  return code + std::to_string(dtype & 0xff);
}

template <class T>
T* data_of(const assay_array& array, unsigned rank, const char* what) {
  if (array.dtype != dtype_of<T>())
    throw bad_input(std::string(what) + " is " + dtype_name(array.dtype) + ", not " + dtype_name(dtype_of<T>()) +
                    ": a model in float says so with `using Scalar = float;`");
  if (array.rank != rank) throw bad_input(std::string(what) + " has rank " + std::to_string(array.rank) + ", not " + std::to_string(rank));
  return static_cast<T*>(array.data);
}

inline std::string_view text_of(const assay_text& text) { return text.size ? std::string_view(text.data, text.size) : std::string_view(); }
inline assay_text to_text(std::string_view text) { return {text.data(), text.size()}; }

template <class T>
assay_array array_of(const T* data, std::initializer_list<std::int64_t> shape) {
  assay_array array{};
  array.dtype = dtype_of<T>();
  array.device_kind = ASSAY_CPU;
  array.flags = ASSAY_ARRAY_READ_ONLY;
  for (const std::int64_t extent : shape) array.shape[array.rank++] = extent;
  std::int64_t stride = 1;
  for (int i = array.rank; i-- > 0; stride *= array.shape[i]) array.stride[i] = stride;
  array.data = const_cast<void*>(static_cast<const void*>(data));  // READ_ONLY says that nobody writes
  return array;
}

}  // namespace detail

// Elements at an even distance.
template <class T>
class VectorView {
 public:
  VectorView() = default;
  VectorView(T* data, std::int64_t size, std::int64_t stride = 1) : data_(data), size_(size), stride_(stride) {}
  std::int64_t size() const { return size_; }
  std::int64_t stride() const { return stride_; }
  bool empty() const { return size_ == 0; }
  T* data() const { return data_; }
  T& operator[](std::int64_t i) const { return data_[i * stride_]; }

 private:
  T* data_ = nullptr;
  std::int64_t size_ = 0, stride_ = 1;
};

// Rows that lie at an even distance (they may overlap), each dense.
template <class T>
class MatrixView {
 public:
  MatrixView() = default;
  MatrixView(T* data, std::int64_t rows, std::int64_t cols, std::int64_t row_stride)
      : data_(data), rows_(rows), cols_(cols), row_stride_(row_stride) {}
  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return cols_; }
  std::int64_t row_stride() const { return row_stride_; }
  T* data() const { return data_; }
  T& operator()(std::int64_t row, std::int64_t col) const { return data_[row * row_stride_ + col]; }
  std::span<T> row(std::int64_t index) const { return {data_ + index * row_stride_, static_cast<std::size_t>(cols_)}; }

 private:
  T* data_ = nullptr;
  std::int64_t rows_ = 0, cols_ = 0, row_stride_ = 0;
};

enum class Task : std::uint32_t { regression = ASSAY_TASK_REGRESSION, binary = ASSAY_TASK_BINARY, multiclass = ASSAY_TASK_MULTICLASS };
enum class ColumnKind : std::uint32_t { number = ASSAY_COLUMN_NUMBER, category = ASSAY_COLUMN_CATEGORY, flag = ASSAY_COLUMN_FLAG };

class Column {
 public:
  explicit Column(const assay_column& raw) : raw_(&raw) {}
  std::string_view name() const { return detail::text_of(raw_->name); }
  ColumnKind kind() const { return static_cast<ColumnKind>(raw_->kind); }
  std::int64_t size() const { return raw_->values.rank ? raw_->values.shape[0] : 0; }
  VectorView<const double> numbers() const { return view<const double>(); }            // number and flag; NaN = missing
  VectorView<const std::int32_t> codes() const { return view<const std::int32_t>(); }  // category; -1 = missing
  std::size_t level_count() const { return raw_->n_levels; }
  std::string_view level(std::size_t code) const { return detail::text_of(raw_->levels[code]); }
  const assay_column& raw() const { return *raw_; }

 private:
  template <class T>
  VectorView<T> view() const {
    T* data = detail::data_of<T>(raw_->values, 1, "the column");
    return {data, raw_->values.shape[0], raw_->values.stride[0]};
  }
  const assay_column* raw_;
};

class Problem {
 public:
  explicit Problem(const assay_problem& raw) : raw_(&raw) {}
  Task task() const { return static_cast<Task>(raw_->task); }
  std::int64_t inputs() const { return raw_->n_inputs; }
  std::int64_t lookback() const { return raw_->lookback; }  // 0: plain rows
  std::int64_t outputs() const { return raw_->n_outputs; }
  bool has_columns() const { return raw_->inputs != nullptr; }
  Column column(std::int64_t index) const { return Column(*raw_->inputs[index]); }  // name and kind; no values
  std::span<const double> class_weight() const {                                    // empty: all ones
    return {raw_->class_weight, raw_->class_weight ? class_count() : 0};
  }
  std::size_t class_count() const {
    return task() == Task::regression ? 0 : task() == Task::binary ? 2 : static_cast<std::size_t>(raw_->n_outputs);
  }
  std::string_view unit() const { return raw_->unit ? raw_->unit : ""; }
  // Mean and standard deviation of the train targets of a regression; 0 and 1 for classes and from hosts that do not tell.
  double target_center() const { return tells_target() ? raw_->target_center : 0; }
  double target_scale() const { return tells_target() && raw_->target_scale > 0 ? raw_->target_scale : 1; }
  // Quantile levels that are asked for, rising, each inside 0..1; empty: none are.
  std::span<const double> levels() const {
    if (raw_->struct_size < offsetof(assay_problem, n_levels) + sizeof(raw_->n_levels) || raw_->levels == nullptr) return {};
    return {raw_->levels, static_cast<std::size_t>(raw_->n_levels)};
  }
  // How many values are learned for each row, the same quantity so many steps ahead; 1 but for models that say takes_horizons.
  std::int64_t horizons() const { return tells_horizons() && raw_->n_horizons > 1 ? raw_->n_horizons : 1; }
  double target_center(std::int64_t horizon) const { return horizons() > 1 ? raw_->horizon_center[horizon] : target_center(); }
  double target_scale(std::int64_t horizon) const { return horizons() > 1 ? raw_->horizon_scale[horizon] : target_scale(); }
  const assay_problem& raw() const { return *raw_; }

 private:
  bool tells_horizons() const { return raw_->struct_size >= offsetof(assay_problem, horizon_scale) + sizeof(const double*); }
  bool tells_target() const { return raw_->struct_size >= offsetof(assay_problem, target_scale) + sizeof(double); }
  const assay_problem* raw_;
};

// Inputs without labels.
class Rows {
 public:
  explicit Rows(const assay_batch& raw) : raw_(&raw) {}
  std::int64_t size() const { return raw_->rows; }
  Problem problem() const { return Problem(*raw_->problem); }
  std::int64_t inputs() const { return raw_->problem->n_inputs; }
  std::int64_t lookback() const { return raw_->problem->lookback; }

  template <class T = double>
  MatrixView<const T> x() const {  // rows x inputs
    const T* data = detail::data_of<const T>(raw_->x, 2, "x");
    return {data, raw_->x.shape[0], raw_->x.shape[1], raw_->x.stride[0]};
  }
  template <class T = double>
  MatrixView<const T> window(std::int64_t row) const {  // lookback x inputs, the newest time last
    const T* data = detail::data_of<const T>(raw_->x, 3, "x");
    return {data + row * raw_->x.stride[0], raw_->x.shape[1], raw_->x.shape[2], raw_->x.stride[1]};
  }
  // Each is empty where the host has nothing to say.
  std::span<const std::int64_t> time_ns() const { return list(raw_->time_ns); }
  std::span<const std::int32_t> entity() const { return list(raw_->entity); }
  std::span<const std::int64_t> group() const { return list(raw_->group); }
  std::span<const std::int32_t> segment() const { return list(raw_->segment); }
  std::span<const double> last_known_target() const {  // of several horizons rows x horizons, a row's side by side
    const std::span<const double> first = list(raw_->last_known_target);
    return {first.data(), first.size() * static_cast<std::size_t>(problem().horizons())};
  }
  const assay_batch& raw() const { return *raw_; }

 protected:
  template <class T>
  std::span<const T> list(const T* data) const {
    return {data, data ? static_cast<std::size_t>(raw_->rows) : 0};
  }
  const assay_batch* raw_;
};

// Rows with labels, to learn from.
class Batch : public Rows {
 public:
  using Rows::Rows;
  template <class T = double>
  VectorView<const T> y() const {  // a class is its number 0, 1, ...
    const T* data = detail::data_of<const T>(raw_->y, 1, "y");
    return {data, raw_->y.shape[0], raw_->y.stride[0]};
  }
  template <class T = double>
  MatrixView<const T> y_by_horizon() const {  // rows x horizons: what y() is where there is one
    const T* data = detail::data_of<const T>(raw_->y, raw_->y.rank == 2 ? 2 : 1, "y");
    return {data, raw_->y.shape[0], raw_->y.rank == 2 ? raw_->y.shape[1] : 1, raw_->y.stride[0]};
  }
  bool has_weight() const { return raw_->weight.rank != 0; }
  template <class T = double>
  VectorView<const T> weight() const {  // empty: all ones
    if (!has_weight()) return {};
    const T* data = detail::data_of<const T>(raw_->weight, 1, "weight");
    return {data, raw_->weight.shape[0], raw_->weight.stride[0]};
  }
  std::span<const std::int64_t> label_end_ns() const { return list(raw_->label_end_ns); }

  // Inputs of the fold's validation rows, for Call::evaluate; 0 rows where there are none.
  std::int64_t validation_size() const { return raw_->validation_x ? raw_->validation_rows : 0; }
  template <class T = double>
  MatrixView<const T> validation_x() const {
    if (!validation_size()) return {};
    const T* data = detail::data_of<const T>(*raw_->validation_x, 2, "validation_x");
    return {data, raw_->validation_x->shape[0], raw_->validation_x->shape[1], raw_->validation_x->stride[0]};
  }
};

class Step {
 public:
  explicit Step(const assay_step& raw) : raw_(&raw) {}
  std::int64_t epoch() const { return raw_->epoch; }
  std::int64_t step() const { return raw_->step; }
  double rate_factor() const { return raw_->rate_factor; }

 private:
  const assay_step* raw_;
};

// Where predictions or feature values go: rows x outputs, every element to be filled.
class Out {
 public:
  explicit Out(assay_array& raw) : raw_(&raw) {
    if (raw.dtype != ASSAY_F64 || raw.rank != 2) throw bad_input("the output is not a matrix of doubles");
  }
  std::int64_t rows() const { return raw_->shape[0]; }
  std::int64_t cols() const { return raw_->shape[1]; }
  double& operator()(std::int64_t row, std::int64_t col = 0) const {
    return static_cast<double*>(raw_->data)[row * raw_->stride[0] + col * raw_->stride[1]];
  }
  VectorView<double> column(std::int64_t index = 0) const {
    double* const first = static_cast<double*>(raw_->data);  // null where there are no rows
    return {rows() == 0 ? first : first + index * raw_->stride[1], rows(), raw_->stride[0]};
  }
  void fill(double value) const {
    for (std::int64_t r = 0; r < rows(); ++r)
      for (std::int64_t c = 0; c < cols(); ++c) (*this)(r, c) = value;
  }
  assay_array& raw() const { return *raw_; }

 private:
  assay_array* raw_;
};

// Where a model tells how a raw score changes with the inputs: a score a row, a slope for each of the row's numbers.
class Slopes {
 public:
  Slopes(assay_array& score, assay_array& slope) : score_(&score), slope_(&slope) {
    if (score.dtype != ASSAY_F64 || score.rank != 1 || slope.dtype != ASSAY_F64 || slope.rank < 2)
      throw bad_input("scores and slopes are not arrays of doubles");
  }
  std::int64_t rows() const { return score_->shape[0]; }
  double& score(std::int64_t row) const { return static_cast<double*>(score_->data)[row]; }
  // Of all inputs of a row; with a lookback those of the oldest time first.
  std::span<double> of_row(std::int64_t row) const {
    return {static_cast<double*>(slope_->data) + row * slope_->stride[0], static_cast<std::size_t>(slope_->stride[0])};
  }

 private:
  assay_array *score_, *slope_;
};

// The columns that a feature asked for, rows in time order (of one entity, unless the feature asked for the whole panel).
class Frame {
 public:
  explicit Frame(const assay_frame& raw) : raw_(&raw) {}
  std::int64_t rows() const { return raw_->n_rows; }
  std::size_t columns() const { return raw_->n_columns; }
  Column column(std::size_t index) const {
    if (index >= raw_->n_columns) throw bad_input("the frame has only " + std::to_string(raw_->n_columns) + " columns");
    if (!raw_->columns[index]) throw bad_input("column " + std::to_string(index) + " is an optional one that the data lack");
    return Column(*raw_->columns[index]);
  }
  bool has(std::size_t index) const { return index < raw_->n_columns && raw_->columns[index] != nullptr; }  // false: optional, not there
  VectorView<const double> numbers(std::size_t index) const { return column(index).numbers(); }
  std::span<const std::int64_t> time_ns() const { return {raw_->time_ns, raw_->time_ns ? static_cast<std::size_t>(rows()) : 0}; }
  std::span<const std::int32_t> entity() const { return {raw_->entity, raw_->entity ? static_cast<std::size_t>(rows()) : 0}; }
  const assay_frame& raw() const { return *raw_; }

 private:
  const assay_frame* raw_;
};

// The labels of a feature's train rows, in the frame's order.
class FitRows {
 public:
  FitRows(const assay_fit_rows& raw, std::int64_t rows) : raw_(&raw), rows_(static_cast<std::size_t>(rows)) {}
  Task task() const { return static_cast<Task>(raw_->task); }
  std::int64_t classes() const { return raw_->n_classes; }                                     // 0 for regression
  std::span<const double> target() const { return {raw_->target, rows_}; }                     // class number or value
  std::span<const std::int32_t> fold() const { return {raw_->fold, raw_->fold ? rows_ : 0}; }  // empty with time
  std::int64_t folds() const { return raw_->n_folds; }
  std::span<const std::int64_t> label_end_ns() const { return {raw_->label_end_ns, raw_->label_end_ns ? rows_ : 0}; }  // empty without time

 private:
  const assay_fit_rows* raw_;
  std::size_t rows_;
};

// Predictions beside the truth, for a metric.
class Scored {
 public:
  explicit Scored(const assay_scored& raw) : raw_(&raw) {}
  Task task() const { return static_cast<Task>(raw_->task); }
  std::int64_t size() const { return raw_->rows; }
  std::int64_t classes() const { return raw_->n_classes; }  // 0 for regression
  std::int64_t outputs() const { return raw_->n_outputs; }
  std::span<const double> truth() const { return list(raw_->truth); }
  MatrixView<const double> values() const { return {raw_->value, raw_->rows, raw_->n_outputs, raw_->n_outputs}; }
  std::span<const double> value() const { return {raw_->value, static_cast<std::size_t>(raw_->rows * raw_->n_outputs)}; }
  std::span<const double> decision() const { return list(raw_->decision); }
  std::span<const double> weight() const { return list(raw_->weight); }  // empty: all ones
  std::span<const std::int64_t> time_ns() const { return list(raw_->time_ns); }
  std::span<const std::int32_t> entity() const { return list(raw_->entity); }
  std::span<const double> last_known_target() const { return list(raw_->last_known_target); }
  double naive_mae() const { return raw_->naive_mae; }
  // For metrics that say .quantiles(): the levels, rising, and each row's forecasts of them, which never fall along a row.
  std::span<const double> levels() const {
    if (raw_->struct_size < offsetof(assay_scored, n_levels) + sizeof(raw_->n_levels) || raw_->levels == nullptr) return {};
    return {raw_->levels, static_cast<std::size_t>(raw_->n_levels)};
  }
  double quantile(std::int64_t row, std::int64_t level) const { return raw_->quantile[row * raw_->n_levels + level]; }
  const assay_scored& raw() const { return *raw_; }

 private:
  template <class T>
  std::span<const T> list(const T* data) const {
    return {data, data ? static_cast<std::size_t>(raw_->rows) : 0};
  }
  const assay_scored* raw_;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay
