#include "run/unit_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <new>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pipeline/train_weights.hpp"
#include "run/learners.hpp"
#include "run/number_json.hpp"
#include "run/pace.hpp"
#include "run/remote_components.hpp"
#include "run/remote_learner.hpp"
#include "run/selected_inputs.hpp"
#include "run/stored_predictions.hpp"
#include "stats/decisions.hpp"
#include "train/network_pruning.hpp"

namespace assay::run {

namespace {

// What fitted features told of themselves, by their names.
nlohmann::ordered_json reports_of(const std::vector<pipeline::FeatureState>& features) {
  auto told = nlohmann::ordered_json::object();
  for (const pipeline::FeatureState& feature : features) {
    if (feature.report.empty()) continue;
    auto report = nlohmann::ordered_json::parse(feature.report, nullptr, false);
    told[feature.name] = report.is_discarded() ? nlohmann::ordered_json(feature.report) : std::move(report);
  }
  return told;
}

using Json = nlohmann::ordered_json;

// A number, or of several horizons a list.
Json naive_json(const pipeline::FoldData& data) {
  Json list = Json::array();
  for (const double mae : data.naive_mae) list.push_back(number_json(mae));
  return data.train.horizons == 1 ? list.front() : list;
}
using Clock = std::chrono::steady_clock;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

store::UnitStatus status_of(plugin::CallFailure::How how) {
  switch (how) {
    case plugin::CallFailure::How::crashed:
      return store::UnitStatus::crashed;
    case plugin::CallFailure::How::timed_out:
      return store::UnitStatus::timed_out;
    case plugin::CallFailure::How::out_of_memory:
      return store::UnitStatus::out_of_memory;
    case plugin::CallFailure::How::refused:
      break;
  }
  return store::UnitStatus::failed;
}

bool learns_by_steps(const plugin::LoadedComponent& model) { return model.ability<assay_model_step>("model.step/1") != nullptr; }

class UnitRun {
 public:
  UnitRun(const UnitJob& job, const UnitContext& context)
      : job_(job),
        context_(context),
        component_(context.registry.component("model", job.model.id)),
        task_(context.dataset.task),
        outputs_(outputs_of(context.experiment, task_, context.dataset.classes.size())),
        began_(Clock::now()),
        checkpointed_(began_) {}

  store::UnitRecord run() {
    guarded([this] { fit_and_predict(); });
    return std::move(record_);
  }

  TrialFit run_trial(const TrialWatch& watch) {
    watch_ = &watch;
    TrialFit fit{{}, {}, kNaN, false};
    guarded([&] {
      try {
        fit_and_judge(fit);
      } catch (const TrialEnded& ended) {
        fit.value = ended.value;
        fit.ended_early = true;
      }
    });
    fit.record = std::move(record_);
    return fit;
  }

 private:
  struct TrialEnded {
    double value;
  };

  template <class Work>
  void guarded(const Work& work) {
    record_.key = job_.key;
    try {
      work();
      record_.status = store::UnitStatus::complete;
    } catch (const plugin::CallFailure& e) {
      fail(status_of(e.how()), e.what(), e.log());
    } catch (const plugin::Stopped&) {
      throw Error(Fault::interrupted, "running " + job_.model.id, "it was interrupted");
    } catch (const Error& e) {
      if (e.fault() == Fault::interrupted) throw;
      fail(store::UnitStatus::failed, e.what(), "");
    } catch (const std::bad_alloc&) {
      fail(store::UnitStatus::out_of_memory, "running " + job_.model.id + ": there was not enough memory", "");
    } catch (const std::exception& e) {
      fail(store::UnitStatus::failed, "running " + job_.model.id + ": " + e.what(), "");
    } catch (...) {
      fail(store::UnitStatus::failed, "running " + job_.model.id + ": something was thrown that is no exception", "");
    }
    record_.seconds = std::chrono::duration<double>(Clock::now() - began_).count();
  }

  void fail(store::UnitStatus status, const std::string& reason, const std::string& log) {
    record_.status = status;
    record_.error = reason;
    if (!log.empty()) record_.log = log;
    record_.predictions.clear();
    record_.bundle.clear();
  }

  train::LearnerSetup setup(const PreparedFold& fold) const {
    return learner_setup(context_.experiment, job_.model, task_, context_.dataset.classes.size(), fold.data.inputs, fold.data.train.y,
                         unit_seed(context_.experiment, job_.key));
  }

