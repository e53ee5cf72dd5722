// A search inside a run: its studies' trials on the run's worker threads, each trial's end one durable commit, going on where a killed run
// left off. Used by the runner. One call at a time; its own threads share the work.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "run/objective.hpp"
#include "run/runner.hpp"
#include "store/store.hpp"

namespace assay::run {

struct StudySetup {
  const config::Experiment& experiment;
  const RunContext& context;
  const Objective& objective;
  store::Store& store;
  store::RunId run = 0;
  std::string data_hash;
  std::vector<std::int64_t> studies;  // the folds that choose, or -1 alone: one choice for all
};

struct Choice {  // what a study chose
  std::int64_t study = 0, number = 0;
  double value = 0;
  search::Values values;
};

struct SearchOutcome {
  std::vector<Choice> choices;        // in the order of studies; those without a complete trial are missing
  std::vector<std::string> failures;  // and say why
  std::int64_t complete = 0, pruned = 0, failed = 0;
  std::int64_t tried = 0, points = 0;       // of each study, where the sampler has more points than search.trials; else 0
  std::vector<std::string> configurations;  // of the trials that were run: what the ledger counts
  bool interrupted = false;                 // what ran was finished, and the rest is left for the next call
};

// context.cancel: begin no more trials. The same outcome for any number of workers.
SearchOutcome run_studies(const StudySetup& setup);

// One trial again, from its own file (experiment.trial).
store::TrialRecord run_trial_alone(const StudySetup& setup);

// The experiment with values, without its search. Throws Error(failed) where they do not fit.
config::Experiment experiment_with(const config::Experiment& experiment, const search::Values& values, const plugin::Registry& registry);

// The experiment with what the search of a finished run chose for a fold: its own study's choice, or the one made for all.
config::Experiment chosen_experiment(const store::RunRecord& run, const config::Experiment& experiment, std::size_t fold,
                                     const plugin::Registry& registry);

// As results name it: "auc" of metric.auc, "backtest.sharpe".
std::string metric_name(const std::string& metric);

// "search" of a run's summary, but for its luck.
std::string search_json(const SearchOutcome& outcome, const config::Experiment& experiment);

}  // namespace assay::run
