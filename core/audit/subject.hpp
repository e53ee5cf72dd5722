// What is audited: an experiment's data as they are, and its steps as functions that can be done again on changed data. subject_of() gives
// those that a run uses; tests wrap one of them to plant a leak. One thread.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "pipeline/fold_data.hpp"
#include "plugin/registry.hpp"
#include "run/experiment_data.hpp"
#include "run/stage.hpp"

namespace assay::audit {

struct Computed {
  pipeline::Dataset dataset;
  bool has_labels = true;             // false: the target could not be computed from these rows
  std::vector<std::string> troubles;  // what could not be computed, and why
};

struct ModelForecasts {
  std::vector<std::int64_t> row;  // of the frame, ascending
  std::vector<double> value;      // rows x outputs
  std::int64_t outputs = 1;
};

struct AuditedModel {
  std::string name;
  config::Component component;
  bool by_steps = false;  // trained by steps: its fits take long
};

struct Subject {
  const config::Experiment& experiment;
  data::Frame raw;
  pipeline::Dataset dataset;  // of all rows
  pipeline::Folds folds;
  std::vector<std::int64_t> warmup_rows;  // of each of dataset.features
  std::vector<AuditedModel> models;       // baselines too

  std::function<Computed(const data::Frame&)> compute;
  std::function<pipeline::FoldData(const pipeline::Dataset&, const pipeline::Fold&, const pipeline::Folds&)> assemble;
  // Fits on the fold's train rows and forecasts its test rows. Throws Error where the fit fails.
  std::function<ModelForecasts(const AuditedModel&, const pipeline::Dataset&, const pipeline::Fold&, const pipeline::Folds&)> forecast;
  std::function<std::unique_ptr<run::BacktestSession>(const data::Frame&)> market = {};  // empty: there is no backtest
  std::vector<run::DatedRows> dated_rows = {};
  std::function<data::Frame(TimeNs)> table_known_by = {};  // `raw` of what was known by then; empty: it is one file as it lies there
};

// The columns and features that a feature names: in its expression, or as a plugin's parameters.
std::set<std::string> names_read(const config::FeatureSpec& feature);

// experiment, registry, cancel and stage (which opens markets; may be null) must outlive the subject.
Subject subject_of(const config::Experiment& experiment, const plugin::Registry& registry, const run::ExperimentData& data,
                   const std::filesystem::path& program, const std::atomic<bool>* cancel, const run::BacktestStage* stage = nullptr);

}  // namespace assay::audit
