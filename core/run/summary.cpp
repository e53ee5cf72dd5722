#include "run/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/simulate_credit.hpp"
#include "run/credit_tables.hpp"
#include "run/evaluated_model.hpp"
#include "run/held_windows.hpp"
#include "run/number_json.hpp"
#include "run/quantile_table.hpp"
#include "stats/forecast_tests.hpp"
#include "stats/roc.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;

Json numbers(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double v : values) list.push_back(number_json(v));
  return list;
}

Json to_json(const train::MetricResult& m) {
  Json json{{"value", number_json(m.value)},
            {"low", number_json(m.low)},
            {"high", number_json(m.high)},
            {"aggregate", m.aggregate},
            {"per_fold", numbers(m.per_fold)}};
  if (!m.failure.empty()) json["error"] = m.failure;
  if (m.per_repeat.size() > 1) {
    json["per_repeat"] = numbers(m.per_repeat);
    json["spread"] = number_json(m.spread);
  }
  if (!m.per_path.empty()) {
    json["per_path"] = numbers(m.per_path);
    json["path_spread"] = number_json(m.path_spread);
  }
  if (!m.table.empty()) {
    Json table = Json::object();
    for (std::size_t k = 0; k < m.table.size(); ++k) table[m.table_names[k]] = number_json(m.table[k]);
    json["table"] = table;
  }
  return json;
}

Json to_json(const std::vector<train::MetricResult>& metrics) {
  Json json = Json::object();
  for (const train::MetricResult& m : metrics) json[m.name] = to_json(m);
  return json;
}

Json to_json(const train::Comparison& c) {
  Json json{{"opponent", c.opponent},
            {"test", c.test},
            {"measure", c.measure},
            {"difference", number_json(c.difference)},
            {"p", number_json(c.p)},
            {"p_holm", number_json(c.p_holm)},
            {"p_two_sided", number_json(c.p_two_sided)},
            {"smallest_effect", number_json(c.smallest_effect)},
            {"better", c.better}};
  if (c.horizon > 0) json["horizon"] = c.horizon;
  return json;
}

Json to_json(const std::vector<train::Comparison>& comparisons) {
  Json list = Json::array();
  for (const train::Comparison& c : comparisons) list.push_back(to_json(c));
  return list;
}

void record(std::vector<store::MetricRecord>& out, const std::string& model, const std::vector<train::MetricResult>& metrics) {
  for (const train::MetricResult& m : metrics) {
    out.push_back({model, m.name, -1, m.aggregate, m.value, m.low, m.high, m.spread});
    const double nan = std::numeric_limits<double>::quiet_NaN();
    if (m.per_fold.size() > 1)
      for (std::size_t f = 0; f < m.per_fold.size(); ++f)
        out.push_back({model, m.name, static_cast<std::int64_t>(f), "", m.per_fold[f], nan, nan, nan});
    for (std::size_t p = 0; p < m.per_path.size(); ++p)
      out.push_back({model, m.name, -1, "", m.per_path[p], nan, nan, nan, static_cast<std::int64_t>(p)});
  }
}

// Figures of the backtest stand among the metrics, so that `runs compare` puts them side by side.
void record_figures(std::vector<store::MetricRecord>& out, const Json& backtest) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [name, convention] : backtest.at("conventions").items()) {
    const Json& value = backtest.at(name);
    if (value.is_number()) out.push_back({"backtest", name, -1, "", value.get<double>(), nan, nan, nan});
  }
}

void add_failures(std::vector<std::string>& out, const EvaluatedModel& model) {
  for (const train::MetricResult& m : model.metrics)
    if (!m.failure.empty()) out.push_back(fmt::format("metric {} of {}: {}", m.name, model.name, m.failure));
}

