#include "audit/subject.hpp"

#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "pipeline/expression.hpp"
#include "pipeline/plugin_features.hpp"
#include "run/fold_shelf.hpp"
#include "run/remote_components.hpp"
#include "run/unit_runner.hpp"

namespace assay::audit {

namespace {

bool is_of_target(const Diagnostic& d) { return d.key.starts_with("target"); }

std::vector<AuditedModel> models_of(const config::Experiment& experiment, const plugin::Registry& registry) {
  std::vector<AuditedModel> models;
  const auto add = [&](const std::string& name, const config::Component& component) {
    const auto& abilities = registry.component("model", component.id).spec.abilities;
    const bool by_steps = std::find(abilities.begin(), abilities.end(), "model.step/1") != abilities.end();
    models.push_back({name, component, by_steps});
  };
  for (const auto& [name, component] : experiment.models) add(name, component);
  const std::vector<std::string> names = config::result_names(experiment.evaluate.baselines);
  for (std::size_t i = 0; i < names.size(); ++i) add(names[i], experiment.evaluate.baselines[i]);
  return models;
}

std::optional<train::Scorer> scorer_of(const std::string& id, const config::Experiment& experiment, const plugin::Registry& registry,
                                       const plugin::ComponentMaker& maker, const pipeline::Dataset& dataset) {
  if (id.empty()) return std::nullopt;
  config::Map params;
  for (const config::Component& metric : experiment.evaluate.metrics)
    if (metric.id == id) params = metric.params;
  return train::Scorer(id, maker.metric(registry.component("metric", id), params), dataset.task,
                       static_cast<std::int64_t>(dataset.classes.size()));
}

class Steps {
 public:
  Steps(const config::Experiment& experiment, const plugin::Registry& registry, std::filesystem::path program,
        const std::atomic<bool>* cancel)
      : experiment_(experiment),
        registry_(registry),
        program_(std::move(program)),
        cancel_(cancel),
        maker_(run::component_maker(experiment.resources, program_, cancel)),
        judge_(run::model_judge(experiment, registry, program_, cancel)),
        accepts_missing_(!experiment.models.empty() &&
                         std::all_of(experiment.models.begin(), experiment.models.end(), [&](const auto& model) {
                           return registry.component("model", model.second.id).has(ASSAY_ACCEPTS_MISSING);
                         })) {}

  Computed compute(const data::Frame& frame) const {
    Computed out;
    Diagnostics diagnostics;
    out.dataset = pipeline::build_dataset(experiment_, frame, pipeline::plugin_features(registry_, *maker_), diagnostics);
    for (const Diagnostic& d : diagnostics.items()) {
      if (d.severity != Severity::error) continue;
      out.has_labels &= !is_of_target(d);
      out.troubles.push_back(d.message);
    }
    return out;
  }

  pipeline::FoldData assemble(const pipeline::Dataset& dataset, const pipeline::Fold& fold, const pipeline::Folds& all) const {
    return pipeline::assemble_fold(dataset, fold, all,
                                   {experiment_.prepare, experiment_.select, accepts_missing_, judge_.get(), experiment_.seed});
  }

