#include "train/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::train {

namespace {

using Json = nlohmann::ordered_json;

// JSON knows neither infinity (a log loss may be one) nor NaN: they travel as text.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(text::shortest(value)); }
double number(const Json& json) {
  if (json.is_number()) return json.get<double>();
  const auto& name = json.get_ref<const std::string&>();
  if (name.ends_with("inf")) return name.starts_with('-') ? -INFINITY : INFINITY;
  return std::numeric_limits<double>::quiet_NaN();
}

void throw_if_cancelled(const TrainingHooks& hooks) {
  if (hooks.cancel != nullptr && hooks.cancel->load(std::memory_order_relaxed))
    throw Error(Fault::interrupted, "training", "it was interrupted");
}

// One epoch with what follows it. Returns false where training is over.
bool run_epoch(Learner& learner, const TrainingPlan& plan, const Rows& validation, const TrainingHooks& hooks, TrainingState& state) {
  EpochRecord record{state.next_epoch, 0, std::numeric_limits<double>::quiet_NaN(), 1};
  record.rate = plan.rates.empty() ? schedule_factor(plan.schedule, record.epoch, plan.epochs) * state.plateau
                                   : plan.rates.at(static_cast<std::size_t>(record.epoch));
  record.loss = learner.epoch(record.epoch, record.rate);
  if (!std::isfinite(record.loss))
    throw Error(Fault::failed, fmt::format("training, epoch {}", record.epoch + 1), "the loss is no longer a number",
                "A smaller learning_rate, scaled inputs or clip_norm usually mend that");
  ++state.next_epoch;
  bool go_on = state.next_epoch < plan.epochs;
  if (plan.stopping) {
    const std::vector<double> predictions = learner.predict(validation);
    record.validation = hooks.score_validation(predictions, -1);
    if (std::isnan(record.validation))
      throw Error(Fault::failed, fmt::format("training, epoch {}", record.epoch + 1),
                  fmt::format("the early stopping metric {} is undefined on the validation rows", plan.stopping->metric),
                  "Choose another metric or larger validation rows");
    const double gain = (record.validation - state.best) * plan.stopping->direction;
    const bool better = state.best_epoch < 0 || gain > plan.stopping->min_delta;
    if (better) {
      state.best = record.validation;
      state.best_epoch = record.epoch;
      learner.keep_best();
    }
    state.stood_still = better ? 0 : state.stood_still + 1;
    if (plan.schedule.kind == "on_plateau" && state.stood_still > plan.schedule.plateau_patience) {
      state.plateau *= plan.schedule.plateau_factor;
      state.stood_still = 0;
    }
    if (record.epoch - state.best_epoch >= plan.stopping->patience) go_on = false;
  }
  state.epochs.push_back(record);
  if (hooks.progress) hooks.progress(state, plan.epochs);
  if (go_on && hooks.wants_checkpoint && hooks.wants_checkpoint(state)) hooks.put_checkpoint(state, learner.checkpoint());
  return go_on;
}

double half_wave(double from, double to, double share) { return to + (from - to) * 0.5 * (1 + std::cos(std::numbers::pi * share)); }

}  // namespace

std::string TrainingState::to_json() const {
  Json list = Json::array();
  for (const EpochRecord& e : epochs) list.push_back({e.epoch, number(e.loss), number(e.validation), number(e.rate)});
  return Json{{"next_epoch", next_epoch}, {"best_epoch", best_epoch},   {"best", number(best)},
              {"plateau", plateau},       {"stood_still", stood_still}, {"epochs", list}}
      .dump();
}

TrainingState TrainingState::from_json(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    TrainingState state;
    state.next_epoch = json.at("next_epoch").get<std::int64_t>();
    state.best_epoch = json.at("best_epoch").get<std::int64_t>();
    state.best = number(json.at("best"));
    state.plateau = json.at("plateau").get<double>();
    state.stood_still = json.at("stood_still").get<std::int64_t>();
    for (const Json& e : json.at("epochs"))
      state.epochs.push_back({e.at(0).get<std::int64_t>(), number(e.at(1)), number(e.at(2)), number(e.at(3))});
    return state;
  } catch (const Json::exception& e) {
    throw Error(Fault::failed, "reading a checkpoint", e.what());
  }
}

double schedule_factor(const config::TrainSpec::Schedule& schedule, std::int64_t epoch, std::int64_t epochs) {
  if (epoch < schedule.warm_up) return static_cast<double>(epoch + 1) / static_cast<double>(schedule.warm_up + 1);
  epoch -= schedule.warm_up;
  epochs -= schedule.warm_up;
  const auto e = static_cast<double>(epoch), all = static_cast<double>(epochs);
  if (schedule.kind == "step") return std::pow(0.5, static_cast<double>(3 * epoch / epochs));
  if (schedule.kind == "cosine") return half_wave(1, 0, e / all);
  if (schedule.kind == "one_cycle") {
    const double top = 0.3 * (all + 1) - 1, low = 1.0 / 25;
    return e <= top ? half_wave(low, 1, e / top) : half_wave(1, low / 1e4, (e - top) / (all - top));
  }
  ASSAY_CHECK(schedule.kind == "constant" || schedule.kind == "on_plateau", "the reader lets known schedules through only");
  return 1;
}

TrainingState train(Learner& learner, const TrainingPlan& plan, const Rows& validation, const TrainingHooks& hooks,
                    const std::optional<Resume>& resume) {
  TrainingState state;
  if (!learner.traits().by_steps) {
    throw_if_cancelled(hooks);
    const bool evaluates = learner.traits().uses_validation && validation.count > 0 && hooks.score_validation;
    learner.fit(evaluates ? validation : Rows{}, evaluates ? hooks.score_validation : Evaluate{});
    return state;
  }
  ASSAY_CHECK(!plan.stopping || validation.count > 0, "early stopping needs validation rows; run checks that");
  if (resume) {
    state = resume->state;
    learner.resume(resume->learner);
  } else {
    learner.begin();
  }
  bool go_on = state.next_epoch < plan.epochs;
  while (go_on) {
    throw_if_cancelled(hooks);
    go_on = run_epoch(learner, plan, validation, hooks, state);
  }
  if (plan.stopping && state.best_epoch != state.next_epoch - 1) learner.restore_best();
  return state;
}

}  // namespace assay::train
