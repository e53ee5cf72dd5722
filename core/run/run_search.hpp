// The search of a run: its studies, and what they chose, as the experiment and the data of each fold. Used by the runner, between opening
// the run and fitting. One thread at a time; experiments and data of folds are thread-safe for reading.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "run/study_runner.hpp"
#include "store/ledger.hpp"

namespace assay::run {

class RunSearch {
 public:
  // All must outlive it. The experiment has `search` or `trial`.
  RunSearch(const config::Experiment& experiment, const RunContext& context, const ExperimentData& data, FoldShelf& shelf,
            store::Store& store, store::RunId run);

  // Throws Error(interrupted): the same call goes on later. After it outcome().failures is empty where every study chose.
  void run();
  store::TrialRecord run_trial();  // of an experiment with `trial`
  const SearchOutcome& outcome() const { return outcome_; }

  // Which folds are fitted with what was chosen: all, or the sealed one where one choice was made for all.
  bool is_fitted(std::size_t fold) const { return !once() || shelf_.is_sealed(fold); }
  const config::Experiment& experiment(std::size_t fold) const { return chosen_.at(fold).experiment; }
  const DataVariant& data(std::size_t fold) const { return *chosen_.at(fold).data; }

  // The question that the chosen values are scored on, for the ledger.
  store::Question question() const;
  void count(store::Ledger& ledger) const;  // adds the configurations that were tried
  // "search" of the run's summary. ledger_trials: N of the question.
  std::string json(std::int64_t ledger_trials) const;

 private:
  struct Chosen {
    config::Experiment experiment;
    std::shared_ptr<const DataVariant> data;
  };
  // One choice for all folds; of a trial: its study makes one.
  bool once() const { return experiment_.search ? experiment_.search->once : experiment_.trial->study < 0; }
  StudySetup setup() const;

  const config::Experiment& experiment_;
  const RunContext& context_;
  const ExperimentData& data_;
  FoldShelf& shelf_;
  store::Store& store_;
  store::RunId run_;
  DataVariants variants_;
  std::unique_ptr<const plugin::ComponentMaker> maker_;
  std::unique_ptr<Objective> objective_;
  SearchOutcome outcome_;
  std::map<std::size_t, Chosen> chosen_;
};

}  // namespace assay::run