std::optional<double> look_up(const Json& metrics, std::string_view name, std::string_view part) {
  const auto found = metrics.find(std::string(name));
  if (found == metrics.end()) return std::nullopt;
  const Json& value = (*found).at(part.empty() ? "value" : std::string(part));
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

// "0.7", "auc", "auc.low", or "prior.auc" and "prior.auc.high" for a baseline's or another model's.
std::optional<double> operand(const Json& json, const std::string& text) {
  if (const auto value = text::to_real(text)) return value;
  const auto parts = text::split(text, '.');
  if (parts.size() == 2 && (parts[0] == "backtest" || parts[0] == "benchmark")) {
    if (!json.contains("backtest")) return std::nullopt;
    const Json& figures = parts[0] == "backtest" ? json.at("backtest") : json.at("backtest").at("benchmark");
    const Json& value = figures.value(std::string(parts[1]), Json());
    return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
  }
  const auto is_part = [](std::string_view p) { return p == "low" || p == "high" || p == "value"; };
  if (parts.size() == 1) return look_up(json.at("metrics"), parts[0], "");
  if (parts.size() == 2 && is_part(parts[1])) return look_up(json.at("metrics"), parts[0], parts[1]);
  const std::string_view part = parts.size() == 3 && is_part(parts[2]) ? parts[2] : std::string_view{};
  if (parts.size() == 2 || !part.empty()) {
    for (const char* group : {"baselines", "models"}) {
      const auto found = json.find(group);
      if (found == json.end()) continue;
      for (const auto& [name, metrics] : found->items())
        if (name == parts[0]) return look_up(metrics.contains("metrics") ? metrics.at("metrics") : metrics, parts[1], part);
    }
  }
  return std::nullopt;
}

bool holds(double left, const std::string& op, double right) {
  if (op == ">") return left > right;
  if (op == ">=") return left >= right;
  if (op == "<") return left < right;
  if (op == "<=") return left <= right;
  if (op == "==") return left == right;
  return op == "!=" && left != right;
}

Json accept_results(const SummaryInput& input, const Json& json, bool& accepted) {
  Json list = Json::array();
  for (const config::AcceptSpec& criterion : input.experiment.accept) {
    const auto left = operand(json, criterion.left), right = operand(json, criterion.right);
    const bool met = left && right && holds(*left, criterion.op, *right);
    if (!met) accepted = false;
    list.push_back({{"criterion", criterion.text},
                    {"left", left ? number_json(*left) : Json()},
                    {"right", right ? number_json(*right) : Json()},
                    {"met", met}});
  }
  return list;
}

Json details(const SummaryInput& input, const EvaluatedModel& model, std::vector<std::string>& failures) {
  Json json = Json::object();
  const train::ForecastSet& typical = model.horizons.front().typical;
  json["coverage"] = number_json(model.coverage());
  json["test_rows"] = typical.rows() + typical.not_forecast;
  const auto differs = [&](const EvaluatedHorizon& h) { return h.typical.rows() != typical.rows(); };
  if (std::any_of(model.horizons.begin(), model.horizons.end(), differs))
    for (const EvaluatedHorizon& h : model.horizons)
      json["coverage_by_horizon"][std::to_string(h.horizon)] = number_json(h.typical.coverage());
  if (input.dataset.task == config::Task::binary) {
    json["threshold"] = {{"value", number_json(typical.threshold)},
                         {"rows", input.experiment.evaluate.threshold.fixed ? "fixed" : input.experiment.evaluate.threshold.rows},
                         {"by", input.experiment.evaluate.threshold.fixed ? Json() : Json(input.experiment.evaluate.threshold.by)}};
    json["calibration"] = calibration_json(typical);
  }
  if (!input.experiment.evaluate.segments.empty()) {
    try {
      for (const EvaluatedHorizon& h : model.horizons)
        segments_json(json["segments"], input.experiment.evaluate.segments, h.sound, h.typical, input.dataset, h.horizon);
    } catch (const Error& e) {  // a metric that went well on all rows did not on few
      if (e.fault() == Fault::interrupted) throw;
      failures.push_back(fmt::format("segments of {}: {}", model.name, e.what()));
    }
  }
  if (!input.dataset.protected_columns.empty() && input.dataset.task == config::Task::binary)
    json["fairness"] = fairness_json(typical, input.dataset);
  return json;
}

// {MODEL: {"96": {"windows", "left_out", "mse", "mae"}, ...}}
void add_held_windows(const SummaryInput& input, const std::vector<EvaluatedModel>& models, Json& json) {
  for (const EvaluatedModel& model : models)
    for (const HeldWindow& w :
         held_windows(model.horizons.front().typical, input.dataset, input.train_rows, *input.experiment.evaluate.held_windows))
      json[model.name][std::to_string(w.steps)] = {
          {"windows", w.windows}, {"left_out", w.left_out}, {"mse", number_json(w.mse)}, {"mae", number_json(w.mae)}};
}

// What no model can be expected to beat on these test rows: the AUC that ranking by the true probabilities is expected to reach when labels
// are drawn from them, and the one that it reaches on the labels that were drawn (a model's AUC carries the same luck: compare with this).
Json best_possible(const SummaryInput& input, const train::ForecastSet& test) {
  std::vector<double> probability;
  for (const std::int64_t row : test.row)
    probability.push_back(
        input.true_probability[static_cast<std::size_t>(input.dataset.frame.source_row()[static_cast<std::size_t>(row)])]);
  return {{"expected_auc", number_json(data::expected_auc(probability))}, {"auc", number_json(stats::auc(test.truth, probability))}};
}

// Two-sided, since neither model was named as the one to beat; after Holm over all pairs of the run.
std::string pair_verdict(const Json& comparison, double level) {
  const std::string a = comparison.at("model").get<std::string>(), b = comparison.at("opponent").get<std::string>();
  const Json &p = comparison.at("p_holm"), &difference = comparison.at("difference");
  const std::string at = comparison.contains("horizon") ? fmt::format(" at horizon {}", comparison.at("horizon").get<std::int64_t>()) : "";
  if (p.is_null() || difference.is_null()) return fmt::format("{} against {}{}: the test is undefined", a, b, at);
  const bool first = difference.get<double>() > 0;
  if (p.get<double>() >= level) return fmt::format("no gain: {} is not shown to be better than {}{}", first ? a : b, first ? b : a, at);
  return fmt::format("{} is better than {}{}", first ? a : b, first ? b : a, at);
}

Json pairwise(const SummaryInput& input, const std::vector<EvaluatedModel>& models) {
  Json list = Json::array();
  std::vector<double> p;
  for (std::size_t a = 0; a < models.size(); ++a)
    for (std::size_t b = a + 1; b < models.size(); ++b) {
      for (const train::Comparison& pair : comparisons(input, models[a], {models[b]})) {
        list.push_back(to_json(pair));
        list.back().erase("better");
        list.back()["model"] = models[a].name;
        p.push_back(pair.p_two_sided);
      }
    }
  const std::vector<double> adjusted = stats::holm(p);  // of many pairs some look different by luck
  for (std::size_t i = 0; i < list.size(); ++i) {
    list[i]["p_holm"] = number_json(adjusted[i]);
    list[i]["verdict"] = pair_verdict(list[i], 1 - input.experiment.evaluate.confidence);
  }
  return list;
}

// The curve over shares: size, speed and metrics of each, with the difference to the network as trained and a two-sided test of it. What
// stands under "measured" is not the same twice.
Json pruning_json(const SummaryInput& input, const PruningCurve& curve, std::vector<std::string>& failures) {
  Json json{{"method", curve.method},
            {"fits", curve.fits},
            {"choice", curve.metric.empty() ? Json() : Json(curve.metric)},
            {"levels", Json::array()}};
  std::optional<EvaluatedModel> trained;
  for (const PruningLevel& level : curve.levels) {
    EvaluatedModel now = evaluated(input, level.forecasts);
    now.name = curve.model + (trained ? " pruned by " + text::shortest(level.sparsity) : " as trained");
    add_failures(failures, now);
    Json line{{"sparsity", number_json(level.sparsity)},
              {"reached", number_json(level.reached)},
              {"parameters", level.parameters},
              {"zeros", level.zeros},
              {"bytes", level.bytes},
              {"validation", number_json(level.validation)},
              {"chosen", level.chosen},
              {"metrics", Json::object()},
              {"comparison", Json()},
              {"measured",
               {{"one_row_seconds", number_json(level.one_row)},
                {"batch_seconds_a_row", number_json(level.batch)},
                {"one_row_speedup", number_json(level.one_row_speedup)},
                {"batch_speedup", number_json(level.batch_speedup)}}}};
    for (std::size_t m = 0; m < now.metrics.size(); ++m) {
      const train::MetricResult& metric = now.metrics[m];
      if (!metric.table.empty()) continue;
      line["metrics"][metric.name] = {
          {"value", number_json(metric.value)}, {"low", number_json(metric.low)}, {"high", number_json(metric.high)}};
      if (trained) line["metrics"][metric.name]["difference"] = number_json(metric.value - trained->metrics[m].value);
    }
    if (trained) {
      Json tests = to_json(comparisons(input, now, {*trained}));
      for (Json& test : tests)
        for (const char* one_sided : {"p", "p_holm", "better", "opponent"}) test.erase(one_sided);
      line["comparison"] = tests.front();
      if (tests.size() > 1) line["comparisons"] = tests;
    } else {
      trained = std::move(now);
    }
    json["levels"].push_back(std::move(line));
  }
  return json;
}

}  // namespace

