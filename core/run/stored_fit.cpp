#include "run/stored_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "run/learners.hpp"
#include "run/remote_components.hpp"
#include "run/remote_learner.hpp"
#include "run/revisit.hpp"
#include "run/study_runner.hpp"
#include "train/local_learner.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;

// What the run has of what was asked for, in the order in which it is asked: model, fold, repeat.
[[noreturn]] void no_such_fit(const store::Store& store, const FitChoice& choice, const char* tried) {
  std::vector<std::string> models, folds, repeats;
  const auto note = [](std::vector<std::string>& known, std::string name) {
    if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(std::move(name));
  };
  for (const store::UnitRecord& unit : store.units(choice.run)) {
    if (unit.key.model.starts_with("baseline:") || unit.status != store::UnitStatus::complete) continue;
    note(models, unit.key.model);
    if (unit.key.model != (choice.model.empty() ? models.front() : choice.model)) continue;
    note(folds, std::to_string(unit.key.fold + 1));
    if (choice.fold < 0 || unit.key.fold == choice.fold) note(repeats, std::to_string(unit.key.repeat + 1));
  }
  const auto fault = [&](const std::string& happened, const std::string& mend) {
    return Error(Fault::usage, fmt::format("{} run {}", tried, choice.run), happened, mend);
  };
  if (models.empty()) throw fault("it has no finished fit of a model", fmt::format("`assay runs show {}` lists its fits", choice.run));
  if (!choice.model.empty() && std::find(models.begin(), models.end(), choice.model) == models.end()) {
    const auto near = text::nearest(choice.model, models);
    throw fault(fmt::format("it has no model '{}'", choice.model),
                near ? fmt::format("Did you mean '{}'?", *near) : "It has " + text::join(models, ", "));
  }
  if (repeats.empty())
    throw fault(fmt::format("it has no finished fit of fold {}", choice.fold + 1), "It has those of --fold " + text::join(folds, ", "));
  throw fault(fmt::format("it has no repeat {}", choice.repeat + 1), "It has --repeat " + text::join(repeats, ", "));
}

// The first of the file's models that has finished a fit; empty where none has.
std::string first_model(const std::vector<store::UnitRecord>& units, const config::Experiment& experiment) {
  for (const auto& [name, model] : experiment.models)
    for (const store::UnitRecord& unit : units)
      if (unit.key.model == name && unit.status == store::UnitStatus::complete) return name;
  return {};
}

store::UnitKey choose_unit(const store::Store& store, FitChoice choice, const config::Experiment& experiment, const char* tried) {
  const std::vector<store::UnitRecord> units = store.units(choice.run);
  if (choice.model.empty()) choice.model = first_model(units, experiment);
  std::optional<store::UnitKey> best;
  for (const store::UnitRecord& unit : units) {
    if (unit.key.model.starts_with("baseline:") || unit.key.model != choice.model) continue;
    if (unit.status != store::UnitStatus::complete || unit.key.repeat != choice.repeat) continue;
    if (choice.fold >= 0 && unit.key.fold != choice.fold) continue;
    if (!best || unit.key.fold > best->fold) best = unit.key;
  }
  if (!best) no_such_fit(store, choice, tried);
  return *best;
}

}  // namespace

StoredFit open_fit(const store::Store& store, const FitChoice& choice, const char* tried, const RunContext& context) {
  StoredFit fit;
  fit.run = store.run(choice.run);
  fit.experiment = experiment_of(fit.run, context.registry);
  fit.key = choose_unit(store, choice, fit.experiment, tried);
  if (fit.experiment.search)
    fit.experiment = chosen_experiment(fit.run, fit.experiment, static_cast<std::size_t>(fit.key.fold), context.registry);
  fit.bytes = store.bundle(choice.run, fit.key);
  if (fit.bytes.empty())
    throw Error(Fault::usage, fmt::format("{} run {}", tried, choice.run),
                fit.key.model + " saves no state, so it cannot be used on new data");
  fit.bundle = plugin::parse_bundle({reinterpret_cast<const char*>(fit.bytes.data()), fit.bytes.size()}, "the model bundle");
  const Json note = Json::parse(fit.bundle.note);
  fit.preparation = pipeline::FittedPreparation::from_json(note.at("preparation").dump());
  if (note.contains("features")) fit.features = note.at("features").dump();
  fit.classes = note.at("classes").get<std::vector<std::string>>();
  fit.outputs = outputs_of(fit.experiment, fit.experiment.target.task, fit.classes.size());
  fit.threshold = note.at("threshold").is_null() ? 0.5 : note.at("threshold").get<double>();
  if (note.contains("way_back")) fit.way_back = note.at("way_back").get<std::vector<double>>();
  return fit;
}

std::unique_ptr<train::Learner> learner_of(const StoredFit& fit, const train::Rows& rows, const RunContext& context) {
  const plugin::LoadedComponent& component = context.registry.component("model", fit.bundle.component_id);
  train::LearnerSetup setup;
  setup.model.id = fit.bundle.component_id;
  setup.model.params = fit.bundle.params.params;
  setup.task = fit.experiment.target.task;
  setup.inputs = fit.preparation.outputs();
  setup.outputs = fit.outputs;
  setup.horizons = fit.experiment.target.horizons;
  if (setup.task == config::Task::regression) setup.levels = fit.experiment.evaluate.quantiles;
  setup.seed = fit.bundle.seed;
  std::unique_ptr<train::Learner> learner;
  if (component.file->ships)
    learner = train::learner_here(component, setup, rows, {});
  else  // a model that did not ship lives in a worker, as in a run
    learner = std::make_unique<RemoteLearner>(setup, component.file->path, pack(rows),
                                              worker_options(fit.experiment.resources, context.program, context.cancel));
  learner->load(fit.bytes);
  return learner;
}

}  // namespace assay::run
