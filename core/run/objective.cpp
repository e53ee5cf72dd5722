#include "run/objective.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "run/backtest_run.hpp"
#include "run/unit_runner.hpp"

namespace assay::run {

namespace {

constexpr const char* kFigurePrefix = "backtest.";

store::TrialStatus status_of(store::UnitStatus status) {
  switch (status) {
    case store::UnitStatus::complete:
      return store::TrialStatus::complete;
    case store::UnitStatus::crashed:
      return store::TrialStatus::crashed;
    case store::UnitStatus::timed_out:
      return store::TrialStatus::timed_out;
    case store::UnitStatus::out_of_memory:
      return store::TrialStatus::out_of_memory;
    case store::UnitStatus::failed:
      break;
  }
  return store::TrialStatus::failed;
}

store::TrialStatus status_of(plugin::CallFailure::How how) {
  switch (how) {
    case plugin::CallFailure::How::crashed:
      return store::TrialStatus::crashed;
    case plugin::CallFailure::How::timed_out:
      return store::TrialStatus::timed_out;
    case plugin::CallFailure::How::out_of_memory:
      return store::TrialStatus::out_of_memory;
    case plugin::CallFailure::How::refused:
      break;
  }
  return store::TrialStatus::failed;
}

// What ends a trial without a value.
struct TrialFailed {
  store::TrialStatus status;
  std::string error, log;
};

// What both objectives do: fits of the trial's folds, intermediate values, and what a failure is recorded as.
class Trial {
 public:
  Trial(const ObjectiveSetup& setup, const TrialJob& job)
      : setup_(setup), job_(job), variant_(setup.variants.take(job.experiment, job.values)) {
    const std::int64_t study = job.experiment.trial->study;
    const std::size_t scored = variant_->data->folds.folds.size();
    for (std::size_t f = 0; f < variant_->shelf->size(); ++f)
      if (study < 0 ? f < scored : static_cast<std::int64_t>(f) == study) folds_.push_back(f);
    if (folds_.empty()) throw Error(Fault::usage, "running the trial", fmt::format("the split has no fold {}", study + 1));
    for (const std::size_t f : folds_)
      if (fold(f).validation.empty())
        throw Error(Fault::failed, "running the trial", fmt::format("fold {} has no validation rows", f + 1), "A larger split.validation");
  }

  const pipeline::Dataset& dataset() const { return variant_->data->dataset; }
  const std::shared_ptr<const DataVariant>& variant() const { return variant_; }
  const std::vector<std::size_t>& folds() const { return folds_; }
  const pipeline::Fold& fold(std::size_t f) const { return variant_->shelf->fold(f); }

  train::Scorer scorer(const std::string& id) const {
    config::Map params;
    for (const config::Component& metric : job_.experiment.evaluate.metrics)
      if (metric.id == id) params = metric.params;
    return train::Scorer(id, setup_.maker.metric(setup_.context.registry.component("metric", id), params), dataset().task,
                         static_cast<std::int64_t>(dataset().classes.size()));
  }

  // Throws TrialFailed.
  TrialFit fit(const std::string& name, const config::Component& model, std::size_t f, std::int64_t repeat, const TrialWatch& watch,
               const std::function<void(double)>& progress) const {
    const config::Experiment& experiment = job_.experiment;
    UnitJob unit{{name, static_cast<std::int64_t>(f), repeat}, model, {}, {}, false, {}};
    const bool missing = setup_.context.registry.component("model", model.id).has(ASSAY_ACCEPTS_MISSING);
    unit.fold = variant_->shelf->take(f, missing, false);
    if (experiment.train.early_stopping) unit.stopping = scorer(experiment.train.early_stopping->metric);
    if (const auto& pruning = experiment.train.network_pruning; pruning && !pruning->metric.empty()) unit.pruning = scorer(pruning->metric);
    UnitContext context{experiment, dataset(), setup_.context.registry, setup_.context.program, {}, {}, {}, {}, {}};
    context.isolated = experiment.resources.isolation == "process";
    context.cancel = setup_.cancel;
    context.progress = [&](std::int64_t epoch, std::int64_t epochs, const TrainingSpeed&) {
      progress(static_cast<double>(epoch) / static_cast<double>(epochs));
    };
    TrialFit fit = run_trial_fit(unit, context, watch);
    if (fit.record.status != store::UnitStatus::complete)
      throw TrialFailed{status_of(fit.record.status),
                        folds_.size() > 1 ? fmt::format("fold {}: {}", f + 1, fit.record.error) : fit.record.error, fit.record.log};
    return fit;
  }

