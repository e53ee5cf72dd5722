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
  EpochRecord record{state.next_epoch, 0, std::numeric_limits<double>::quiet_NaN()};
  record.loss = learner.epoch(record.epoch, schedule_factor(plan.schedule, record.epoch, std::max(plan.epochs, plan.schedule_epochs)));
  if (!std::isfinite(record.loss))
    throw Error(Fault::failed, fmt::format("training, epoch {}", record.epoch + 1), "the loss is no longer a number",
                "A smaller learning_rate, scaled inputs or clip_norm usually mend that");
  ++state.next_epoch;
  bool go_on = state.next_epoch < plan.epochs;
  if (plan.stopping) {
    const std::vector<double> predictions = learner.predict(validation);
    record.validation = hooks.score_validation(predictions);
    if (std::isnan(record.validation))
      throw Error(Fault::failed, fmt::format("training, epoch {}", record.epoch + 1),
                  fmt::format("the early stopping metric {} is undefined on the validation rows", plan.stopping->metric),
                  "Choose another metric or larger validation rows");
    const double gain = (record.validation - state.best) * plan.stopping->direction;
    if (state.best_epoch < 0 || gain > plan.stopping->min_delta) {
      state.best = record.validation;
      state.best_epoch = record.epoch;
      learner.keep_best();
    }
    if (record.epoch - state.best_epoch >= plan.stopping->patience) go_on = false;
  }
  state.epochs.push_back(record);
  if (hooks.progress) hooks.progress(state, plan.epochs);
  if (go_on && hooks.wants_checkpoint && hooks.wants_checkpoint(state)) hooks.put_checkpoint(state, learner.checkpoint());
  return go_on;
}

}  // namespace

std::string TrainingState::to_json() const {
  Json list = Json::array();
  for (const EpochRecord& e : epochs) list.push_back({e.epoch, number(e.loss), number(e.validation)});
  return Json{{"next_epoch", next_epoch}, {"best_epoch", best_epoch}, {"best", number(best)}, {"epochs", list}}.dump();
}

TrainingState TrainingState::from_json(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    TrainingState state;
    state.next_epoch = json.at("next_epoch").get<std::int64_t>();
    state.best_epoch = json.at("best_epoch").get<std::int64_t>();
    state.best = number(json.at("best"));
    for (const Json& e : json.at("epochs")) state.epochs.push_back({e.at(0).get<std::int64_t>(), number(e.at(1)), number(e.at(2))});
    return state;
  } catch (const Json::exception& e) {
    throw Error(Fault::failed, "reading a checkpoint", e.what());
  }
}

double schedule_factor(const std::string& schedule, std::int64_t epoch, std::int64_t epochs) {
  const std::int64_t thirds = 3 * epoch / epochs;  // whole ones
  if (schedule == "step") return std::pow(0.5, static_cast<double>(thirds));
  if (schedule == "cosine") return 0.5 * (1 + std::cos(std::numbers::pi * static_cast<double>(epoch) / static_cast<double>(epochs)));
  ASSAY_CHECK(schedule == "constant", "the reader lets known schedules through only");
  return 1;
}

TrainingState train(Learner& learner, const TrainingPlan& plan, const Rows& validation, const TrainingHooks& hooks,
                    const std::optional<Resume>& resume) {
  TrainingState state;
  if (!learner.traits().by_steps) {
    throw_if_cancelled(hooks);
    const bool evaluates = learner.traits().uses_validation && validation.count > 0 && hooks.score_validation;
    learner.fit(evaluates ? validation : Rows{}, evaluates ? Evaluate(hooks.score_validation) : Evaluate{});
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
