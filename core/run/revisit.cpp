#include "run/revisit.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "config/experiment_reader.hpp"
#include "run/backtest_run.hpp"
#include "run/ledger_question.hpp"
#include "run/remote_components.hpp"
#include "run/study_runner.hpp"
#include "run/summary.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

// How many numbers differ and by how much at most; NaN against a number counts as infinitely far.
Difference compare_values(const std::string& name, const std::vector<double>& a, const std::vector<double>& b) {
  Difference out;
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (same_bits(a[i], b[i])) continue;
    ++count;
    const double distance = std::abs(a[i] - b[i]);
    out.largest = std::max(out.largest, std::isnan(distance) ? INFINITY : distance);
  }
  if (count > 0) out.what = fmt::format("{}: {} of {} values differ, by up to {:.3g}", name, count, a.size(), out.largest);
  return out;
}

void compare_unit(const store::Store& store, store::RunId a, store::RunId b, const store::UnitKey& key, std::vector<Difference>& out) {
  const std::string name = fmt::format("{}, fold {}, repeat {}", key.model, key.fold + 1, key.repeat + 1);
  const auto of_a = store.predictions(a, key), of_b = store.predictions(b, key);
  if (of_a.size() != of_b.size()) {
    out.push_back({name + ": other sets of forecasts", INFINITY});
    return;
  }
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    const store::Predictions &x = of_a[i], &y = of_b[i];
    const std::string part = name + ", " + x.part;
    if (x.part != y.part || x.row != y.row || x.value.size() != y.value.size() || x.truth.size() != y.truth.size()) {
      out.push_back({part + (x.part != y.part ? " against " + y.part : ": other rows"), INFINITY});
      continue;
    }
    if (x.known_at != y.known_at || x.label_end != y.label_end) out.push_back({part + ": other times", INFINITY});
    if (Difference d = compare_values(part, x.value, y.value); !d.what.empty()) out.push_back(std::move(d));
    if (Difference d = compare_values(part + ", truth", x.truth, y.truth); !d.what.empty()) out.push_back(std::move(d));
  }
  if (store.bundle(a, key) != store.bundle(b, key)) out.push_back({name + ": the saved states differ", 0});
}

train::ModelForecasts sealed_forecasts(const store::Store& store, store::RunId id, const std::string& key_name, const std::string& name,
                                       const std::vector<store::UnitRecord>& units, const pipeline::Dataset& dataset,
                                       const std::vector<std::int64_t>& rows_by_source) {
  train::ModelForecasts out{name, key_name != name, {}};
  for (const store::UnitRecord& unit : units) {
    if (unit.key.model != key_name) continue;
    for (const store::Predictions& p : store.predictions(id, unit.key))
      if (p.part == "final_test") out.repeats.push_back({forecasts_of(p, unit.extra, dataset, rows_by_source)});
  }
  return out;
}

// The strategy over the sealed span, stored once it was looked at.
std::string sealed_backtest(store::Store& store, store::RunId id, const config::Experiment& experiment, const ExperimentData& data,
                            const RunContext& context, const std::vector<train::ModelForecasts>& models) {
  const TimeSpan span = span_of(data.folds.sealed->test, data.dataset);
  const pipeline::Dataset& dataset = data.dataset;
  BacktestRequest request{experiment, dataset, context, dataset.frame, {{span.first, experiment.backtest->strategy}}, span, {}};
  for (const train::ModelForecasts& model : models) {
    const std::string& traded = experiment.backtest->model.empty() ? experiment.models.front().first : experiment.backtest->model;
    if (model.model != traded) continue;
    for (const auto& folds : model.repeats) request.forecasts.push_back(by_frame_row(folds, data.dataset));
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

std::optional<std::string> reveal(store::Store& store, store::RunId id, const RunContext& context, Diagnostics& diagnostics) {
  const store::RunRecord run = store.run(id);
  if (run.status != store::RunStatus::complete)
    throw Error(Fault::usage, fmt::format("revealing run {}", id), fmt::format("it is {}, not complete", to_text(run.status)));
  config::Experiment experiment = experiment_of(run, context.registry);
  if (!experiment.split.final_test)
    throw Error(Fault::usage, fmt::format("revealing run {}", id), "its split has no final_test",
                "Add split.final_test to the file and run it again");
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
  store.put_reveal(id, at, "final_test");
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
  const Summary summary = summarise(input);
  json.update(Json::parse(summary.json));
  if (!summary.failures.empty()) json["failures"] = summary.failures;
  return json.dump();
}

std::vector<Difference> differences(const store::Store& store, store::RunId a, store::RunId b) {
  std::vector<Difference> out;
  const std::vector<store::UnitKey> of_a = store.finished_units(a), of_b = store.finished_units(b);
  if (of_a != of_b) out.push_back({fmt::format("{} fits against {}", of_a.size(), of_b.size()), INFINITY});
  for (const store::UnitKey& key : of_a)
    if (std::find(of_b.begin(), of_b.end(), key) != of_b.end()) compare_unit(store, a, b, key, out);
  const auto key_of = [](const store::MetricRecord& m) { return fmt::format("{} {} fold {}", m.model, m.name, m.fold + 1); };
  std::map<std::string, store::MetricRecord> metrics;
  for (const store::MetricRecord& m : store.metrics(a)) metrics.emplace(key_of(m), m);
  for (const store::MetricRecord& m : store.metrics(b)) {
    const auto found = metrics.find(key_of(m));
    if (found == metrics.end()) {
      out.push_back({fmt::format("{}: in run {} only", key_of(m), b), INFINITY});
      continue;
    }
    const store::MetricRecord& other = found->second;
    if (Difference d = compare_values(key_of(m), {other.value, other.low, other.high, other.spread}, {m.value, m.low, m.high, m.spread});
        !d.what.empty())
      out.push_back(std::move(d));
    metrics.erase(found);
  }
  for (const auto& [key, left] : metrics) out.push_back({fmt::format("{}: in run {} only", key, a), INFINITY});
  return out;
}

std::vector<std::string> circumstances(const store::RunRecord& a, const store::RunRecord& b) {
  std::vector<std::string> out;
  const auto differ = [&](const char* what, const std::string& x, const std::string& y) {
    if (x != y) out.push_back(fmt::format("{}: {} against {}", what, x.empty() ? "none" : x, y.empty() ? "none" : y));
  };
  differ("build", a.build.substr(0, 12), b.build.substr(0, 12));
  differ("CPU level", a.cpu_variant, b.cpu_variant);
  differ("machine", a.machine, b.machine);
  differ("data", a.data_hash.substr(0, 12), b.data_hash.substr(0, 12));
  if (a.resolved != b.resolved) out.push_back("the resolved files differ");
  std::map<std::string, std::pair<const store::PluginRecord*, const store::PluginRecord*>> plugins;
  for (const store::PluginRecord& p : a.plugins) plugins[p.id].first = &p;
  for (const store::PluginRecord& p : b.plugins) plugins[p.id].second = &p;
  for (const auto& [id, pair] : plugins) {
    const auto describe = [](const store::PluginRecord* p) {
      return p == nullptr ? std::string() : fmt::format("{} {} {}", p->version, p->variant, p->sha256.substr(0, 12));
    };
    differ(("plugin " + id).c_str(), describe(pair.first), describe(pair.second));
  }
  return out;
}

}  // namespace assay::run
