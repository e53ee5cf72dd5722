#include "run/revisit.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "config/experiment_reader.hpp"
#include "run/backtest_run.hpp"
#include "run/ledger_question.hpp"
#include "run/remote_components.hpp"
#include "run/stamps.hpp"
#include "run/study_runner.hpp"
#include "run/summary.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;

train::ForecastsByHorizon sealed_forecasts(const store::Store& store, store::RunId id, const std::string& key_name, const std::string& name,
                                           const std::vector<store::UnitRecord>& units, const pipeline::Dataset& dataset,
                                           const std::vector<std::int64_t>& rows_by_source) {
  train::ForecastsByHorizon out = no_forecasts(name, key_name != name, dataset, 0);
  for (const store::UnitRecord& unit : units) {
    if (unit.key.model != key_name) continue;
    auto sets = part_forecasts(store.predictions(id, unit.key), "final_test", unit.extra, dataset, rows_by_source);
    if (sets.empty()) continue;
    for (train::ModelForecasts& one : out) one.repeats.emplace_back();
    add_fold(out, out.front().repeats.size() - 1, std::move(sets));
  }
  return out;
}

// The strategy over the sealed span, stored once it was looked at.
std::string sealed_backtest(store::Store& store, store::RunId id, const config::Experiment& experiment, const ExperimentData& data,
                            const RunContext& context, const std::vector<train::ForecastsByHorizon>& models) {
  const TimeSpan span = span_of(data.folds.sealed->test, data.dataset);
  const pipeline::Dataset& dataset = data.dataset;
  BacktestRequest request{experiment, dataset, context, dataset.frame, {{span.first, experiment.backtest->strategy}}, span, {}};
  for (const train::ForecastsByHorizon& model : models) {
    const std::string& traded = experiment.backtest->model.empty() ? experiment.models.front().first : experiment.backtest->model;
    if (model.front().model == traded) request.forecasts = by_frame_row(model, data.dataset);
  }
  BacktestResults results = run_backtests(request);
  for (store::BacktestRecord& record : results.records) {
    record.name = record.name == "strategy" ? "final_test" : "final_test_benchmark";
    store.put_backtest(id, record);
  }
  return results.json;
}

}  // namespace

config::Experiment experiment_of(const store::RunRecord& run, const plugin::Registry& registry) {
  return config::experiment_from_resolved(run.resolved, std::filesystem::path(run.file).parent_path(), run.name, &registry);
}

std::optional<Revealed> reveal(store::Store& store, store::RunId id, const RunContext& context, Diagnostics& diagnostics) {
  const store::RunRecord run = store.run(id);
  if (run.status != store::RunStatus::complete)
    throw Error(Fault::usage, fmt::format("revealing run {}", id), fmt::format("it is {}, not complete", to_text(run.status)));
  config::Experiment experiment = experiment_of(run, context.registry);
  if (!experiment.split.final_test)
    throw Error(Fault::usage, fmt::format("revealing run {}", id), "its split has no final_test",
                "Add split.final_test to the file and run it again");
  if (experiment.trial)
    throw Error(Fault::usage, fmt::format("revealing run {}", id), "it is one trial of a search, which sees no sealed row",
                "Reveal the run of the search itself: it opens them with what it chose");
  LoadOptions options;
  options.cache_folder = context.cache_folder;
  options.progress = context.reading;
  options.program = context.program;
  options.cancel = context.cancel;
  if (experiment.search) {
    const auto folds = static_cast<std::size_t>(store.folds(id).size());  // the sealed one is the last
    experiment = chosen_experiment(run, experiment, folds - 1, context.registry);
  }
  const std::optional<ExperimentData> data = prepare_data(experiment, context.registry, options, diagnostics);
  if (!data) return std::nullopt;
  if (data->loaded.hash != run.data_hash)
    throw Error(Fault::data, fmt::format("revealing run {}", id), "the data are no longer what the run saw (their hash differs)",
                "Bring the data back as they were, or run the experiment again");
  const TimeNs at = context.now();
  const store::Question question = sealed_question(*data);
  store::Ledger ledger(context.ledger_file);
  ledger.add_reveal(question, configuration_hash(experiment), at, store.file().string() + "#" + std::to_string(id));
  const std::int64_t record = store.put_reveal(id, at, "final_test");
  const auto rows_by_source = frame_rows_by_source(data->dataset.frame);
  const std::vector<store::UnitRecord> units = store.units(id);
  const auto maker = component_maker(experiment.resources, context.program, context.cancel);
  SummaryInput input{experiment, data->dataset, context.registry, *maker, {}, {}};
  for (const auto& [name, model] : experiment.models)
    input.models.push_back(sealed_forecasts(store, id, name, name, units, data->dataset, rows_by_source));
  std::map<std::string, bool> seen;
  for (const store::UnitRecord& unit : units) {
    if (!unit.key.model.starts_with("baseline:") || seen[unit.key.model]) continue;
    seen[unit.key.model] = true;
    input.baselines.push_back(sealed_forecasts(store, id, unit.key.model, unit.key.model.substr(9), units, data->dataset, rows_by_source));
  }
  if (experiment.backtest) input.backtest = sealed_backtest(store, id, experiment, *data, context, input.models);
  Json json{{"run", id}, {"name", run.name}, {"part", "final_test"}, {"reveals", ledger.reveals(question)}};
  json["stamps"] = stamps_json(experiment);
  const Summary summary = summarise(input);
  json.update(Json::parse(summary.json));
  if (!summary.failures.empty()) json["failures"] = summary.failures;
  Revealed revealed{json.dump(-1, ' ', false, Json::error_handler_t::replace), summary.accepted};
  store.put_reveal_summary(record, revealed.summary);
  return revealed;
}

}  // namespace assay::run