  std::unique_ptr<train::Learner> learner_on(const PreparedFold& fold) {
    const train::LearnerSetup what = setup(fold);
    if (!context_.isolated) {
      plugin::CallOptions base;
      base.stop = context_.cancel;
      base.log = [this](int level, std::string_view line) {
        if (level > 0) record_.log += std::string(line) + "\n";
      };
      if (context_.report)
        base.report = [this](std::int64_t step, std::string_view metric, double value) {
          if (pace_.due()) context_.report(step, std::string(metric), value);
          return false;  // stop is asked for by `stop`
        };
      return local_learner(what, component_, fold.train(), std::move(base));
    }
    worker::ConversationOptions options = worker_options(context_.experiment.resources, context_.program, context_.cancel);
    options.report = context_.report;
    return worker_learner(what, component_, fold.packed_train, options);
  }

  train::TrainingPlan plan() const {
    const config::TrainSpec& spec = context_.experiment.train;
    train::TrainingPlan plan;
    plan.epochs = spec.epochs;
    plan.schedule = spec.schedule;
    if (spec.early_stopping && job_.stopping)
      plan.stopping = {spec.early_stopping->metric, job_.stopping->direction() < 0 ? -1 : 1, spec.early_stopping->patience,
                       spec.early_stopping->min_delta};
    return plan;
  }

  // Of one of several horizons, or the mean over all of them (-1).
  double validation_score(const train::Scorer& scorer, std::span<const double> predictions, train::Learner& learner,
                          std::int64_t horizon = -1) const {
    const pipeline::FoldData& data = job_.fold->data;
    const std::int64_t outputs = horizon < 0 ? outputs_ : 1;
    const std::vector<double> values = checked({predictions.begin(), predictions.end()}, data.validation, data.way_back, outputs);
    if (horizon < 0) return train::mean_value(scorer, sets_of(data, values, 0.5, &scorer, learner));
    return scorer.value(forecast_set(data.validation, values, 1, data.naive_mae[static_cast<std::size_t>(horizon)], horizon));
  }

  // The validation rows' forecasts, a set for each horizon; with quantiles where the scorer (may be null) looks at them.
  std::vector<train::ForecastSet> sets_of(const pipeline::FoldData& data, const std::vector<double>& values, double threshold,
                                          const train::Scorer* scorer, train::Learner& learner) const {
    std::vector<train::ForecastSet> sets;
    for (std::int64_t h = 0; h < data.validation.horizons; ++h) {
      sets.push_back(forecast_set(data.validation, values, outputs_, data.naive_mae[static_cast<std::size_t>(h)], h));
      if (scorer != nullptr) add_quantiles(*scorer, learner, data.validation, sets.back());
      train::decide(sets.back(), task_, threshold);
    }
    return sets;
  }

  // Where the scorer looks at them.
  void add_quantiles(const train::Scorer& scorer, train::Learner& learner, const pipeline::FoldPart& part, train::ForecastSet& set) const {
    if (!scorer.needs_quantiles()) return;
    set.quantile = quantiles(learner, part, set.value);
    if (set.quantile.empty() && part.rows() > 0)
      throw Error(Fault::failed, "judging " + job_.model.id, scorer.name() + " judges quantiles, and the model gives none",
                  "Choose another metric, or let the model give quantiles");
    set.levels = context_.experiment.evaluate.quantiles;
  }

  // rows x levels; empty where the model gives none, or none are asked for.
  std::vector<double> quantiles(train::Learner& learner, const pipeline::FoldPart& part, std::span<const double> values) const {
    return part.rows() == 0 ? std::vector<double>{}
                            : checked_quantiles(learner, train::rows_of(part), context_.experiment.evaluate.quantiles, values,
                                                [&](std::size_t i) { return source_row(part.row[i]); });
  }
  std::int64_t source_row(std::int64_t frame_row) const { return context_.dataset.frame.source_row()[static_cast<std::size_t>(frame_row)]; }