  // As the runner fits a unit: the same seed, the same isolation. The fold stands alone, under the number that its seed comes from.
  ModelForecasts forecast(const AuditedModel& model, const pipeline::Dataset& dataset, const pipeline::Fold& fold,
                          const pipeline::Folds& all) const {
    run::ExperimentData data;
    data.dataset = dataset;
    data.folds.folds = {fold};
    data.folds.sealed = all.sealed;
    run::FoldShelf shelf(experiment_, data, registry_, program_, cancel_);
    const bool missing = registry_.component("model", model.component.id).has(ASSAY_ACCEPTS_MISSING);
    run::UnitJob job;
    job.key.model = model.name;
    job.model = model.component;
    job.fold = shelf.take(0, missing, false);
    if (experiment_.train.refit != "none" && !fold.validation.empty()) job.refit_fold = shelf.take(0, missing, true);
    const config::TrainSpec& train = experiment_.train;
    job.stopping = scorer_of(train.early_stopping ? train.early_stopping->metric : "", experiment_, registry_, *maker_, dataset);
    job.pruning = scorer_of(train.network_pruning ? train.network_pruning->metric : "", experiment_, registry_, *maker_, dataset);
    run::UnitContext context{experiment_, data.dataset, registry_, program_, {}, {}, {}, {}, {}};
    context.isolated = experiment_.resources.isolation == "process";
    context.cancel = cancel_;
    context.checkpoint = [] { return std::optional<store::Checkpoint>{}; };
    context.put_checkpoint = [](const store::Checkpoint&) {};
    const store::UnitRecord record = run::run_unit(job, context);
    if (record.status != store::UnitStatus::complete) throw Error(Fault::failed, "fitting " + model.name, record.error);
    std::vector<const store::Predictions*> test;  // of each horizon
    for (const store::Predictions& p : record.predictions)
      if (p.part == "test") test.push_back(&p);
    if (test.size() == 1) return {fold.test, test.front()->value, test.front()->outputs};
    ModelForecasts out{fold.test, {}, std::ssize(test)};
    for (std::size_t i = 0; i < fold.test.size(); ++i)
      for (const store::Predictions* p : test) out.value.push_back(p->value[i]);
    return out;
  }

 private:
  const config::Experiment& experiment_;
  const plugin::Registry& registry_;
  std::filesystem::path program_;
  const std::atomic<bool>* cancel_;
  std::unique_ptr<const plugin::ComponentMaker> maker_;
  std::unique_ptr<const pipeline::InputJudge> judge_;
  bool accepts_missing_;
};

}  // namespace

std::set<std::string> names_read(const config::FeatureSpec& feature) {
  std::set<std::string> names;
  if (!feature.component) {
    for (std::string& name : pipeline::names_in(pipeline::parse_expression(feature.expression, pipeline::Use::feature)))
      names.insert(std::move(name));
    return names;
  }
  const auto add = [&](const config::Value& value) {
    if (const auto* name = std::get_if<std::string>(&value.data)) names.insert(*name);
  };
  for (const auto& [key, value] : feature.component->params) {
    add(value);
    if (const auto* list = std::get_if<config::List>(&value.data)) std::for_each(list->begin(), list->end(), add);
  }
  return names;
}

Subject subject_of(const config::Experiment& experiment, const plugin::Registry& registry, const run::ExperimentData& data,
                   const std::filesystem::path& program, const std::atomic<bool>* cancel, const run::BacktestStage* stage) {
  const auto steps = std::make_shared<const Steps>(experiment, registry, program, cancel);
  Subject subject{experiment, data.loaded.frame, data.dataset, data.folds, {}, models_of(experiment, registry), {}, {}, {}};
  const auto maker = run::component_maker(experiment.resources, program, cancel);
  Diagnostics told_before;
  subject.warmup_rows =
      pipeline::compute_features(experiment, data.loaded.frame, pipeline::plugin_features(registry, *maker), told_before).warmup_rows;
  subject.dated_rows = data.loaded.dated_rows;
  subject.table_known_by = data.loaded.known_by;
  subject.compute = [steps](const data::Frame& frame) { return steps->compute(frame); };
  subject.assemble = [steps](const pipeline::Dataset& dataset, const pipeline::Fold& fold, const pipeline::Folds& all) {
    return steps->assemble(dataset, fold, all);
  };
  subject.forecast = [steps](const AuditedModel& model, const pipeline::Dataset& dataset, const pipeline::Fold& fold,
                             const pipeline::Folds& all) { return steps->forecast(model, dataset, fold, all); };
  if (stage != nullptr && experiment.backtest)
    subject.market = [&experiment, &registry, program, cancel, stage](const data::Frame& frame) {
      return stage->open({experiment, frame, registry, {experiment.backtest->strategy}, program, cancel});
    };
  return subject;
}

}  // namespace assay::audit