 private:
  const ObjectiveSetup& setup_;
  const TrialJob& job_;
  std::shared_ptr<const DataVariant> variant_;
  std::vector<std::size_t> folds_;
};

// The mean of a metric over folds and repeats.
TrialResult model_value(const ObjectiveSetup& setup, const TrialJob& job) {
  const Trial trial(setup, job);
  const plugin::Registry& registry = setup.context.registry;
  const auto& models = job.experiment.models;
  const std::string& name = job.experiment.trial->model.empty() ? models.front().first : job.experiment.trial->model;
  const auto named = std::find_if(models.begin(), models.end(), [&](const auto& entry) { return entry.first == name; });
  if (named == models.end()) throw Error(Fault::usage, "running the trial", "the file has no model '" + name + "'");
  const config::Component& model = named->second;
  const auto& abilities = registry.component("model", model.id).spec.abilities;
  const bool by_steps = std::find(abilities.begin(), abilities.end(), "model.step/1") != abilities.end();
  const train::Scorer objective = trial.scorer(job.experiment.trial->metric);
  const std::int64_t repeats = repeats_of(job.experiment, registry, model);
  const std::int64_t all = repeats * static_cast<std::int64_t>(trial.folds().size());
  TrialResult result;
  double sum = 0;
  std::int64_t done = 0;
  for (const std::size_t f : trial.folds()) {
    for (std::int64_t r = 0; r < repeats; ++r, ++done) {
      TrialWatch watch{&objective, {}};
      if (done == 0 && job.by_epochs) watch.after_epoch = [&](std::int64_t epoch, double value) { return job.report({epoch, value}); };
      const TrialFit fit = trial.fit(name, model, f, r, watch, [&](double share) {
        if (job.progress) job.progress((static_cast<double>(done) + share) / static_cast<double>(all));
      });
      result.value = fit.value;
      result.status = store::TrialStatus::pruned;
      if (fit.ended_early) return result;
      if (std::isnan(fit.value))
        throw TrialFailed{store::TrialStatus::failed,
                          fmt::format("{} is undefined on the validation rows of fold {}", objective.name(), f + 1), ""};
      sum += fit.value;
      result.value = sum / static_cast<double>(done + 1);
      if (done + 1 < all && job.report({(by_steps ? kFitStep : 0) + done, result.value})) return result;
    }
  }
  result.status = store::TrialStatus::complete;
  return result;
}

class StrategyObjective final : public Objective {
 public:
  explicit StrategyObjective(const ObjectiveSetup& setup) : setup_(setup) {}
  TrialResult evaluate(const TrialJob& job) const override;

 private:
  TrialResult value(const TrialJob& job) const;
  std::shared_ptr<const BacktestSession> session(const TrialJob& job, const std::shared_ptr<const DataVariant>& variant) const;

  ObjectiveSetup setup_;
  struct Session {
    std::shared_ptr<const DataVariant> variant;
    std::string columns;
    std::shared_ptr<const BacktestSession> session;
  };
  mutable std::mutex mutex_;
  mutable std::vector<Session> sessions_;  // the newest last
};

class ModelObjective final : public Objective {
 public:
  explicit ModelObjective(const ObjectiveSetup& setup) : setup_(setup) {}
  TrialResult evaluate(const TrialJob& job) const override;

