// Metrics of forecasts with intervals: point values from metric plugins; intervals by resampling what is independent (rules.md 9, 10), or
// for metrics by date from their own series.
// Used by run. With `repeats` the value is the mean over them and `spread` their standard deviation, and so with paths; each replicate
// draws the same rows for all repeats and paths. Pure apart from the plugins' calls; several threads share the replicates, the bits do not
// depend on how many.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "train/forecasts.hpp"
#include "train/scorer.hpp"

namespace assay::train {

struct MetricResult {
  std::string name;
  int direction = 0;
  double value = 0, low = 0, high = 0;   // NaN: undefined
  double spread = 0;                     // standard deviation over repeats; NaN with one
  std::string aggregate;                 // pooled | mean_of_folds | mean_of_paths
  std::vector<double> per_fold;          // mean over repeats
  std::vector<double> per_repeat;        // mean over paths, where there are some
  std::vector<double> per_path;          // mean over repeats; empty without paths
  double path_spread = 0;                // standard deviation over paths; NaN without
  std::vector<double> per_history;       // of each repeat, with paths of each path of each repeat
  std::vector<std::string> table_names;  // of metrics with several values (confusion)
  std::vector<double> table;             // mean over repeats, pooled rows
  std::string failure;                   // why there is no value: the metric did not end well; empty otherwise
};

struct EvaluationOptions {
  bool pool = true;  // time splits pool all rows; k_fold kinds give the mean of folds
  double confidence = 0.95;
  std::int64_t replicates = 1000;
  std::int64_t horizon = 1;  // distinct times that a label spans: the least block length
  std::uint32_t threads = 1;
  SeedTree seed{0};
};

std::vector<MetricResult> evaluate(const std::vector<Scorer>& scorers, const ModelForecasts& forecasts, const EvaluationOptions& options);

// The repeat (with paths the path, of all repeats) whose first metric is the median one, the lower of two: it stands for the model where a
// test needs one forecast a row.
std::size_t median_history(const MetricResult& first_metric);
ForecastSet history(const ModelForecasts& forecasts, std::size_t index);  // its rows

}  // namespace assay::train
