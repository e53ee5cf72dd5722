#include "run/held_windows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::run {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Forecast and truth by distinct test time and entity, in one unit; NaN where there is none.
struct Grid {
  std::size_t times = 0, entities = 1;
  std::vector<double> forecast, truth;
};

std::vector<double> deviations(const pipeline::Dataset& dataset, std::span<const std::int64_t> rows, std::size_t entities) {
  std::vector<double> count(entities, 0), mean(entities, 0), sum(entities, 0);
  const auto entity = [&](std::int64_t row) {
    return dataset.frame.entity().empty() ? 0 : static_cast<std::size_t>(dataset.frame.entity()[static_cast<std::size_t>(row)]);
  };
  for (const std::int64_t row : rows) {
    const double y = dataset.y[static_cast<std::size_t>(row)];
    const std::size_t e = entity(row);
    if (!std::isnan(y)) count[e] += 1, mean[e] += y;
  }
  for (std::size_t e = 0; e < entities; ++e) mean[e] /= count[e];
  for (const std::int64_t row : rows) {
    const double y = dataset.y[static_cast<std::size_t>(row)];
    const std::size_t e = entity(row);
    if (!std::isnan(y)) sum[e] += (y - mean[e]) * (y - mean[e]);
  }
  for (std::size_t e = 0; e < entities; ++e) sum[e] = sum[e] > 0 ? std::sqrt(sum[e] / count[e]) : kNan;
  return sum;
}

Grid grid_of(const train::ForecastSet& test, const pipeline::Dataset& dataset, std::span<const std::int64_t> train_rows,
             bool in_deviations) {
  Grid out;
  out.entities = dataset.frame.entity_count();
  std::vector<TimeNs> times = test.time;
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  out.times = times.size();
  out.forecast.assign(out.times * out.entities, kNan);
  out.truth = out.forecast;
  std::vector<double> unit(out.entities, 1);
  if (in_deviations) unit = deviations(dataset, train_rows, out.entities);
  for (std::size_t i = 0; i < test.time.size(); ++i) {
    const auto time = static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), test.time[i]) - times.begin());
    const std::size_t entity = test.entity.empty() ? 0 : static_cast<std::size_t>(test.entity[i]);
    out.forecast[time * out.entities + entity] = test.value[i] / unit[entity];
    out.truth[time * out.entities + entity] = test.truth[i] / unit[entity];
  }
  return out;
}

}  // namespace

std::vector<HeldWindow> held_windows(const train::ForecastSet& test, const pipeline::Dataset& dataset,
                                     std::span<const std::int64_t> train_rows, const config::HeldWindows& how) {
  const Grid grid = grid_of(test, dataset, train_rows, how.in_train_deviations);
  std::vector<HeldWindow> out;
  for (const std::int64_t steps : how.steps) {
    HeldWindow window;
    window.steps = steps;
    window.windows = std::max<std::int64_t>(0, static_cast<std::int64_t>(grid.times) - steps + 1);
    if (how.drop_last_batch_of > 0) window.left_out = window.windows % how.drop_last_batch_of;
    window.windows -= window.left_out;
    double squares = 0, absolutes = 0, count = 0;
    for (std::size_t first = 0; first < static_cast<std::size_t>(window.windows); ++first)
      for (std::size_t step = first; step < first + static_cast<std::size_t>(steps); ++step)
        for (std::size_t entity = 0; entity < grid.entities; ++entity) {
          const double error = grid.truth[step * grid.entities + entity] - grid.forecast[first * grid.entities + entity];
          if (std::isnan(error)) continue;
          squares += error * error;
          absolutes += std::abs(error);
          count += 1;
        }
    window.mse = count > 0 ? squares / count : kNan;
    window.mae = count > 0 ? absolutes / count : kNan;
    out.push_back(window);
  }
  return out;
}

}  // namespace assay::run