 private:
  ObjectiveSetup setup_;
};

// Whatever is thrown in a trial is its result, but an interruption.
template <class Work>
TrialResult guarded(const Work& work) {
  const auto failed = [](store::TrialStatus status, const std::string& error, const std::string& log) {
    TrialResult result;
    result.status = status;
    result.value = std::nan("");
    result.error = error;
    result.log = log;
    return result;
  };
  try {
    return work();
  } catch (const TrialFailed& e) {
    return failed(e.status, e.error, e.log);
  } catch (const plugin::CallFailure& e) {
    return failed(status_of(e.how()), e.what(), e.log());
  } catch (const Error& e) {
    if (e.fault() == Fault::interrupted) throw;
    return failed(store::TrialStatus::failed, e.what(), "");
  } catch (const std::bad_alloc&) {
    return failed(store::TrialStatus::out_of_memory, "there was not enough memory", "");
  } catch (const std::exception& e) {
    return failed(store::TrialStatus::failed, e.what(), "");
  }
}

TrialResult ModelObjective::evaluate(const TrialJob& job) const {
  return guarded([&] { return model_value(setup_, job); });
}

TrialResult StrategyObjective::evaluate(const TrialJob& job) const {
  return guarded([&] { return value(job); });
}

// Which columns of the data a strategy looks at: a market holds those of the strategies that it was opened for.
std::string columns_of(const config::Component& strategy, const plugin::Registry& registry) {
  std::string text = strategy.id;
  for (const config::ParamSpec& param : registry.component("strategy", strategy.id).spec.params)
    if (const config::Value* value = config::find(strategy.params, param.name); value && param.kind == config::ParamKind::column)
      text += "," + config::to_text(*value);
  return text;
}

std::shared_ptr<const BacktestSession> StrategyObjective::session(const TrialJob& job,
                                                                  const std::shared_ptr<const DataVariant>& variant) const {
  constexpr std::size_t kKept = 8;
  const config::Component& strategy = job.experiment.backtest->strategy;
  const std::string columns = columns_of(strategy, setup_.context.registry);
  const std::lock_guard lock(mutex_);
  for (const Session& one : sessions_)
    if (one.variant == variant && one.columns == columns) return one.session;
  ASSAY_CHECK(setup_.context.backtest != nullptr, "a backtest needs its stage");
  SessionSetup setup = session_setup(setup_.experiment, variant->data->dataset.frame, setup_.context, {strategy});
  setup.cancel = setup_.cancel;
  std::shared_ptr<const BacktestSession> opened = setup_.context.backtest->open(setup);
  if (sessions_.size() == kKept) sessions_.erase(sessions_.begin());
  sessions_.push_back({variant, columns, opened});
  return opened;
}

// The mean of a figure over folds and repeats, each a replay over the fold's validation span.
TrialResult StrategyObjective::value(const TrialJob& job) const {
  const Trial trial(setup_, job);
  const config::Experiment& experiment = job.experiment;
  const std::string figure = experiment.trial->metric.substr(std::string_view(kFigurePrefix).size());
  const std::shared_ptr<const BacktestSession> session = this->session(job, trial.variant());
  const auto& models = experiment.models;
  const auto traded =
      std::find_if(models.begin(), models.end(), [&](const auto& entry) { return entry.first == experiment.backtest->model; });
  const auto model = traded == models.end() ? models.begin() : traded;
  const std::int64_t repeats = models.empty() ? 1 : repeats_of(experiment, setup_.context.registry, model->second);
  const double all = static_cast<double>(repeats) * static_cast<double>(trial.folds().size());
  const SeedTree seed = SeedTree(experiment.seed)
                            .child("trial")
                            .child(static_cast<std::uint64_t>(experiment.trial->study + 1))
                            .child(static_cast<std::uint64_t>(experiment.trial->number))
                            .child("backtest");
  TrialResult result;
  double sum = 0, done = 0;
  for (const std::size_t f : trial.folds()) {
    const TimeSpan span = span_of(trial.fold(f).validation, trial.dataset());
    for (std::int64_t r = 0; r < repeats; ++r, ++done) {
      const ReplayJob replay{{{StrategyLeg{}.from, experiment.backtest->strategy}},
                             span.first,
                             span.last,
                             seed.child(f).child(static_cast<std::uint64_t>(r)).seed(),
                             true};
      Replayed replayed;
      if (models.empty()) {
        replayed = session->run(replay);
      } else {
        const TrialFit fit = trial.fit(model->first, model->second, f, r, {}, [&](double share) {
          if (job.progress) job.progress((done + share) / all);
        });
        std::vector<std::vector<train::ForecastSet>> horizons;
        for (const train::ForecastSet& set : fit.forecasts) horizons.push_back({set});
        const RowForecasts by_row = by_frame_row(horizons, trial.dataset());
        replayed = session->with_forecasts(by_row.values, by_row.outputs)->run(replay);
      }
      const double value = replayed.figure(figure);
      if (std::isnan(value))
        throw TrialFailed{store::TrialStatus::failed,
                          fmt::format("{}{} is undefined over the validation rows of fold {}", kFigurePrefix, figure, f + 1), ""};
      sum += value;
      const std::vector<double> returns = replayed.returns(experiment.backtest->capital);
      const auto& times = replayed.record.times;
      result.returns.insert(result.returns.end(), returns.begin(), returns.end());
      result.time.insert(result.time.end(), times.end() - static_cast<std::ptrdiff_t>(returns.size()), times.end());
      result.value = sum / (done + 1);
      if (done + 1 < all && job.report({(models.empty() ? 0 : kFitStep) + static_cast<std::int64_t>(done), result.value})) {
        result.status = store::TrialStatus::pruned;
        return result;
      }
    }
  }
  result.status = store::TrialStatus::complete;
  return result;
}

}  // namespace

std::unique_ptr<Objective> objective_of(const ObjectiveSetup& setup) {
  const std::string& metric = setup.experiment.search ? setup.experiment.search->metric : setup.experiment.trial->metric;
  if (metric.starts_with(kFigurePrefix)) return std::make_unique<StrategyObjective>(setup);
  return std::make_unique<ModelObjective>(setup);
}

}  // namespace assay::run