bool pools(const config::Experiment& experiment) {
  const std::string& use = experiment.split.use;
  if (use == "by_group" || use == "by_entity") return experiment.split.test.has_value();  // all folds test one span: a panel
  return use != "k_fold" && use != "purged_k_fold" && use != "combinatorial_purged";
}

std::int64_t horizon_of(const pipeline::Dataset& dataset, std::int64_t horizon) {
  std::int64_t lead = dataset.lead_rows;
  for (const pipeline::HorizonLabels& h : dataset.horizons)
    if (h.rows == horizon) lead = h.lead_rows;
  return std::max<std::int64_t>(1, lead);
}

std::vector<std::int64_t> frame_rows_by_source(const data::Frame& frame) {
  std::int64_t last = -1;
  for (const std::int64_t r : frame.source_row()) last = std::max(last, r);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(last + 1), -1);
  for (std::size_t i = 0; i < frame.source_row().size(); ++i)
    rows[static_cast<std::size_t>(frame.source_row()[i])] = static_cast<std::int64_t>(i);
  return rows;
}

train::ForecastSet forecasts_of(const store::Predictions& predictions, const std::string& extra, const pipeline::Dataset& dataset,
                                const std::vector<std::int64_t>& frame_row_of_source) {
  const Json json = Json::parse(extra);
  train::ForecastSet all;
  all.outputs = predictions.outputs;
  const auto& horizons = dataset.horizons;
  const auto of_horizon =
      std::find_if(horizons.begin(), horizons.end(), [&](const pipeline::HorizonLabels& h) { return h.rows == predictions.horizon; });
  const std::vector<double>& last_known = of_horizon == horizons.end() ? dataset.last_known_target : of_horizon->last_known_target;
  const Json& told = json.at("naive_mae");
  const Json naive = told.is_array() ? told.at(static_cast<std::size_t>(of_horizon - horizons.begin())) : told;
  all.naive_mae = naive.is_null() ? std::numeric_limits<double>::quiet_NaN() : naive.get<double>();
  all.truth = predictions.truth;
  all.value = predictions.value;
  all.levels = predictions.levels;
  all.quantile = predictions.quantile;
  all.time = predictions.known_at;
  all.label_end = predictions.label_end;
  all.entity = predictions.entity;
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < predictions.row.size(); ++i) {
    const std::int64_t row = frame_row_of_source.at(static_cast<std::size_t>(predictions.row[i]));
    ASSAY_CHECK(row >= 0, "a stored forecast belongs to a row of the data");
    all.row.push_back(row);
    if (!dataset.group.empty()) all.group.push_back(dataset.group[static_cast<std::size_t>(row)]);
    if (!last_known.empty()) all.last_known_target.push_back(last_known[static_cast<std::size_t>(row)]);
    if (!std::isnan(predictions.value[i * static_cast<std::size_t>(predictions.outputs)])) kept.push_back(static_cast<std::int64_t>(i));
  }
  train::ForecastSet set = train::taken(all, kept);
  set.not_forecast = static_cast<std::int64_t>(predictions.row.size() - kept.size());
  train::decide(set, dataset.task, json.at("threshold").is_null() ? 0.5 : json.at("threshold").get<double>());
  return set;
}

