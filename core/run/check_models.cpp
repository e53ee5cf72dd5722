#include "run/check_models.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "pipeline/fold_data.hpp"
#include "run/learners.hpp"
#include "run/messages.hpp"
#include "run/model_judge.hpp"
#include "run/remote_components.hpp"

namespace assay::run {

namespace {

constexpr std::ptrdiff_t kRows = 4096;                                // the newest ones: what a model begins on is the shape, not the rows
constexpr std::int64_t kPatience = 60 * std::int64_t{1'000'000'000};  // of each, where the file gives no time

bool trains_by_steps(const plugin::LoadedComponent& model) {
  const auto& abilities = model.spec.abilities;
  return std::find(abilities.begin(), abilities.end(), "model.step/1") != abilities.end();
}

bool is_searched(const config::Experiment& experiment, const std::string& path) {
  return experiment.search && std::any_of(experiment.search->space.begin(), experiment.search->space.end(),
                                          [&](const auto& range) { return range.path.starts_with(path + "."); });
}

class ModelCheck {
 public:
  ModelCheck(const config::Experiment& experiment, const ExperimentData& data, const plugin::Registry& registry, Diagnostics& diagnostics)
      : experiment_(experiment), data_(data), registry_(registry), diagnostics_(diagnostics) {}

  void begin(const config::Component& model, const std::string& key) {
    const plugin::LoadedComponent& component = registry_.component("model", model.id);
    if (!trains_by_steps(component) || is_searched(experiment_, key)) return;
    auto& fold = fold_[component.has(ASSAY_ACCEPTS_MISSING) ? 1 : 0];
    if (!fold) fold = some_rows(component.has(ASSAY_ACCEPTS_MISSING));
    if (fold->train.rows() == 0) return;  // check_folds says why
    const char* tried = "does not begin";
    try {
      const std::unique_ptr<train::Learner> begun = learner(model, component, *fold);
      begun->begin();
      if (begun->traits().tells_quantiles && begun->quantiles(first_row(fold->train)).empty()) without_quantiles_.push_back(&model);
      if (const auto& pruning = experiment_.train.network_pruning; pruning && key.starts_with("model") && begun->traits().prunes) {
        tried = "cannot be pruned so";
        begun->size(pruning->units ? plugin::Pruning::units : plugin::Pruning::weights);
      }
    } catch (const Error& e) {
      if (e.fault() != Fault::failed) throw;
      const std::string named_already = model.id + ": ";
      const std::string& reason = e.happened();
      diagnostics_.error(
          model.place,
          fmt::format("{} {}: {}", model.id, tried, reason.starts_with(named_already) ? reason.substr(named_already.size()) : reason),
          e.mend(), key);
    }
  }

  // Models that could give quantiles, were they set up for it; config has told of those that cannot.
  void tell_of_quantiles() {
    if (without_quantiles_.empty()) return;
    const auto gives = [&](const auto& named) {
      const auto& abilities = registry_.component("model", named.second.id).spec.abilities;
      const bool can = std::find(abilities.begin(), abilities.end(), "model.quantiles/1") != abilities.end();
      return can && std::find(without_quantiles_.begin(), without_quantiles_.end(), &named.second) == without_quantiles_.end();
    };
    const auto mend = [](const std::string& id) { return "its parameters say what it learns: `assay plugin show " + id + "`"; };
    if (std::any_of(experiment_.models.begin(), experiment_.models.end(), gives)) {
      const auto& stopping = experiment_.train.early_stopping;
      const auto at = experiment_.places.find("train.early_stopping.metric");
      const bool stops = stopping && registry_.component("metric", stopping->metric).spec.needs_quantiles && at != experiment_.places.end();
      for (const config::Component* model : without_quantiles_) {
        if (stops)
          diagnostics_.error(at->second, "the metric judges quantiles, and " + model->id + " gives none as it stands here", mend(model->id),
                             at->first);
        diagnostics_.warning(model->place, model->id + " gives no quantiles as it stands here: metrics that need them are left out for it",
                             mend(model->id), "evaluate.quantiles");
      }
      return;
    }
    const auto place = experiment_.places.find("evaluate.quantiles");
    const std::string& id = without_quantiles_.front()->id;
    diagnostics_.error(place == experiment_.places.end() ? experiment_.evaluate.place : place->second,
                       experiment_.models.size() == 1 ? "the model " + id + " gives no quantiles as it stands here"
                                                      : "no model gives quantiles as they stand here",
                       mend(id), "evaluate.quantiles");
  }

 private:
  static train::Rows first_row(const pipeline::FoldPart& part) {
    train::Rows rows = train::rows_of(part);
    rows.count = 1;
    return rows;
  }

  pipeline::FoldData some_rows(bool accepts_missing) const {
    for (const pipeline::Fold& fold : data_.folds.folds) {
      pipeline::Fold few;
      few.train.assign(fold.train.end() - std::min(kRows, std::ssize(fold.train)), fold.train.end());
      try {
        return pipeline::assemble_fold(data_.dataset, few, data_.folds,
                                       {experiment_.prepare, experiment_.select, accepts_missing, &indifferent_judge(), experiment_.seed});
      } catch (const pipeline::PreparationError&) {
      }
    }
    return {};
  }

  // What did not ship lives in a worker, whatever the file says of isolation: a check must come to its end.
  std::unique_ptr<train::Learner> learner(const config::Component& model, const plugin::LoadedComponent& component,
                                          const pipeline::FoldData& fold) const {
    const pipeline::Dataset& dataset = data_.dataset;
    const train::LearnerSetup setup =
        learner_setup(experiment_, model, dataset.task, dataset.classes.size(), fold.inputs, fold.train.y, experiment_.seed);
    const train::Rows rows = train::rows_of(fold.train);
    if (component.file->ships) return local_learner(setup, component, rows, {});
    config::ResourcesSpec resources = experiment_.resources;
    if (!resources.timeout) resources.timeout = Span{0, kPatience, 0};
    return worker_learner(setup, component, pack(rows), worker_options(resources, "/proc/self/exe", nullptr));
  }

  const config::Experiment& experiment_;
  const ExperimentData& data_;
  const plugin::Registry& registry_;
  Diagnostics& diagnostics_;
  std::vector<const config::Component*> without_quantiles_;
  std::optional<pipeline::FoldData> fold_[2];  // for models that take missing values, and for others
};

}  // namespace

void check_models(const config::Experiment& experiment, const ExperimentData& data, const plugin::Registry& registry,
                  Diagnostics& diagnostics) {
  if (experiment.is_rule()) return;
  ModelCheck check(experiment, data, registry, diagnostics);
  for (const auto& [name, model] : experiment.models) check.begin(model, experiment.has_models_map ? "models." + name : name);
  check.tell_of_quantiles();
  for (std::size_t i = 0; i < experiment.evaluate.baselines.size(); ++i)
    check.begin(experiment.evaluate.baselines[i], fmt::format("evaluate.baselines.{}", i));
  for (std::size_t i = 0; i < experiment.select.size(); ++i)
    for (const auto& [param, value] : experiment.select[i].params)
      if (const auto* model = std::get_if<config::ComponentValue>(&value.data))
        check.begin({model->id, model->params, experiment.select[i].place}, fmt::format("select.{}.{}", i, param));
}

}  // namespace assay::run