  // fold: the one whose train rows the learner has.
  train::TrainingState train_on(train::Learner& learner, const train::TrainingPlan& plan, const PreparedFold& fold, bool resumable) {
    const pipeline::FoldPart& validation = fold.data.validation;
    train::TrainingHooks hooks;
    hooks.cancel = context_.cancel;
    if (job_.stopping) {
      const bool by_steps = learner.traits().by_steps;
      const double sign = job_.stopping->direction() < 0 ? -1 : 1;
      // The trainer knows the metric's direction; a fit that evaluates by itself wants higher to be better.
      hooks.score_validation = [this, by_steps, sign, &learner](std::span<const double> p, std::int64_t horizon) {
        if (!by_steps && job_.stopping->needs_quantiles())
          throw Error(Fault::failed, "stopping early by " + job_.stopping->name(),
                      job_.model.id + " asks for scores of its forecasts within a fit, when it has no quantiles yet",
                      "Choose another metric");
        return validation_score(*job_.stopping, p, learner, horizon) * (by_steps ? 1 : sign);
      };
    }
    std::int64_t first_epoch = 0;
    const auto began = Clock::now();
    hooks.progress = [&](const train::TrainingState& state, std::int64_t epochs) {
      const double rate = static_cast<double>(state.next_epoch - first_epoch) / std::chrono::duration<double>(Clock::now() - began).count();
      const TrainingSpeed speed{rate, rate * static_cast<double>(fold.train().count)};
      if (context_.progress) context_.progress(state.next_epoch, epochs + pruning_epochs(learner), speed);
      if (watch_ != nullptr && watch_->after_epoch) after_epoch(learner, state);
    };
    std::optional<train::Resume> resume;
    if (resumable && learner.traits().resumable) {
      hooks.wants_checkpoint = [this](const train::TrainingState&) { return checkpoint_is_due(); };
      hooks.put_checkpoint = [this](const train::TrainingState& state, std::vector<std::byte> bytes) {
        context_.put_checkpoint({state.next_epoch, std::move(bytes), state.to_json()});
        checkpointed_ = Clock::now();
      };
      if (const auto left = context_.checkpoint()) resume = train::Resume{train::TrainingState::from_json(left->host), left->learner};
      if (resume) first_epoch = resume->state.next_epoch;
    }
    return train::train(learner, plan, train::rows_of(validation), hooks, resume);
  }

  bool checkpoint_is_due() const {
    return std::chrono::duration<double>(Clock::now() - checkpointed_).count() >= context_.checkpoint_seconds;
  }

  bool is_pruned(const train::Learner& learner) const {
    return context_.experiment.train.network_pruning && learner.traits().prunes && !job_.key.model.starts_with("baseline:");
  }
  std::int64_t pruning_epochs(const train::Learner& learner) const {
    if (!is_pruned(learner)) return 0;
    const auto& spec = *context_.experiment.train.network_pruning;
    return spec.fine_tune_epochs * std::ssize(spec.sparsity);
  }

  // The training; where an earlier try had got as far as pruning, what that one knew of it.
  train::TrainingState trained(train::Learner& learner, const train::TrainingPlan& plan,
                               std::optional<train::PruningState::Read>& pruning_left) {
    const bool may_be_left = is_pruned(learner) && learner.traits().resumable;
    if (const auto left = may_be_left ? context_.checkpoint() : std::nullopt) {
      const Json host = Json::parse(left->host);
      if (host.contains("pruning")) {
        pruning_left = train::PruningState::read(host.at("pruning").get<std::string>(), left->learner);
        return train::TrainingState::from_json(host.at("training").get<std::string>());
      }
    }
    return train_on(learner, plan, *job_.fold, true);
  }

  // What pruning came to; the learner holds the chosen level.
  struct Pruned {
    std::vector<train::PrunedLevel> levels;
    std::vector<double> scores, thresholds;  // of each level; no scores where nothing chooses
    std::size_t chosen = 0;
  };