std::vector<train::ForecastSet> part_forecasts(const std::vector<store::Predictions>& predictions, const std::string& part,
                                               const std::string& extra, const pipeline::Dataset& dataset,
                                               const std::vector<std::int64_t>& frame_row_of_source) {
  std::vector<train::ForecastSet> sets;
  for (const store::Predictions& p : predictions)  // in the order of their horizons
    if (p.part == part) sets.push_back(forecasts_of(p, extra, dataset, frame_row_of_source));
  return sets;
}

train::ForecastsByHorizon no_forecasts(const std::string& model, bool baseline, const pipeline::Dataset& dataset, std::size_t repeats) {
  train::ForecastsByHorizon out;
  for (std::size_t h = 0; h < static_cast<std::size_t>(dataset.horizon_count()); ++h) {
    out.push_back({model, baseline, std::vector<std::vector<train::ForecastSet>>(repeats)});
    if (!dataset.horizons.empty()) out.back().horizon = dataset.horizons[h].rows;
  }
  return out;
}

void add_fold(train::ForecastsByHorizon& forecasts, std::size_t repeat, std::vector<train::ForecastSet> by_horizon) {
  ASSAY_CHECK(forecasts.size() == by_horizon.size(), "a fit has forecasts of every horizon");
  for (std::size_t h = 0; h < forecasts.size(); ++h) forecasts[h].repeats.at(repeat).push_back(std::move(by_horizon[h]));
}

