#include "run/pruning_curve.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "run/summary.hpp"
#include "run/unit_runner.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double number(const Json& json) { return json.is_number() ? json.get<double>() : kNaN; }

double median(std::vector<double> values) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (values.empty()) return kNaN;
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// What one level came to in each fit.
class LevelOfFits {
 public:
  void add(const Json& level, const Json& as_trained) {
    for (std::size_t i = 0; i < kMeans.size(); ++i) sums_[i] += number(level.at(kMeans[i]));
    ++fits_;
    const auto seconds = [](const Json& of, const char* what) {
      return of.contains("measured") ? number(of.at("measured").at(what)) : kNaN;
    };
    for (std::size_t i = 0; i < kSpeeds.size(); ++i) {
      seconds_[i].push_back(seconds(level, kSpeeds[i]));
      speedups_[i].push_back(seconds(as_trained, kSpeeds[i]) / seconds(level, kSpeeds[i]));
    }
  }
  void put(PruningLevel& into) const {
    const auto mean = [&](std::size_t i) { return sums_[i] / static_cast<double>(fits_); };
    into.reached = mean(0);
    into.parameters = mean(1);
    into.zeros = mean(2);
    into.bytes = mean(3);
    into.validation = mean(4);
    into.one_row = median(seconds_[0]);
    into.batch = median(seconds_[1]);
    into.one_row_speedup = median(speedups_[0]);
    into.batch_speedup = median(speedups_[1]);
  }

 private:
  static constexpr std::array<const char*, 5> kMeans{"reached", "parameters", "zeros", "bytes", "validation"};
  static constexpr std::array<const char*, 2> kSpeeds{"one_row_seconds", "batch_seconds_a_row"};
  std::array<double, 5> sums_{};
  std::array<std::vector<double>, 2> seconds_, speedups_;
  std::int64_t fits_ = 0;
};

Json pruning_of(const store::UnitRecord& unit) {
  const Json extra = Json::parse(unit.extra);
  return extra.contains("network_pruning") ? extra.at("network_pruning") : Json();
}

// The forecasts of a level in one fit, a set for each horizon, decided by the level's own threshold.
std::vector<train::ForecastSet> level_forecasts(const store::UnitRecord& unit, const Json& level, const PrunedFits& fits) {
  const Json& sparsity = level.at("sparsity");
  const std::string part = sparsity.is_null() ? kTrainedPart : pruned_part(sparsity.get<double>());
  Json extra = Json::parse(unit.extra);
  extra["threshold"] = level.at("threshold");
  const std::vector<std::int64_t> rows(fits.rows_by_source.begin(), fits.rows_by_source.end());
  auto sets = part_forecasts(fits.store.predictions(fits.run, unit.key), part, extra.dump(), fits.dataset, rows);
  if (!sets.empty()) return sets;
  throw Error(Fault::failed, "reading the forecasts of " + unit.key.model, "those of the part " + part + " are missing");
}

}  // namespace

PruningCurve pruning_curve(const std::string& model, const std::vector<std::vector<store::UnitKey>>& keys, const PrunedFits& fits) {
  PruningCurve curve;
  curve.model = model;
  std::vector<LevelOfFits> sums;
  for (std::size_t r = 0; r < keys.size(); ++r)
    for (const store::UnitKey& key : keys[r]) {
      const store::UnitRecord& unit = fits.units.at(key);
      const Json pruning = pruning_of(unit);
      if (pruning.is_null()) return {};
      const Json& levels = pruning.at("levels");
      if (curve.levels.empty()) {
        curve.method = pruning.at("method").get<std::string>();
        curve.metric = pruning.at("metric").get<std::string>();
        curve.levels.resize(levels.size());
        sums.resize(levels.size());
      }
      ++curve.fits;
      ++curve.levels.at(pruning.at("chosen").get<std::size_t>()).chosen;
      for (std::size_t k = 0; k < levels.size(); ++k) {
        PruningLevel& level = curve.levels.at(k);
        level.sparsity = number(levels.at(k).at("sparsity"));
        if (level.forecasts.empty()) level.forecasts = no_forecasts(model, false, fits.dataset, keys.size());
        add_fold(level.forecasts, r, level_forecasts(unit, levels.at(k), fits));
        sums[k].add(levels.at(k), levels.at(0));
      }
    }
  for (std::size_t k = 0; k < curve.levels.size(); ++k) {
    sums[k].put(curve.levels[k]);
    for (train::ModelForecasts& forecasts : curve.levels[k].forecasts)
      if (!fits.paths.empty()) forecasts.paths = train::path_forecasts(forecasts.repeats, fits.paths);
  }
  return curve;
}

}  // namespace assay::run
