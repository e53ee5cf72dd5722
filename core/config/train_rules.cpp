#include "config/train_rules.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/text.hpp"

#include "config/key_rules.hpp"

namespace assay::config {

namespace {

bool can(const ComponentSpec& spec, const char* ability) {
  return std::find(spec.abilities.begin(), spec.abilities.end(), ability) != spec.abilities.end();
}

class TrainRules : KeyRules {
 public:
  TrainRules(const Experiment& e, const Checked& checked, const JoinedCatalogue& catalogue, Known time, Diagnostics& diagnostics)
      : KeyRules(e, checked, diagnostics, {e.file.string(), 0, 0, 1}), catalogue_(catalogue), time_(time) {}

  void all() {
    class_keys();
    train_weights();
    network_pruning();
    schedule();
    idle_training_keys();
  }

 private:
  void class_keys();
  void train_weights();
  void network_pruning();
  void schedule();
  void idle_training_keys();

  const JoinedCatalogue& catalogue_;
  Known time_;
};

void TrainRules::class_keys() {
  if (!given("train.class_weight") || !good("train.class_weight") || !good("target") || !given("target.task")) return;
  if (e_.target.task == Task::regression)
    error_at_key("train.class_weight", "class weights need classes, and target.task is regression", "remove them");
  if (e_.target.task == Task::binary && !e_.train.balanced && e_.train.class_weight.size() != 2)
    error("train.class_weight", "a binary task has 2 classes, and there are " + std::to_string(e_.train.class_weight.size()) + " weights",
          "write [weight of class 0, weight of class 1]");
}

// What needs classes, time or a model that takes weights.
void TrainRules::train_weights() {
  const auto& weight = e_.train.sample_weight;
  if (e_.train.resample && good("target") && given("target.task") && e_.target.task == Task::regression)
    error_at_key("train.resample", "drawing rows by class needs classes, and target.task is regression", "remove it");
  if (!weight || !good("train.sample_weight")) return;
  if (!weight->uniqueness && weight->decay == 1 && !weight->half_life && weight->column.empty())
    error_at_key("train.sample_weight", "no weight is asked for", "add uniqueness: true, decay, half_life or column");
  const bool timed = weight->uniqueness || weight->decay != 1 || weight->half_life;
  if (timed && time_ == Known::no)
    error_at_key("train.sample_weight", "weights by overlap and age need time, and this is a plain table",
                 "name data.time, or weigh by `column`");
  if (weight->half_life && weight->half_life->is_zero())
    error("train.sample_weight.half_life", "a half-life of zero leaves nothing", "leave the key out for none");
  for (const auto& [name, model] : e_.models) {
    const ComponentSpec* spec = catalogue_.find("model", model.id);
    if (spec == nullptr || spec->takes_weights || spec->baseline) continue;
    std::vector<std::string> fitting;
    for (const ComponentSpec* other : catalogue_.all("model")) {
      if (other->takes_weights && !other->baseline) fitting.push_back(other->id);
    }
    error_at_key("train.sample_weight", "the model " + model.id + " does not take weights of rows",
                 fitting.empty() ? "remove them" : "remove them, or choose one that does: " + text::join(fitting, ", "));
  }
}

void TrainRules::network_pruning() {
  const auto& pruning = e_.train.network_pruning;
  if (!pruning || !good("train.network_pruning")) return;
  const std::string key = "train.network_pruning";
  for (std::size_t i = 1; i < pruning->sparsity.size(); ++i)
    if (pruning->sparsity[i] <= pruning->sparsity[i - 1])
      error(key + ".sparsity." + std::to_string(i), "shares rise from one to the next, and this one does not", "sort them, each once");
  if (pruning->sparsity.size() > 1 && pruning->metric.empty())
    error_at_key(key, "several shares, and nothing says which becomes the model",
                 "add choose: {metric: ...}, which looks at validation rows alone, or leave one share");
  if (pruning->fine_tune_epochs == 0 && pruning->schedule != "one_shot")
    error_at_key(key, "without further epochs the share cannot rise over them", "write schedule: one_shot, or give fine_tune_epochs");
  if (e_.train.refit != "none")
    error_at_key(key, "a network that is pruned is not fitted again: refit has to be none",
                 "take train.refit or train.network_pruning out");
  std::vector<std::string> fitting;
  for (const ComponentSpec* other : catalogue_.all("model"))
    if (can(*other, "model.prune/1")) fitting.push_back(other->id);
  bool any = e_.models.empty();
  for (const auto& [name, model] : e_.models) {
    const ComponentSpec* spec = catalogue_.find("model", model.id);
    any = any || spec == nullptr || can(*spec, "model.prune/1");
  }
  if (!any)
    error_at_key(key,
                 e_.models.size() == 1 ? "the model " + e_.models.front().second.id + " cannot be pruned" : "no model here can be pruned",
                 fitting.empty() ? "remove it" : "remove it, or choose a model that can: " + text::join(fitting, ", "));
}

void TrainRules::schedule() {
  const TrainSpec::Schedule& schedule = e_.train.schedule;
  if (schedule.warm_up >= e_.train.epochs && good("train.warm_up") && good("train.epochs"))
    error("train.warm_up", "the learning rate would be warming up to the end", "leave more epochs than those");
  if (schedule.kind == "on_plateau" && !e_.train.early_stopping && good("train.schedule") && good("train.early_stopping"))
    error("train.schedule", "on_plateau needs a metric on validation rows that can stand still", "add train.early_stopping: {metric: ...}");
}

// What counts for epochs only, where every model is fitted at once: said where it is not what stands there anyway.
void TrainRules::idle_training_keys() {
  if (e_.models.empty()) return;
  std::vector<std::string> ids;
  for (const auto& [name, model] : e_.models) ids.push_back(model.id);
  for (const Component& baseline : e_.evaluate.baselines) ids.push_back(baseline.id);
  for (const Component& selection : e_.select)
    for (const auto& [name, value] : selection.params)
      if (const auto* asked = std::get_if<ComponentValue>(&value.data)) ids.push_back(asked->id);
  for (const std::string& id : ids) {
    const ComponentSpec* spec = catalogue_.find("model", id);
    if (spec == nullptr || !can(*spec, "model.fit/1") || can(*spec, "model.step/1")) return;
  }
  const bool one = e_.models.size() == 1;
  const std::string whose = one ? e_.models.front().second.id + " is" : "all models here are";
  const auto idle = [&](const std::string& key, bool differs) {
    if (!differs || !given("/" + key) || !good(key)) return;
    diagnostics_.warning(key_place(key), "'" + key + "' does nothing: " + whose + " fitted at once, not in epochs", "take it out", key);
  };
  if (e_.train.early_stopping && given("/train.early_stopping") && good("train.early_stopping"))
    diagnostics_.warning(
        key_place("train.early_stopping"), "'train.early_stopping' ends no epochs: " + whose + " fitted at once",
        "keep it where the model stops by scores of the validation rows, as boosting.xgboost does with its own `patience`; "
        "else take it out",
        "train.early_stopping");
  const TrainSpec usual;
  idle("train.repeats", e_.train.repeats != usual.repeats);
  idle("train.epochs", e_.train.epochs != usual.epochs);
}

}  // namespace

void check_train_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue& catalogue, Known time,
                       Diagnostics& diagnostics) {
  TrainRules(experiment, checked, catalogue, time, diagnostics).all();
}

}  // namespace assay::config
