// One fit of a stored run, opened again: its experiment, its preparation, its model's state. Used by predictor and core/onnx. Loading runs
// no code from the bundle, and nothing is fitted. Values; a learner belongs to one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/prepare.hpp"
#include "plugin/state_bundle.hpp"
#include "run/runner.hpp"
#include "train/learner.hpp"

namespace assay::run {

struct FitChoice {
  store::RunId run = 0;
  std::string model;       // empty: the run's first
  std::int64_t fold = -1;  // -1: the last, which knows most in a walk-forward
  std::int64_t repeat = 0;
};

struct StoredFit {
  store::RunRecord run;
  store::UnitKey key;
  config::Experiment experiment;  // with what a search chose for the fold
  std::vector<std::byte> bytes;   // of the bundle
  plugin::StateBundle bundle;
  pipeline::FittedPreparation preparation;
  std::string features;              // JSON: what features learned (pipeline::feature_states_from); empty: none did
  std::vector<std::string> classes;  // empty for regression
  std::int64_t outputs = 1;
  double threshold = 0.5;        // binary
  std::vector<double> way_back;  // pipeline::bring_back
};

// tried: "predicting with", for errors. Throws Error(usage) where the run has no such finished fit, or its model saves no state.
StoredFit open_fit(const store::Store& store, const FitChoice& choice, const char* tried, const RunContext& context);

// The fit's model with what it learned: in this process where it shipped with the program, else in a worker. rows: borrowed.
std::unique_ptr<train::Learner> learner_of(const StoredFit& fit, const train::Rows& rows, const RunContext& context);

}  // namespace assay::run