  Pruned pruned(train::Learner& learner, const train::TrainingPlan& plan, const train::TrainingState& trained, bool resumable,
                std::optional<train::PruningState::Read> left = std::nullopt) {
    const config::TrainSpec::NetworkPruning& spec = *context_.experiment.train.network_pruning;
    const train::PruningPlan what{spec.units ? plugin::Pruning::units : plugin::Pruning::weights,
                                  spec.sparsity,
                                  spec.fine_tune_epochs,
                                  spec.schedule,
                                  spec.rate_factor,
                                  plan.epochs};
    train::PruningHooks hooks;
    hooks.cancel = context_.cancel;
    hooks.progress = [&](std::size_t level, std::int64_t epoch) {
      const std::int64_t before = plan.epochs + static_cast<std::int64_t>(level - 1) * spec.fine_tune_epochs;
      if (context_.progress) context_.progress(before + epoch, plan.epochs + pruning_epochs(learner), {});
    };
    if (resumable && learner.traits().resumable) {
      hooks.wants_checkpoint = [this] { return checkpoint_is_due(); };
      hooks.put_checkpoint = [&](const train::PruningState& state, const std::vector<std::byte>& bytes) {
        const Json host{{"training", trained.to_json()}, {"pruning", state.to_json()}};
        context_.put_checkpoint({trained.next_epoch, state.bytes(bytes), host.dump()});
        checkpointed_ = Clock::now();
      };
    }
    Pruned out;
    out.levels = train::prune_levels(learner, what, hooks, std::move(left));
    const pipeline::FoldPart& validation = job_.fold->data.validation;
    for (const train::PrunedLevel& level : out.levels) {
      learner.load(level.bundle);
      out.thresholds.push_back(choose_threshold(learner, *job_.fold));
      if (job_.pruning) out.scores.push_back(validation_score(*job_.pruning, learner.predict(train::rows_of(validation)), learner));
    }
    out.chosen =
        job_.pruning ? train::sparsest_within(out.scores, job_.pruning->direction() < 0 ? -1 : 1, spec.tolerance) : out.levels.size() - 1;
    learner.load(out.levels[out.chosen].bundle);
    return out;
  }

  // Sizes of every level, its forecasts of test rows, and how fast it gives them; the learner holds the last level afterwards.
  Json pruning_curve(train::Learner& learner, const Pruned& pruned, const PreparedFold& fold) {
    const auto& spec = *context_.experiment.train.network_pruning;
    Json json{
        {"method", spec.units ? "units" : "magnitude"}, {"chosen", pruned.chosen}, {"metric", spec.metric}, {"levels", Json::array()}};
    for (std::size_t k = 0; k < pruned.levels.size(); ++k) {
      const train::PrunedLevel& level = pruned.levels[k];
      Json line{{"sparsity", k == 0 ? Json() : Json(level.sparsity)},
                {"reached", level.size.share()},
                {"parameters", level.size.parameters},
                {"zeros", level.size.zeros},
                {"bytes", level.bundle.size()},
                {"validation", k < pruned.scores.size() ? number_json(pruned.scores[k]) : Json()},
                {"threshold", task_ == config::Task::binary ? Json(pruned.thresholds[k]) : Json()},
                {"losses", level.losses}};
      if (!job_.sealed && fold.data.test.rows() > 0) {
        learner.load(level.bundle);
        predict(learner, fold.data.test, k == 0 ? kTrainedPart : pruned_part(level.sparsity), fold);
      }
      json["levels"].push_back(std::move(line));
    }
    if (!job_.sealed && fold.data.test.rows() > 0) measure(learner, pruned, train::rows_of(fold.data.test), json["levels"]);
    return json;
  }

  // In rounds, so that what the machine does meanwhile meets every level alike; the fastest counts.
  static void measure(train::Learner& learner, const Pruned& pruned, const train::Rows& rows, Json& levels) {
    constexpr int kRounds = 4;
    std::vector<train::PredictSpeed> fastest(pruned.levels.size(), {INFINITY, INFINITY});
    for (int round = 0; round < kRounds; ++round)
      for (std::size_t k = 0; k < fastest.size(); ++k) {
        learner.load(pruned.levels[k].bundle);
        const train::PredictSpeed speed = learner.predict_speed(rows);
        fastest[k] = {std::min(fastest[k].one_row, speed.one_row), std::min(fastest[k].batch, speed.batch)};
      }
    for (std::size_t k = 0; k < fastest.size(); ++k)
      levels[k]["measured"] = {{"one_row_seconds", fastest[k].one_row}, {"batch_seconds_a_row", fastest[k].batch}};
  }

