// From stored forecasts to what a run reports: metrics with intervals, baselines, the verdict, tables for credit results, accept criteria;
// as JSON (the shape that `--json` promises) and as metric records. Used by the runner, `reveal` and `rerun`. Reads no files.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "pipeline/dataset.hpp"
#include "plugin/component_maker.hpp"
#include "plugin/registry.hpp"
#include "run/pruning_curve.hpp"
#include "store/records.hpp"
#include "train/evaluation.hpp"
#include "train/verdict.hpp"

namespace assay::run {

struct SummaryInput {
  const config::Experiment& experiment;
  const pipeline::Dataset& dataset;
  const plugin::Registry& registry;
  const plugin::ComponentMaker& maker;
  std::vector<train::ForecastsByHorizon> models, baselines;  // of the same folds
  std::uint32_t threads = 1;
  std::int64_t replicates = 1000;
  std::string backtest = {};                      // what it found, as JSON; empty: none
  std::span<const double> true_probability = {};  // by source row, of simulated classes; else empty
  std::vector<PruningCurve> pruning = {};         // of models that were pruned
  std::span<const std::int64_t> train_rows = {};  // of the one fold, for errors in their deviations (evaluate.held_windows)
};

struct Summary {
  std::string json;  // an object: metrics, baselines, verdict, comparisons, tables, models, accept
  std::vector<store::MetricRecord> metrics;
  bool accepted = true;               // every accept criterion holds
  std::vector<std::string> failures;  // metrics that did not end well: which, of what, why
};

Summary summarise(const SummaryInput& input);

// Stored predictions of one unit as forecasts. extra: UnitRecord::extra. Rows that were not forecast are counted, not kept.
train::ForecastSet forecasts_of(const store::Predictions& predictions, const std::string& extra, const pipeline::Dataset& dataset,
                                const std::vector<std::int64_t>& frame_row_of_source);
// Of one part ("test"), a set for each horizon; none where the unit has no forecasts of it.
std::vector<train::ForecastSet> part_forecasts(const std::vector<store::Predictions>& predictions, const std::string& part,
                                               const std::string& extra, const pipeline::Dataset& dataset,
                                               const std::vector<std::int64_t>& frame_row_of_source);
// A model's forecasts to be filled: an entry for each horizon of the dataset, and in it so many repeats.
train::ForecastsByHorizon no_forecasts(const std::string& model, bool baseline, const pipeline::Dataset& dataset, std::size_t repeats);
void add_fold(train::ForecastsByHorizon& forecasts, std::size_t repeat, std::vector<train::ForecastSet> by_horizon);
std::vector<std::int64_t> frame_rows_by_source(const data::Frame& frame);

// The metrics of an experiment, bound to its task; those that do not know the task are left out (the reader complained before).
std::vector<train::Scorer> scorers_of(const config::Experiment& experiment, const pipeline::Dataset& dataset,
                                      const plugin::Registry& registry, const plugin::ComponentMaker& maker);

// Time splits pool all rows, k_fold kinds give the mean of folds (combinatorial ones of paths).
bool pools(const config::Experiment& experiment);
// How many distinct times a label spans, at least 1: the horizon of tests and blocks. horizon: of several, in rows; 0: the longest.
std::int64_t horizon_of(const pipeline::Dataset& dataset, std::int64_t horizon = 0);

}  // namespace assay::run
