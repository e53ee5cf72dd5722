// One fit: a model on a fold with one seed, from the fold's arrays to a record for the store. Used by the runner, on its worker threads.
// The order inside keeps the firewall (rules.md 6): train rows, then validation inputs, then the state is saved, and only then test inputs.
// Several threads may run units of one fold at once.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/random.hpp"
#include "config/experiment.hpp"
#include "pipeline/fold_data.hpp"
#include "plugin/registry.hpp"
#include "run/messages.hpp"
#include "store/records.hpp"
#include "train/scorer.hpp"
#include "train/trainer.hpp"

namespace assay::run {

// A fold's arrays, and its train rows packed once for all workers.
struct PreparedFold {
  pipeline::FoldData data;  // train.x is let go once it is packed
  worker::Descriptor packed_train;
  std::optional<worker::PackedFile> mapped_train;
  train::Rows train() const { return mapped_train ? rows_of(*mapped_train) : train::rows_of(data.train); }
};

struct UnitJob {
  store::UnitKey key;
  config::Component model;
  std::shared_ptr<const PreparedFold> fold, refit_fold;  // refit_fold: train and validation together; null without refit
  bool sealed = false;                                   // the final test: predictions are stored as such
  std::optional<train::Scorer> stopping;                 // the early stopping metric
  std::optional<train::Scorer> pruning{};                // the metric that chooses among pruned networks
};

struct TrainingSpeed {  // a second, over the epochs that this try has trained, their validation scores included; 0: not measured
  double epochs = 0, rows = 0;
};

struct UnitContext {
  const config::Experiment& experiment;
  const pipeline::Dataset& dataset;
  const plugin::Registry& registry;
  std::filesystem::path program = "/proc/self/exe";
  bool isolated = true;
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(std::int64_t epoch, std::int64_t epochs, const TrainingSpeed&)> progress;
  std::function<std::optional<store::Checkpoint>()> checkpoint;  // where an earlier try left off
  std::function<void(const store::Checkpoint&)> put_checkpoint;
  double checkpoint_seconds = 2;                                                             // at most one in so many seconds
  std::function<void(std::int64_t step, const std::string& metric, double value)> report{};  // what a fit tells of itself, now and then
};

// A failed, crashed or timed out fit is a record with its reason, whatever was thrown: the other fits go on. Throws Error(interrupted)
// only.
store::UnitRecord run_unit(const UnitJob& job, const UnitContext& context);
// The record of a fit that never began, since a model that a selection asked did not end well.
store::UnitRecord failed_unit(const store::UnitKey& key, const plugin::CallFailure& why);

// A fit of a trial (search): the same training, judged on validation rows. Test rows are not looked at, and no state is kept.
struct TrialWatch {
  const train::Scorer* objective = nullptr;                             // null: only the forecasts are wanted
  std::function<bool(std::int64_t epoch, double value)> after_epoch{};  // true: the trial ends here; may be empty
};
struct TrialFit {
  store::UnitRecord record;                   // without predictions and bundle
  std::vector<train::ForecastSet> forecasts;  // of the validation rows, a set for each horizon
  double value = 0;                           // of the objective; ended early: at the last epoch
  bool ended_early = false;
};
TrialFit run_trial_fit(const UnitJob& job, const UnitContext& context, const TrialWatch& watch);

// The stored part of the forecasts of a pruned network: of the level as trained, and of those that lost a share (which may be 0).
inline const std::string kTrainedPart = "as trained";
std::string pruned_part(double sparsity);

// How often a model is fitted on a fold: one without chance gives the same fit again, so repeats are for models trained by steps.
std::int64_t repeats_of(const config::Experiment& experiment, const plugin::Registry& registry, const config::Component& model);

// The seed of a unit; repeats are separate children, and so are trials.
std::uint64_t unit_seed(const config::Experiment& experiment, const store::UnitKey& key);

}  // namespace assay::run
