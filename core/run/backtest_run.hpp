// The backtest of a run: when it trades, on which forecasts, beside which benchmark, and what of it is reported (`--json`'s "backtest").
// Used by the runner, by `assay check` (columns only) and by strategy searches (the period). Holds no market itself: stage.hpp does.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.hpp"
#include "pipeline/dataset.hpp"
#include "pipeline/split.hpp"
#include "run/runner.hpp"
#include "run/stage.hpp"
#include "train/evaluation.hpp"

namespace assay::run {

// Every column that prices and strategies name must be there, and hold numbers.
void check_market_columns(const config::Experiment& experiment, const pipeline::Dataset& dataset, const plugin::Registry& registry,
                          Diagnostics& diagnostics);

// The strategy that stands beside: the file's, else buy and hold, or for several instruments all of them in equal shares.
config::Component benchmark_of(const config::Experiment& experiment, const data::Frame& frame, const plugin::Registry& registry);

// From the first to the last time of these rows.
struct TimeSpan {
  TimeNs first = 0, last = 0;
};
TimeSpan span_of(std::span<const std::int64_t> rows, const pipeline::Dataset& dataset);
TimeSpan test_span(const pipeline::Folds& folds, const pipeline::Dataset& dataset);

// Forecasts of one repeat for every row of the frame, NaN where there is none: of several horizons as many side by side. horizons: the
// sets of all folds, for each.
struct RowForecasts {
  std::vector<double> values;  // rows x outputs
  std::int64_t outputs = 1;
};
RowForecasts by_frame_row(const std::vector<std::vector<train::ForecastSet>>& horizons, const pipeline::Dataset& dataset);
// Of each repeat of a model.
std::vector<RowForecasts> by_frame_row(const train::ForecastsByHorizon& forecasts, const pipeline::Dataset& dataset);

SessionSetup session_setup(const config::Experiment& experiment, const data::Frame& frame, const RunContext& context,
                           std::vector<config::Component> strategies);

// Whether the folds can be traded at all: each fold's test rows are one block, trained on before it; blocks follow each other without
// a gap; and where a search judges strategies, so do validation rows before them. A replay goes through all bars of a span: with anything
// else in between it would trade (and be judged by) rows that are no test rows.
void check_traded_spans(const config::Experiment& experiment, const pipeline::Dataset& dataset, const pipeline::Folds& folds,
                        Diagnostics& diagnostics);

struct BacktestRequest {
  const config::Experiment& experiment;
  const pipeline::Dataset& dataset;
  const RunContext& context;
  const data::Frame& frame;  // of the dataset, with whatever further columns the legs read
  std::vector<StrategyLeg> legs;
  TimeSpan span;
  std::vector<RowForecasts> forecasts;  // of each repeat; empty for a rule
};
struct BacktestResults {
  std::string json;
  std::vector<store::BacktestRecord> records;  // the strategy once a repeat, the benchmark once
};
BacktestResults run_backtests(const BacktestRequest& request);

}  // namespace assay::run
