// A borrowed view of a fold's rows as learners read them: from a FoldPart in this process or from a packed file in a worker.
// Nothing is owned or copied until gather(). Thread-safe for reading.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/fold_data.hpp"

namespace assay::train {

struct Rows {
  std::int64_t count = 0, columns = 0, lookback = 0;
  std::span<const double> x;                      // row-major; without lookback one row of it for each of `count`
  std::span<const std::int64_t> window_end;       // with lookback: window i is x's rows window_end[i]-lookback+1 .. window_end[i]
  std::int64_t horizons = 1;                      // y, label_end and last_known_target have a block of `count` entries for each
  std::span<const double> y;                      // empty where labels are not to be seen
  std::span<const TimeNs> time, label_end;        // empty without time
  std::span<const std::int32_t> entity, segment;  // empty without
  std::span<const std::int64_t> group;            // empty without
  std::span<const double> last_known_target;      // empty without time
  std::span<const double> weight;                 // of train rows; empty: all weigh the same

  std::int64_t width() const { return lookback == 0 ? columns : lookback * columns; }  // numbers that one row gives a model
};

Rows rows_of(const pipeline::FoldPart& part);
Rows without_labels(Rows rows);
Rows of_horizon(Rows rows, std::int64_t index);  // the same rows with the labels of one horizon

// Blocks of `count` values, one for each horizon, as the rows `which` with the values of each side by side.
template <class T, class Out>
void side_by_side(std::span<const T> blocks, std::int64_t count, std::span<const std::int64_t> which, std::vector<Out>& out) {
  out.clear();
  for (const std::int64_t row : which)
    for (auto at = row; at < static_cast<std::int64_t>(blocks.size()); at += count)
      out.push_back(static_cast<Out>(blocks[static_cast<std::size_t>(at)]));
}

// Rows `which` as a dense block (n x columns, or n x lookback x columns).
template <class Scalar>
void gather(const Rows& rows, std::span<const std::int64_t> which, Scalar* out) {
  const std::int64_t width = rows.width();
  for (const std::int64_t index : which) {
    const std::int64_t first = rows.lookback == 0 ? index : rows.window_end[static_cast<std::size_t>(index)] - rows.lookback + 1;
    const double* from = rows.x.data() + first * rows.columns;
    for (std::int64_t k = 0; k < width; ++k) out[k] = static_cast<Scalar>(from[k]);
    out += width;
  }
}

}  // namespace assay::train
