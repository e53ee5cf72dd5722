// The fits of a run, done in parallel and stored as each one ends. Used by the runner. Its own threads share the work; one call of run()
// at a time.
#pragma once

#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "run/fold_shelf.hpp"
#include "run/run_search.hpp"
#include "train/scorer.hpp"

namespace assay::run {

inline const std::string kBaselinePrefix = "baseline:";

// How many fits run at a time.
std::size_t workers_of(const config::ResourcesSpec& resources);

// A run that is open in the store. Where a search chose values for each fold, the fold has an experiment and data of its own.
struct OpenRun {
  const config::Experiment& experiment_of(std::size_t fold) const { return search != nullptr ? search->experiment(fold) : experiment; }
  const ExperimentData& data_of(std::size_t fold) const { return search != nullptr ? *search->data(fold).data : data; }
  FoldShelf& shelf_of(std::size_t fold) const { return search != nullptr ? *search->data(fold).shelf : shelf; }
  bool is_fitted(std::size_t fold) const { return search == nullptr || search->is_fitted(fold); }
  std::int64_t repeats_of(const config::Component& model) const { return run::repeats_of(experiment, context.registry, model); }

  const config::Experiment& experiment;
  const RunContext& context;
  const ExperimentData& data;
  FoldShelf& shelf;
  store::Store& store;
  store::RunId id;
  const RunSearch* search;
};

class UnitPool {
 public:
  // All must outlive it. `maker` makes the metric that stops a training early.
  UnitPool(const OpenRun& run, const plugin::ComponentMaker& maker, const std::vector<std::string>& baseline_names);

  // Fits what the store does not hold yet. A fit that fails is a stored result; throws what ended the work itself (cancelled, a full disk).
  void run();

 private:
  struct Unit {
    store::UnitKey key;
    config::Component model;
    std::size_t fold;
  };
  void work(std::size_t worker);
  void run_one(const Unit& unit, std::size_t worker);
  // share: of the unit; below 0 where nothing is known about it.
  void report(const Unit& unit, const std::string& more, std::size_t worker, double share);
  UnitContext context_of(const Unit& unit, std::size_t worker);
  train::Scorer scorer(const std::string& id) const;

  const OpenRun run_;
  const plugin::ComponentMaker& maker_;
  std::vector<Unit> units_;
  std::mutex mutex_, store_mutex_;
  std::size_t next_unit_ = 0;
  std::int64_t all_units_ = 0, done_ = 0;
  std::vector<double> running_;  // by worker: how much of its unit is done
  std::exception_ptr failure_;
};

}  // namespace assay::run
