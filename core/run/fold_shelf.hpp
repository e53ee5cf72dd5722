// The folds of a run, prepared when first needed and shared by the fits that use them; let go when nobody does but the latest. Used by the
// runner. Thread-safe: two threads that want one fold prepare it once.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>

#include "run/experiment_data.hpp"
#include "run/model_judge.hpp"
#include "run/unit_runner.hpp"

namespace assay::run {

class FoldShelf {
 public:
  // All must outlive the shelf. The sealed fold, where there is one, is the last. registry, program and cancel: for selections that ask
  // models.
  FoldShelf(const config::Experiment& experiment, const ExperimentData& data, const plugin::Registry& registry,
            const std::filesystem::path& program, const std::atomic<bool>* cancel)
      : experiment_(experiment), data_(data), judge_(model_judge(experiment, registry, program, cancel)) {}

  std::size_t size() const { return data_.folds.folds.size() + (data_.folds.sealed ? 1 : 0); }
  bool is_sealed(std::size_t index) const { return index == data_.folds.folds.size(); }
  const pipeline::Fold& fold(std::size_t index) const { return is_sealed(index) ? *data_.folds.sealed : data_.folds.folds[index]; }

  // How many folds stay while nobody uses them: at first one. For a search, whose trials come back to them.
  void keep(std::size_t folds);
  // with_validation: train and validation rows together as train (refit).
  std::shared_ptr<const PreparedFold> take(std::size_t index, bool accepts_missing, bool with_validation);

 private:
  struct Slot {
    std::mutex mutex;
    std::weak_ptr<const PreparedFold> fold;
  };
  std::shared_ptr<const PreparedFold> prepare(std::size_t index, bool accepts_missing, bool with_validation) const;

  const config::Experiment& experiment_;
  const ExperimentData& data_;
  std::unique_ptr<const pipeline::InputJudge> judge_;
  std::mutex mutex_;
  std::map<std::tuple<std::size_t, bool, bool>, Slot> slots_;
  std::size_t kept_ = 1;
  std::list<std::shared_ptr<const PreparedFold>> latest_;  // the newest in front
};

}  // namespace assay::run