  void fit_and_predict() {
    const PreparedFold* fold = job_.fold.get();
    std::unique_ptr<train::Learner> learner = learner_on(*fold);
    const train::TrainingPlan plan = this->plan();
    std::optional<train::PruningState::Read> pruning_left;
    const train::TrainingState state = trained(*learner, plan, pruning_left);
    Pruned pruned;
    if (is_pruned(*learner)) pruned = this->pruned(*learner, plan, state, true, std::move(pruning_left));
    for (const train::EpochRecord& e : state.epochs) {
      record_.steps.push_back({e.epoch, "loss", e.loss});
      record_.steps.push_back({e.epoch, "rate_factor", e.rate});
      if (plan.stopping) record_.steps.push_back({e.epoch, "validation_" + plan.stopping->metric, e.validation});
    }
    record_.best_epoch = plan.stopping ? state.best_epoch : state.next_epoch - 1;
    const double threshold = choose_threshold(*learner, *fold);
    if (job_.refit_fold) {
      fold = job_.refit_fold.get();
      learner = learner_on(*fold);
      train::TrainingPlan again = plan;
      again.stopping.reset();
      if (plan.stopping) again.epochs = state.best_epoch + 1;
      for (const train::EpochRecord& e : state.epochs) again.rates.push_back(e.rate);
      train_on(*learner, again, *fold, false);
    }
    Json note{{"model", job_.key.model},
              {"fold", job_.key.fold},
              {"repeat", job_.key.repeat},
              {"threshold", threshold},
              {"classes", context_.dataset.classes},
              {"way_back", fold->data.way_back},
              {"features", Json::parse(pipeline::to_json(fold->data.features))},
              {"preparation", Json::parse(fold->data.preparation.to_json())}};
    record_.bundle = learner->save(note.dump());
    predict(*learner, fold->data.test, job_.sealed ? "final_test" : "test", *fold);
    if (job_.fold->data.validation.rows() > 0 && !job_.refit_fold && !job_.sealed)
      predict(*learner, fold->data.validation, "validation", *fold);
    Json extra{{"threshold", task_ == config::Task::binary ? Json(threshold) : Json()},
               {"naive_mae", naive_json(fold->data)},
               {"notes", fold->data.notes},
               {"selection", Json::parse(selection_of(fold->data.preparation))},
               {"features", reports_of(fold->data.features)},
               {"inputs", Json::array()},
               {"summary", Json::array()}};
    const auto told = learner->summary();
    for (const auto& [name, value] : told) extra["summary"].push_back({name, value});
    if (!told.empty())  // whose weights those are
      for (const pipeline::InputColumn& input : fold->data.inputs) extra["inputs"].push_back(input.name);
    if (!pruned.levels.empty()) extra["network_pruning"] = pruning_curve(*learner, pruned, *fold);
    record_.extra = extra.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (auto* remote = dynamic_cast<RemoteLearner*>(learner.get())) record_.log = remote->log();
  }

  // The objective after an epoch; the trial may end here.
  void after_epoch(train::Learner& learner, const train::TrainingState& state) const {
    const train::Scorer& objective = *watch_->objective;
    const bool known = job_.stopping && job_.stopping->name() == objective.name() && !objective.needs_decision();
    const double value = known ? state.epochs.back().validation : train::mean_value(objective, validation_forecasts(learner));
    if (watch_->after_epoch(state.epochs.back().epoch, value)) throw TrialEnded{value};
  }

  std::vector<train::ForecastSet> validation_forecasts(train::Learner& learner) const {
    const PreparedFold& fold = *job_.fold;
    const pipeline::FoldPart& part = fold.data.validation;
    const bool decides = watch_->objective != nullptr && watch_->objective->needs_decision();
    const double threshold = decides ? choose_threshold(learner, fold) : 0.5;
    return sets_of(fold.data, checked(learner.predict(train::rows_of(part)), part, fold.data.way_back, outputs_), threshold,
                   watch_->objective, learner);
  }

  void fit_and_judge(TrialFit& fit) {
    std::unique_ptr<train::Learner> learner = learner_on(*job_.fold);
    const train::TrainingState state = train_on(*learner, plan(), *job_.fold, false);
    if (is_pruned(*learner)) pruned(*learner, plan(), state, false);
    fit.forecasts = validation_forecasts(*learner);
    if (watch_->objective != nullptr) fit.value = train::mean_value(*watch_->objective, fit.forecasts);
  }

