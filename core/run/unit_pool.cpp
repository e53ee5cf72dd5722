#include "run/unit_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>

namespace assay::run {

std::size_t workers_of(const config::ResourcesSpec& resources) {
  return resources.isolation == "none" ? 1 : static_cast<std::size_t>(std::max<std::int64_t>(1, resources.workers));
}

UnitPool::UnitPool(const OpenRun& run, const plugin::ComponentMaker& maker, const std::vector<std::string>& baseline_names)
    : run_(run), maker_(maker) {
  std::set<store::UnitKey> complete;
  for (const store::UnitRecord& unit : run.store.units(run.id))
    if (unit.status == store::UnitStatus::complete) complete.insert(unit.key);
  const auto add = [&](const std::string& name, const config::Component& model, std::size_t fold, std::int64_t repeat) {
    Unit unit{{name, static_cast<std::int64_t>(fold), repeat}, model, fold};
    ++all_units_;
    if (complete.count(unit.key) == 0) units_.push_back(std::move(unit));
  };
  for (std::size_t f = 0; f < run.shelf.size(); ++f) {
    if (!run.is_fitted(f)) continue;
    for (const auto& [name, model] : run.experiment_of(f).models)
      for (std::int64_t r = 0; r < run.repeats_of(model); ++r) add(name, model, f, r);
    for (std::size_t b = 0; b < baseline_names.size(); ++b)
      add(kBaselinePrefix + baseline_names[b], run.experiment.evaluate.baselines[b], f, 0);
  }
}

void UnitPool::run() {
  running_.assign(workers_of(run_.experiment.resources), 0.0);
  std::vector<std::thread> pool;
  for (std::size_t w = 1; w < std::min(running_.size(), units_.size()); ++w) pool.emplace_back([this, w] { work(w); });
  work(0);
  for (std::thread& t : pool) t.join();
  if (failure_) std::rethrow_exception(failure_);
}

void UnitPool::work(std::size_t worker) {
  for (;;) {
    std::size_t next;
    {
      const std::lock_guard lock(mutex_);
      if (failure_ || next_unit_ == units_.size()) return;
      next = next_unit_++;
    }
    try {
      run_one(units_[next], worker);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }
}

void UnitPool::report(const Unit& unit, const std::string& more, std::size_t worker, double share) {
  if (!run_.context.progress) return;
  const std::lock_guard lock(mutex_);
  if (share >= 0) running_[worker] = share;
  Progress progress;
  progress.total = all_units_;
  progress.done = all_units_ - static_cast<std::int64_t>(units_.size()) + done_;
  double work = static_cast<double>(progress.done);
  for (const double r : running_) work += r;
  progress.share = work / static_cast<double>(all_units_);
  const std::size_t folds = run_.shelf.size();
  progress.doing = fmt::format("{}{}{}{}", unit.key.model, folds > 1 ? fmt::format(", fold {} of {}", unit.fold + 1, folds) : "",
                               run_.repeats_of(unit.model) > 1 ? fmt::format(", repeat {}", unit.key.repeat + 1) : "", more);
  run_.context.progress(progress);
}

UnitContext UnitPool::context_of(const Unit& unit, std::size_t worker) {
  const RunContext& run = run_.context;
  UnitContext context{run_.experiment_of(unit.fold), run_.data_of(unit.fold).dataset, run.registry, run.program, {}, {}, {}, {}, {}};
  context.isolated = run_.experiment.resources.isolation == "process";
  context.cancel = run.cancel;
  context.checkpoint_seconds = run.checkpoint_seconds;
  context.progress = [this, &unit, worker](std::int64_t epoch, std::int64_t epochs, const TrainingSpeed& speed) {
    const std::string rates = speed.epochs > 0 ? fmt::format(", {:.3g} epochs/s, {:.0f} rows/s", speed.epochs, speed.rows) : "";
    report(unit, fmt::format(", epoch {} of {}{}", epoch, epochs, rates), worker, static_cast<double>(epoch) / static_cast<double>(epochs));
  };
  context.report = [this, &unit, worker](std::int64_t step, const std::string& metric, double value) {
    report(unit, fmt::format(", step {}, {} {:.4g}", step + 1, metric, value), worker, -1);
  };
  context.checkpoint = [this, &unit] {
    const std::lock_guard lock(store_mutex_);
    return run_.store.checkpoint(run_.id, unit.key);
  };
  context.put_checkpoint = [this, &unit](const store::Checkpoint& checkpoint) {
    const std::lock_guard lock(store_mutex_);
    run_.store.put_checkpoint(run_.id, unit.key, checkpoint);
  };
  return context;
}

void UnitPool::run_one(const Unit& unit, std::size_t worker) {
  UnitJob job{unit.key, unit.model, {}, {}, run_.shelf.is_sealed(unit.fold), {}};
  const bool missing = run_.context.registry.component("model", unit.model.id).has(ASSAY_ACCEPTS_MISSING);
  const config::Experiment& experiment = run_.experiment_of(unit.fold);
  FoldShelf& shelf = run_.shelf_of(unit.fold);
  const UnitContext context = context_of(unit, worker);
  report(unit, "", worker, 0);
  store::UnitRecord record;
  for (std::int64_t attempt = 0; attempt <= experiment.resources.retries; ++attempt) {
    try {
      job.fold = shelf.take(unit.fold, missing, false);
      if (experiment.train.refit == "train_and_validation" && !shelf.fold(unit.fold).validation.empty())
        job.refit_fold = shelf.take(unit.fold, missing, true);
    } catch (const plugin::CallFailure& why) {
      record = failed_unit(unit.key, why);
      continue;
    }
    const config::TrainSpec& train = experiment.train;  // scorers for each attempt: a metric's worker that has ended stays ended
    if (train.early_stopping) job.stopping = scorer(train.early_stopping->metric);
    if (train.network_pruning && !train.network_pruning->metric.empty()) job.pruning = scorer(train.network_pruning->metric);
    record = run_unit(job, context);
    if (record.status == store::UnitStatus::complete) break;
  }
  {
    const std::lock_guard lock(store_mutex_);
    run_.store.put_unit(run_.id, record);
  }
  if (record.status != store::UnitStatus::complete && run_.context.note)
    run_.context.note(fmt::format("{}, fold {}, repeat {} {}: {}", unit.key.model, unit.key.fold + 1, unit.key.repeat + 1,
                                  to_text(record.status), record.error));
  {
    const std::lock_guard lock(mutex_);
    ++done_;
    running_[worker] = 0;
  }
  report(unit, "", worker, 0);
}

train::Scorer UnitPool::scorer(const std::string& id) const {
  const plugin::LoadedComponent& metric = run_.context.registry.component("metric", id);
  const pipeline::Dataset& dataset = run_.data.dataset;
  return train::Scorer(id, maker_.metric(metric, {}), dataset.task, static_cast<std::int64_t>(dataset.classes.size()));
}

}  // namespace assay::run
