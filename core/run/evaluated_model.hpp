// One model's forecasts with its metrics and their intervals, by horizon, and its paired tests against others. Used by summary. Pure apart
// from the metric plugins' calls.
#pragma once

#include <string>
#include <vector>

#include "run/summary.hpp"
#include "train/evaluation.hpp"
#include "train/verdict.hpp"

namespace assay::run {

struct EvaluatedHorizon {
  std::int64_t horizon = 0;          // of several, in rows
  std::int64_t span = 1;             // how many distinct times its label spans
  std::vector<train::Scorer> sound;  // the metrics that did not fail
  train::ForecastSet typical;        // the pooled rows of the repeat that stands for the model in tests
};

struct EvaluatedModel {
  std::string name;
  std::vector<train::MetricResult> metrics;  // of all horizons, as config::at_horizon names them
  std::vector<EvaluatedHorizon> horizons;    // one at least
  double coverage() const;                   // the least of the horizons'
};

EvaluatedModel evaluated(const SummaryInput& input, const train::ForecastsByHorizon& forecasts);

// At each horizon against each opponent, with Holm's adjustment over all of them.
std::vector<train::Comparison> comparisons(const SummaryInput& input, const EvaluatedModel& model,
                                           const std::vector<EvaluatedModel>& opponents);

bool is_constant(const train::ModelForecasts& forecasts);  // whatever the row, the fold's forecast is one and the same

}  // namespace assay::run
