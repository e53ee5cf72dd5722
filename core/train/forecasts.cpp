#include "train/forecasts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <unordered_map>

#include "base/error.hpp"

namespace assay::train {

namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// width: values a row.
template <class T>
std::vector<T> pick(const std::vector<T>& from, std::span<const std::int64_t> rows, std::int64_t width = 1) {
  if (from.empty()) return {};
  std::vector<T> out;
  out.reserve(rows.size() * static_cast<std::size_t>(width));
  for (const std::int64_t r : rows) {
    const T* first = from.data() + r * width;
    out.insert(out.end(), first, first + width);
  }
  return out;
}

// The levels that every fold with rows has quantiles of; empty: some have none, or others.
std::vector<double> common_levels(std::span<const ForecastSet> folds) {
  const ForecastSet* first = nullptr;
  for (const ForecastSet& fold : folds) {
    if (fold.rows() == 0) continue;
    if (first == nullptr) first = &fold;
    if (fold.levels != first->levels) return {};
  }
  return first == nullptr ? folds.front().levels : first->levels;
}

}  // namespace

double ForecastSet::coverage() const {
  const auto all = static_cast<double>(rows() + not_forecast);
  return all == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(rows()) / all;
}

ForecastSet taken(const ForecastSet& set, std::span<const std::int64_t> rows) {
  ForecastSet out;
  out.outputs = set.outputs;
  out.row = pick(set.row, rows);
  out.truth = pick(set.truth, rows);
  out.value = pick(set.value, rows, set.outputs);
  out.levels = set.levels;
  out.quantile = pick(set.quantile, rows, std::ssize(set.levels));
  out.decision = pick(set.decision, rows);
  out.time = pick(set.time, rows);
  out.label_end = pick(set.label_end, rows);
  out.entity = pick(set.entity, rows);
  out.group = pick(set.group, rows);
  out.last_known_target = pick(set.last_known_target, rows);
  out.naive_mae = set.naive_mae;
  out.threshold = set.threshold;
  return out;
}

ForecastSet pooled(std::span<const ForecastSet> folds) {
  ASSAY_CHECK(!folds.empty(), "pooling needs a fold");
  ForecastSet out;
  out.outputs = folds.front().outputs;
  out.threshold = folds.front().threshold;
  out.levels = common_levels(folds);
  double weighted = 0, weight = 0;
  for (const ForecastSet& f : folds) {
    append(out.row, f.row);
    append(out.truth, f.truth);
    append(out.value, f.value);
    if (!out.levels.empty()) append(out.quantile, f.quantile);
    append(out.decision, f.decision);
    append(out.time, f.time);
    append(out.label_end, f.label_end);
    append(out.entity, f.entity);
    append(out.group, f.group);
    append(out.last_known_target, f.last_known_target);
    out.not_forecast += f.not_forecast;
    if (f.threshold != out.threshold) out.threshold = std::numeric_limits<double>::quiet_NaN();
    if (!std::isnan(f.naive_mae)) {
      weighted += f.naive_mae * static_cast<double>(f.rows());
      weight += static_cast<double>(f.rows());
    }
  }
  out.naive_mae = weight > 0 ? weighted / weight : std::numeric_limits<double>::quiet_NaN();
  return out;
}

std::vector<std::vector<ForecastSet>> path_forecasts(std::span<const std::vector<ForecastSet>> repeats, const pipeline::TestPaths& paths) {
  // How many of a row's forecasts are there, over all repeats.
  std::unordered_map<std::int64_t, std::size_t> forecasts;
  for (const auto& folds : repeats)
    for (const ForecastSet& fold : folds)
      for (const std::int64_t row : fold.row) ++forecasts[row];
  const std::size_t wanted = repeats.size() * paths.folds.size();
  std::vector<std::vector<ForecastSet>> out;
  for (const auto& folds : repeats) {
    std::vector<ForecastSet>& of_repeat = out.emplace_back();
    for (const auto& path : paths.folds) {
      std::vector<ForecastSet> parts;
      for (std::size_t group = 0; group < path.size(); ++group) {
        const ForecastSet& fold = folds.at(path[group]);
        std::vector<std::int64_t> places;
        for (const std::int64_t row : paths.groups[group]) {
          const auto at = std::lower_bound(fold.row.begin(), fold.row.end(), row);
          if (at != fold.row.end() && *at == row && forecasts[row] == wanted) places.push_back(at - fold.row.begin());
        }
        parts.push_back(taken(fold, places));
        parts.back().not_forecast = std::ssize(paths.groups[group]) - std::ssize(places);
      }
      of_repeat.push_back(pooled(parts));
    }
  }
  return out;
}

void decide(ForecastSet& set, config::Task task, double threshold) {
  set.threshold = task == config::Task::binary ? threshold : std::numeric_limits<double>::quiet_NaN();
  set.decision.clear();
  if (task == config::Task::regression) return;
  set.decision.reserve(set.truth.size());
  for (std::int64_t r = 0; r < set.rows(); ++r) {
    const double* value = set.value.data() + r * set.outputs;
    if (task == config::Task::binary) {
      set.decision.push_back(value[0] >= threshold ? 1 : 0);
      continue;
    }
    std::int64_t best = 0;
    for (std::int64_t k = 1; k < set.outputs; ++k)
      if (value[k] > value[best]) best = k;
    set.decision.push_back(static_cast<double>(best));
  }
}

}  // namespace assay::train
