// Errors over long windows when the forecast for a window's first row is held for all of its rows: what tables of long-horizon benchmarks
// report of "repeat the last value". Used by summary. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/experiment.hpp"
#include "pipeline/dataset.hpp"
#include "train/forecasts.hpp"

namespace assay::run {

struct HeldWindow {
  std::int64_t steps = 0, windows = 0, left_out = 0;  // left_out: windows of the last batch
  double mse = 0, mae = 0;                            // NaN where there is no window
};

// A window begins at each time of the test rows from which on so many times are tested; an entity's error in it counts where it has a
// forecast for the first row and a target in the later one. train_rows: whose targets' deviations (divided by n, of each entity) errors are
// measured in.
std::vector<HeldWindow> held_windows(const train::ForecastSet& test, const pipeline::Dataset& dataset,
                                     std::span<const std::int64_t> train_rows, const config::HeldWindows& how);

}  // namespace assay::run