std::vector<train::Scorer> scorers_of(const config::Experiment& experiment, const pipeline::Dataset& dataset,
                                      const plugin::Registry& registry, const plugin::ComponentMaker& maker) {
  std::vector<train::Scorer> scorers;
  const std::vector<std::string> names = config::result_names(experiment.evaluate.metrics);
  for (std::size_t m = 0; m < names.size(); ++m) {
    const config::Component& metric = experiment.evaluate.metrics[m];
    train::Scorer scorer(names[m], maker.metric(registry.component("metric", metric.id), metric.params), dataset.task,
                         static_cast<std::int64_t>(dataset.classes.size()));
    if (scorer.applies()) scorers.push_back(std::move(scorer));
  }
  return scorers;
}

Summary summarise(const SummaryInput& input) {
  std::vector<EvaluatedModel> models, baselines;
  for (const train::ForecastsByHorizon& f : input.models) models.push_back(evaluated(input, f));
  for (const train::ForecastsByHorizon& f : input.baselines) baselines.push_back(evaluated(input, f));

  Summary out;
  for (const auto* group : {&models, &baselines})
    for (const EvaluatedModel& e : *group) add_failures(out.failures, e);
  Json json = Json::object();
  json["confidence"] = input.experiment.evaluate.confidence;
  json["metrics"] = models.empty() ? Json::object() : to_json(models.front().metrics);
  json["baselines"] = Json::object();
  for (const EvaluatedModel& b : baselines) {
    json["baselines"][b.name] = to_json(b.metrics);
    record(out.metrics, "baseline:" + b.name, b.metrics);
  }
  for (std::size_t m = 0; m < models.size(); ++m) {
    const EvaluatedModel& model = models[m];
    record(out.metrics, model.name, model.metrics);
    const std::vector<train::Comparison> tests = comparisons(input, model, baselines);
    Json part{{"metrics", to_json(model.metrics)}, {"verdict", train::verdict_text(tests)}, {"comparisons", to_json(tests)}};
    if (std::all_of(input.models[m].begin(), input.models[m].end(), is_constant))
      part["verdict"] =
          part["verdict"].get<std::string>() + "; warning: it forecasts the same for every row, and so tells none from another";
    part.update(details(input, model, out.failures));
    for (const EvaluatedModel& b : baselines)  // its metrics stand on other rows
      if (b.coverage() != model.coverage()) part["baseline_coverage"][b.name] = number_json(b.coverage());
    if (&model == &models.front())
      for (const auto& [key, value] : part.items())
        if (key != "metrics") json[key] = value;
    if (input.experiment.has_models_map) json["models"][model.name] = part;
  }
  if (!input.true_probability.empty() && input.dataset.task == config::Task::binary && !models.empty())
    json["best_possible"] = best_possible(input, models.front().horizons.front().typical);
  if (models.size() > 1) json["pairwise"] = pairwise(input, models);
  for (const auto* group : {&models, &baselines})
    for (const EvaluatedModel& e : *group)
      if (const train::ForecastSet& set = e.horizons.front().typical; !set.levels.empty()) json["quantiles"][e.name] = quantile_json(set);
  if (input.experiment.evaluate.held_windows)
    for (const auto* group : {&models, &baselines}) add_held_windows(input, *group, json["held_windows"]);
  for (const PruningCurve& curve : input.pruning) json["network_pruning"][curve.model] = pruning_json(input, curve, out.failures);
  if (!input.backtest.empty()) {
    json["backtest"] = Json::parse(input.backtest);
    record_figures(out.metrics, json["backtest"]);
  }
  json["accept"] = accept_results(input, json, out.accepted);
  out.json = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return out;
}

}  // namespace assay::run
