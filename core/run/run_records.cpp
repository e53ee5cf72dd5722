#include "run/run_records.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "plugin/cpu_level.hpp"
#include "run/identity.hpp"

namespace assay::run {

std::vector<store::PluginRecord> plugins_in_use(const config::Experiment& experiment, const plugin::Registry& registry) {
  std::map<std::string, store::PluginRecord> records;
  const auto add = [&](const char* kind, const std::string& id) {
    const plugin::LoadedComponent& c = registry.component(kind, id);
    records[c.spec.id] = {c.spec.id, c.spec.version, c.file->path.string(), c.file->sha256(), c.file->variant};
  };
  for (const auto& [name, model] : experiment.models) add("model", model.id);
  for (const config::Component& baseline : experiment.evaluate.baselines) add("model", baseline.id);
  for (const config::Component& selection : experiment.select)
    for (const auto& [name, value] : selection.params)
      if (const auto* model = std::get_if<config::ComponentValue>(&value.data)) add("model", model->id);
  for (const config::Component& metric : experiment.evaluate.metrics) add("metric", metric.id);
  const std::string objective = experiment.search ? experiment.search->metric : experiment.trial ? experiment.trial->metric : "";
  if (!objective.empty() && !objective.starts_with("backtest.")) add("metric", objective);
  if (experiment.train.early_stopping) add("metric", experiment.train.early_stopping->metric);
  if (const auto& pruning = experiment.train.network_pruning; pruning && !pruning->metric.empty()) add("metric", pruning->metric);
  for (const config::FeatureSpec& feature : experiment.features)
    if (feature.component) add("feature", feature.component->id);
  if (experiment.search) add("sampler", experiment.search->sampler.id);
  if (experiment.backtest) add("strategy", experiment.backtest->strategy.id);
  if (experiment.backtest && experiment.backtest->benchmark) add("strategy", experiment.backtest->benchmark->id);
  std::vector<store::PluginRecord> list;
  for (auto& [id, record] : records) list.push_back(std::move(record));
  return list;
}

store::RunRecord new_record(const config::Experiment& experiment, const RunRequest& request, const RunContext& context,
                            const LoadedData& loaded, const std::string& identity, const std::vector<store::PluginRecord>& plugins) {
  store::RunRecord run;
  run.identity = identity;
  run.name = experiment.name;
  run.file = request.file;
  run.original = request.original;
  run.resolved = experiment.resolved;
  run.seed = experiment.seed;
  run.data_hash = loaded.hash;
  run.build = build_id();
  run.machine = machine_text();
  run.cpu_variant = plugin::level_name(plugin::this_cpu().level);
  run.started_at = context.now();
  run.quick = request.quick;
  run.entities = loaded.frame.entity_names();
  run.plugins = plugins;
  return run;
}

std::vector<store::FoldRecord> fold_records(const FoldShelf& shelf) {
  std::vector<store::FoldRecord> records;
  for (std::size_t f = 0; f < shelf.size(); ++f) {
    const pipeline::Fold& fold = shelf.fold(f);
    records.push_back({static_cast<std::int64_t>(f), static_cast<std::int64_t>(fold.train.size()),
                       static_cast<std::int64_t>(fold.validation.size()), static_cast<std::int64_t>(fold.test.size()),
                       fold.purged_train + fold.purged_validation, fold.description});
  }
  return records;
}

std::string paths_json(const ExperimentData& data) {
  using Json = nlohmann::ordered_json;
  const pipeline::TestPaths& paths = data.folds.paths;
  const auto known_at = data.dataset.frame.known_at();
  Json json{{"count", paths.folds.size()}, {"groups", Json::array()}, {"folds", Json::array()}};
  for (const auto& group : paths.groups)
    json["groups"].push_back({{"first", to_iso(known_at[static_cast<std::size_t>(group.front())])},
                              {"last", to_iso(known_at[static_cast<std::size_t>(group.back())])},
                              {"rows", group.size()}});
  for (const auto& path : paths.folds) {
    Json folds = Json::array();
    for (const std::size_t fold : path) folds.push_back(fold + 1);
    json["folds"].push_back(folds);
  }
  return json.dump();
}

RunOutcome failed_outcome(store::RunId id, const std::string& name, const std::vector<std::string>& failures) {
  RunOutcome outcome;
  outcome.id = id;
  outcome.failed = true;
  outcome.evaluated = false;
  const nlohmann::ordered_json json{
      {"run", id}, {"name", name}, {"status", to_text(store::RunStatus::failed)}, {"error", failures.front()}, {"failures", failures}};
  outcome.summary = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return outcome;
}

RunOutcome record_failed_feature(const config::Experiment& experiment, const RunRequest& request, const RunContext& context,
                                 const LoadedData& loaded, const std::string& why) {
  const std::vector<store::PluginRecord> plugins = plugins_in_use(experiment, context.registry);
  const std::string identity = run_identity(experiment.resolved, loaded.hash, build_id(), plugins, request.quick);
  store::Store store(context.store_file, store::Store::Mode::write);
  std::optional<store::RunId> id = store.newest_with_identity(identity);
  if (request.again || !id || store.run(*id).status != store::RunStatus::failed)
    id = store.create_run(new_record(experiment, request, context, loaded, identity, plugins));
  store.finish_run(*id, store::RunStatus::failed, context.now(), "", why, {});
  return failed_outcome(*id, experiment.name, {why});
}

}  // namespace assay::run
