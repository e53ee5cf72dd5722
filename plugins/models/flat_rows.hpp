// Rows with or without a lookback window as plain rows of numbers, oldest time first. Used by the models here that know no time axis.
// Windows that lie densely in memory (the usual case) cost no copy. Read-only; thread-safe.
#pragma once

#include <algorithm>

#include "assay/detail/graph.hpp"
#include "assay/detail/views.hpp"

namespace models {

inline std::int64_t flat_width(const assay::Problem& problem) { return problem.inputs() * std::max<std::int64_t>(1, problem.lookback()); }

// The same in a graph.
inline std::string flat_rows(assay::Graph& g) {
  return g.problem().lookback() == 0 ? g.rows() : g.node("Flatten", {g.rows()}, {{"axis", 1}});
}

template <class T>
class FlatRows {
 public:
  explicit FlatRows(const assay::Rows& rows) : rows_(rows), width_(flat_width(rows.problem())) {
    const assay_array& x = rows.raw().x;
    if (rows.lookback() == 0)
      direct_ = rows.x<T>();
    else if (x.stride[1] == rows.inputs() || x.shape[1] <= 1)
      direct_ = {assay::detail::data_of<const T>(x, 3, "x"), x.shape[0], width_, x.stride[0]};
    else
      assay::detail::data_of<const T>(x, 3, "x");  // only the check
  }

  std::int64_t size() const { return rows_.size(); }
  std::int64_t width() const { return width_; }
  bool is_direct() const { return direct_.data() != nullptr || size() == 0; }

  // Rows first .. first + count; `buffer` (count * width values) is used where they are not dense.
  assay::MatrixView<const T> take(std::int64_t first, std::int64_t count, T* buffer) const {
    if (is_direct()) return {direct_.data() + first * direct_.row_stride(), count, width_, direct_.row_stride()};
    for (std::int64_t r = 0; r < count; ++r) {
      const auto window = rows_.window<T>(first + r);
      for (std::int64_t t = 0; t < window.rows(); ++t)
        std::copy_n(window.row(t).data(), window.cols(), buffer + r * width_ + t * window.cols());
    }
    return {buffer, count, width_, width_};
  }

 private:
  assay::Rows rows_;
  std::int64_t width_;
  assay::MatrixView<const T> direct_;
};

}  // namespace models