  double choose_threshold(train::Learner& learner, const PreparedFold& fold) const {
    const auto& rule = context_.experiment.evaluate.threshold;
    if (task_ != config::Task::binary || rule.fixed) return rule.fixed.value_or(0.5);
    const bool validation = rule.rows == "validation";
    const pipeline::FoldPart& part = validation ? fold.data.validation : fold.data.train;
    const std::vector<double> values =
        checked(learner.predict(validation ? train::rows_of(part) : fold.train()), part, fold.data.way_back, outputs_);
    const stats::ThresholdRule by = rule.by == "accuracy" ? stats::ThresholdRule::accuracy
                                    : rule.by == "youden" ? stats::ThresholdRule::youden
                                                          : stats::ThresholdRule::f1;
    std::vector<double> truth, forecast, weight;  // a baseline may know nothing yet
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) continue;
      truth.push_back(part.y[i]);
      forecast.push_back(values[i]);
      if (!validation && !fold.data.way_back.empty())  // rows drawn anew stand for as many as there were
        weight.push_back(fold.data.way_back[static_cast<std::size_t>(part.y[i])]);
    }
    const stats::Threshold best = stats::best_threshold(truth, forecast, by, weight);
    return std::isnan(best.value) ? 0.5 : best.value;
  }

  // What a model may not give: text for the user with the row, never a silent NaN. A baseline that knows nothing yet says NaN.
  std::vector<double> checked(std::vector<double> values, const pipeline::FoldPart& part, std::span<const double> way_back,
                              std::int64_t outputs) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool undefined = std::isnan(values[i]);
      if (undefined && component_.has(ASSAY_BASELINE)) continue;
      const bool outside = task_ != config::Task::regression && !(values[i] >= -1e-9 && values[i] <= 1 + 1e-9);
      if (!undefined && !std::isinf(values[i]) && !outside) continue;
      const std::int64_t row = part.row[i / static_cast<std::size_t>(outputs)];
      throw Error(Fault::failed, "predicting with " + job_.model.id,
                  fmt::format("it returned {} for row {}", undefined ? "NaN" : fmt::format("{}", values[i]), source_row(row)),
                  outside && !undefined ? "A class probability lies between 0 and 1"
                  : learns_by_steps(component_)
                      ? "Its training grew beyond all numbers: a smaller learning_rate, clip_norm or scaled inputs usually mend that"
                      : "Every forecast has to be a number");
    }
    pipeline::bring_back(values, outputs, way_back);
    return values;
  }

  // Adds the part's forecasts to the record, of several horizons each by itself.
  void predict(train::Learner& learner, const pipeline::FoldPart& part, const std::string& name, const PreparedFold& learned) {
    const std::vector<double> values =
        part.rows() == 0 ? std::vector<double>{} : checked(learner.predict(train::rows_of(part)), part, learned.data.way_back, outputs_);
    const ForecastPart forecasts{name, part, values, outputs_, context_.experiment.evaluate.quantiles, quantiles(learner, part, values)};
    for (store::Predictions& one : stored_predictions(context_.dataset, forecasts)) record_.predictions.push_back(std::move(one));
  }

  const UnitJob& job_;
  const UnitContext& context_;
  const plugin::LoadedComponent& component_;
  config::Task task_;
  std::int64_t outputs_;
  Clock::time_point began_, checkpointed_;
  Pace pace_;
  store::UnitRecord record_;
  const TrialWatch* watch_ = nullptr;  // of a trial
};

}  // namespace

std::int64_t repeats_of(const config::Experiment& experiment, const plugin::Registry& registry, const config::Component& model) {
  return learns_by_steps(registry.component("model", model.id)) ? experiment.train.repeats : 1;
}

std::uint64_t unit_seed(const config::Experiment& experiment, const store::UnitKey& key) {
  SeedTree seed(experiment.seed);
  if (const auto& trial = experiment.trial)
    seed = seed.child("trial").child(static_cast<std::uint64_t>(trial->study + 1)).child(static_cast<std::uint64_t>(trial->number));
  return seed.child("fit").child(static_cast<std::uint64_t>(key.fold)).child("repeat").child(static_cast<std::uint64_t>(key.repeat)).seed();
}

std::string pruned_part(double sparsity) { return "pruned:" + text::shortest(sparsity); }

store::UnitRecord run_unit(const UnitJob& job, const UnitContext& context) { return UnitRun(job, context).run(); }

store::UnitRecord failed_unit(const store::UnitKey& key, const plugin::CallFailure& why) {
  store::UnitRecord record;
  record.key = key;
  record.status = status_of(why.how());
  record.error = std::string("preparing the fold: ") + why.what();
  record.log = why.log();
  return record;
}

TrialFit run_trial_fit(const UnitJob& job, const UnitContext& context, const TrialWatch& watch) {
  return UnitRun(job, context).run_trial(watch);
}

}  // namespace assay::run
