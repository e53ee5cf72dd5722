// What pruning came to over all fits of a model: for each share the forecasts of test rows, sizes, speeds and how many fits chose it, from
// the store. Used by the runner; summary.cpp scores it. Reads the store only.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "pipeline/dataset.hpp"
#include "pipeline/split.hpp"
#include "store/store.hpp"
#include "train/forecasts.hpp"

namespace assay::run {

struct PruningLevel {
  double sparsity = 0;  // NaN: as trained
  train::ForecastsByHorizon forecasts;
  double reached = 0, parameters = 0, zeros = 0, bytes = 0, validation = 0;  // means over fits; NaN: unknown
  double one_row = 0, batch = 0;                                             // seconds a row, the median fit's: measured
  double one_row_speedup = 0, batch_speedup = 0;                             // against the same fit as trained, the median fit's
  std::int64_t chosen = 0;                                                   // by so many fits
};

struct PruningCurve {
  std::string model, method, metric;  // metric: that chose, on validation rows; empty: there was one share
  std::int64_t fits = 0;
  std::vector<PruningLevel> levels;  // the first is the network as trained; empty: the model was not pruned
};

struct PrunedFits {
  const store::Store& store;
  store::RunId run;
  const std::map<store::UnitKey, store::UnitRecord>& units;
  const pipeline::Dataset& dataset;
  std::span<const std::int64_t> rows_by_source;
  const pipeline::TestPaths& paths;
};

// keys: [repeat][fold], all complete.
PruningCurve pruning_curve(const std::string& model, const std::vector<std::vector<store::UnitKey>>& keys, const PrunedFits& fits);

}  // namespace assay::run
