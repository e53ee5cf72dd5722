// Out-of-sample forecasts of models, as evaluation reads them: truth beside value, with what each row belongs to. Used by evaluation,
// verdict and run. Values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/calendar.hpp"
#include "config/experiment.hpp"
#include "pipeline/split.hpp"

namespace assay::train {

// One model, one repeat, one fold (or several folds pooled). One entry a forecast row; rows that could not be forecast are counted only.
struct ForecastSet {
  std::int64_t outputs = 1;
  std::vector<std::int64_t> row;
  std::vector<double> truth, value;       // value: rows x outputs
  std::vector<double> levels, quantile;   // rising; rows x levels. Both empty where the model gave none
  std::vector<double> decision;           // class numbers; empty for regression
  std::vector<TimeNs> time, label_end;    // empty without time
  std::vector<std::int32_t> entity;       // empty without
  std::vector<std::int64_t> group;        // empty without
  std::vector<double> last_known_target;  // empty without time
  double naive_mae = 0;                   // of the fold's train rows; pooled: mean over folds weighted by rows
  double threshold = 0;                   // binary: where the decision was cut; pooled: NaN where folds differ
  std::int64_t not_forecast = 0;

  std::int64_t rows() const { return static_cast<std::int64_t>(truth.size()); }
  double coverage() const;  // share of rows that were forecast
};

// The same rows, in the order given; rows may come several times.
ForecastSet taken(const ForecastSet& set, std::span<const std::int64_t> rows);
// Quantiles stay where every fold with rows has those of the same levels.
ForecastSet pooled(std::span<const ForecastSet> folds);
// Fills `decision`: binary by the threshold (>= is class 1), multiclass by the largest value (ties: the lower class).
void decide(ForecastSet& set, config::Task task, double threshold);

struct ModelForecasts {
  std::string model;
  bool baseline = false;
  std::vector<std::vector<ForecastSet>> repeats;  // [repeat][fold]; all repeats have the same rows
  // [repeat][path]; empty unless folds test rows more than once. All paths have the same rows: those that every fold could forecast.
  std::vector<std::vector<ForecastSet>> paths = {};
  std::int64_t horizon = 0;  // of several, in rows
};
// A model's forecasts: an entry for each of several horizons, or the one.
using ForecastsByHorizon = std::vector<ModelForecasts>;

// A combinatorial split's forecasts put together to paths.
std::vector<std::vector<ForecastSet>> path_forecasts(std::span<const std::vector<ForecastSet>> repeats, const pipeline::TestPaths& paths);

}  // namespace assay::train
