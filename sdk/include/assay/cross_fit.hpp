// For features that learn from labels: values for train rows that hold nothing of the rows' own labels. Used in fit_transform of a feature.
// What is learned has to be a running total, to which one row after another is added. It keeps nothing; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "assay/feature.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {

// learn(total, row) adds a row's label to a total that began as `empty`, tell(total, row) writes the row's values from it. In a table each
// row is told from the rows of the other folds; with time from those whose labels ended before the row's own time.
template <class Total, class Learn, class Tell>
void cross_fit(const Frame& train, const FitRows& rows, const Total& empty, const Learn& learn, const Tell& tell) {
  const std::int64_t n = train.rows();
  if (rows.label_end_ns().empty()) {
    for (std::int64_t fold = 0; fold < rows.folds(); ++fold) {
      Total total = empty;
      for (std::int64_t row = 0; row < n; ++row)
        if (rows.fold()[static_cast<std::size_t>(row)] != fold) learn(total, row);
      for (std::int64_t row = 0; row < n; ++row)
        if (rows.fold()[static_cast<std::size_t>(row)] == fold) tell(total, row);
    }
    return;
  }
  const auto end = rows.label_end_ns(), time = train.time_ns();
  std::vector<std::size_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return end[a] < end[b]; });
  Total total = empty;
  std::size_t learned = 0;
  for (std::int64_t row = 0; row < n; ++row) {
    for (; learned < order.size() && end[order[learned]] < time[static_cast<std::size_t>(row)]; ++learned)
      learn(total, static_cast<std::int64_t>(order[learned]));
    tell(total, row);
  }
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay
