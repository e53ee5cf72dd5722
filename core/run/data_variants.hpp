// The data of a search's trials. Values that change neither features, inputs nor preparation share the run's own data and folds; others
// have theirs, kept while they are in use and some while longer. Used by the runner and by objectives. Thread-safe: two trials that want
// one variant build it once.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "run/experiment_data.hpp"
#include "run/fold_shelf.hpp"
#include "search/space.hpp"

namespace assay::run {

// The run's data under some values. Borrows the run's own, or owns its own.
struct DataVariant {
  const ExperimentData* data = nullptr;
  FoldShelf* shelf = nullptr;

  DataVariant(const ExperimentData& shared, FoldShelf& shelf_of_it) : data(&shared), shelf(&shelf_of_it) {}
  DataVariant(const config::Experiment& experiment, ExperimentData own, const plugin::Registry& registry, const LoadOptions& options);
  DataVariant(const DataVariant&) = delete;

 private:
  struct Own {
    config::Experiment experiment;
    ExperimentData data;
    FoldShelf shelf;
    Own(const config::Experiment& e, ExperimentData d, const plugin::Registry& registry, const LoadOptions& options)
        : experiment(e), data(std::move(d)), shelf(experiment, data, registry, options.program, options.cancel) {}
  };
  std::unique_ptr<Own> own_;
};

class DataVariants {
 public:
  // All must outlive it. options: as the run's own data were prepared.
  DataVariants(const ExperimentData& data, FoldShelf& shelf, const plugin::Registry& registry, const LoadOptions& options);

  // trial: the experiment with these values. Throws Error(failed) where the data contradict them, plugin::CallFailure where a feature's
  // worker did not end well.
  std::shared_ptr<const DataVariant> take(const config::Experiment& trial, const search::Values& values);

 private:
  struct Slot {
    std::mutex mutex;
    std::weak_ptr<const DataVariant> variant;
  };
  std::string difference(const config::Experiment& trial, const search::Values& values) const;
  std::shared_ptr<const DataVariant> build(const config::Experiment& trial) const;

  const ExperimentData& data_;
  const plugin::Registry& registry_;
  LoadOptions options_;
  std::shared_ptr<const DataVariant> shared_;
  std::mutex mutex_;
  std::map<std::string, Slot> slots_;                     // by the text of the values that make the difference
  std::list<std::shared_ptr<const DataVariant>> latest_;  // kept for the next trial, the newest in front
};

}  // namespace assay::run
