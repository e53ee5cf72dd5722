// A fold's rows as arrays that models take: train, validation and test, prepared by steps fitted on train rows only. Used by run, which
// packs the train part into a file of its own. Hidden rows (validation, test, sealed) never touch the train part. Values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pipeline/dataset.hpp"
#include "pipeline/fitted_features.hpp"
#include "pipeline/input_judge.hpp"
#include "pipeline/prepare.hpp"
#include "pipeline/split.hpp"

namespace assay::pipeline {

// One set of rows. Without lookback x has a row for each entry of `row`. With lookback x also holds the history rows that windows reach
// back to, ordered by (entity, time), and window i is x's rows window_end[i]-lookback+1 .. window_end[i]. Of several horizons y, label_end
// and last_known_target hold as many blocks of rows() entries, the first horizon's first.
struct FoldPart {
  Matrix x;
  std::int64_t lookback = 0;
  std::vector<std::int64_t> window_end;  // empty without lookback
  std::vector<std::int64_t> row;         // of the frame, ascending
  std::int64_t horizons = 1;
  std::vector<double> y;                      // never NaN
  std::vector<TimeNs> time, label_end;        // empty without time
  std::vector<std::int32_t> entity, segment;  // empty without
  std::vector<std::int64_t> group;            // empty without
  std::vector<double> last_known_target;      // empty without time
  std::vector<double> weight;                 // of train rows, with a mean of 1 before they are drawn anew; empty: all weigh the same
  std::vector<std::int64_t> not_forecast;  // rows of the set that lack an input or a full window: missing forecasts, never dropped silently
  std::int64_t rows() const { return static_cast<std::int64_t>(row.size()); }
  double coverage() const;  // forecast rows as a share of all rows of the set; NaN for an empty set
};

struct FoldData {
  std::vector<FeatureState> features;  // what features learned from the train rows
  FittedPreparation preparation;
  std::vector<InputColumn> inputs;  // columns of x
  FoldPart train, validation, test;
  std::vector<double> way_back;   // for forecasts of classes, where train rows were drawn anew (train_weights.hpp); else empty
  std::vector<double> naive_mae;  // of each horizon, mean |y - last_known_target| of train rows where both are known; NaN = unknown
  std::vector<std::string> notes;
};

void keep_first_horizon(FoldPart& part);  // of those that have several

// How rows become what a model takes.
struct Recipe {
  const std::vector<config::Component>&prepare, &select;
  bool accepts_missing = false;       // the model takes NaN among its inputs; otherwise rows that still have one are dropped from train and
                                      // counted as not forecast elsewhere
  const InputJudge* judge = nullptr;  // needed where a selection asks models
  std::uint64_t seed = 0;             // the experiment's; what selections draw comes from it, and train rows drawn anew
  const config::TrainSpec* train = nullptr;  // weighs train rows and draws them anew; null: neither
};
// Throws PreparationError where no train row, or no input, is left.
FoldData assemble_fold(const Dataset& dataset, const Fold& fold, const Folds& all, const Recipe& recipe);

}  // namespace assay::pipeline
