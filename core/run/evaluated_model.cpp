#include "run/evaluated_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace assay::run {

namespace {

train::MetricResult failed_metric(const train::Scorer& scorer, const std::string& why) {
  train::MetricResult result;
  result.name = scorer.name();
  result.direction = scorer.direction();
  result.value = result.low = result.high = result.spread = std::numeric_limits<double>::quiet_NaN();
  result.failure = why;
  return result;
}

// All metrics together, which costs least; where one does not end well, each by itself.
std::vector<train::MetricResult> metric_results(const std::vector<train::Scorer>& scorers, const train::ModelForecasts& forecasts,
                                                const train::EvaluationOptions& options) {
  try {
    return train::evaluate(scorers, forecasts, options);
  } catch (const Error& e) {
    if (e.fault() == Fault::interrupted) throw;
  }
  std::vector<train::MetricResult> results;
  for (const train::Scorer& scorer : scorers) {
    try {
      results.push_back(train::evaluate({scorer}, forecasts, options).front());
    } catch (const plugin::CallFailure& e) {
      results.push_back(failed_metric(scorer, e.with_log()));
    } catch (const Error& e) {
      if (e.fault() == Fault::interrupted) throw;
      results.push_back(failed_metric(scorer, e.what()));
    }
  }
  return results;
}

// A model that gave none for some fold with rows is not judged by metrics of quantiles.
bool has_quantiles(const train::ModelForecasts& forecasts) {
  return std::all_of(forecasts.repeats.begin(), forecasts.repeats.end(),
                     [](const auto& folds) { return !train::pooled(folds).levels.empty(); });
}

// Baselines that a model with an intercept contains: its coefficients at zero.
bool is_nested(const std::string& baseline) { return baseline.ends_with("no_change") || baseline.ends_with("historical_mean"); }

}  // namespace

double EvaluatedModel::coverage() const {
  double least = horizons.front().typical.coverage();
  for (const EvaluatedHorizon& h : horizons)
    if (!(h.typical.coverage() >= least)) least = h.typical.coverage();
  return least;
}

// The scorers are this model's own: what a metric does to its worker on one model's forecasts does not touch another model's.
EvaluatedModel evaluated(const SummaryInput& input, const train::ForecastsByHorizon& forecasts) {
  std::vector<train::Scorer> scorers = scorers_of(input.experiment, input.dataset, input.registry, input.maker);
  if (!has_quantiles(forecasts.front())) std::erase_if(scorers, [](const train::Scorer& s) { return s.needs_quantiles(); });
  train::EvaluationOptions options;
  options.pool = pools(input.experiment);
  options.confidence = input.experiment.evaluate.confidence;
  options.threads = input.threads;
  options.replicates = input.replicates;
  options.seed = SeedTree(input.experiment.seed).child("evaluate");
  EvaluatedModel out;
  out.name = forecasts.front().model;
  for (const train::ModelForecasts& one : forecasts) {
    EvaluatedHorizon at;
    at.horizon = one.horizon;
    at.span = options.horizon = horizon_of(input.dataset, one.horizon);
    std::vector<train::MetricResult> metrics = metric_results(scorers, one, options);
    for (std::size_t m = 0; m < scorers.size(); ++m)
      if (metrics[m].failure.empty()) at.sound.push_back(scorers[m]);
    const auto plain =
        std::find_if(metrics.begin(), metrics.end(), [](const train::MetricResult& m) { return m.table.empty() && m.failure.empty(); });
    at.typical = train::history(one, plain == metrics.end() ? 0 : train::median_history(*plain));
    for (train::MetricResult& m : metrics) {
      m.name = config::at_horizon(m.name, one.horizon);
      out.metrics.push_back(std::move(m));
    }
    out.horizons.push_back(std::move(at));
  }
  return out;
}

std::vector<train::Comparison> comparisons(const SummaryInput& input, const EvaluatedModel& model,
                                           const std::vector<EvaluatedModel>& opponents) {
  train::ComparisonRules rules;
  rules.task = input.dataset.task;
  rules.loss =
      train::loss_kind(input.dataset.task, input.experiment.evaluate.metrics.empty() ? "" : input.experiment.evaluate.metrics.front().id);
  rules.expanding = input.experiment.split.expanding;
  rules.confidence = input.experiment.evaluate.confidence;
  rules.seed = SeedTree(input.experiment.seed).child("verdict").seed();
  std::vector<train::Comparison> out;
  for (std::size_t h = 0; h < model.horizons.size(); ++h)
    for (const EvaluatedModel& opponent : opponents) {
      rules.horizon = model.horizons[h].span;
      out.push_back(
          train::compare(model.horizons[h].typical, opponent.horizons.at(h).typical, opponent.name, is_nested(opponent.name), rules));
      out.back().horizon = model.horizons[h].horizon;
    }
  train::adjust(out, rules.confidence);
  return out;
}

bool is_constant(const train::ModelForecasts& forecasts) {
  bool any = false;
  for (const auto& folds : forecasts.repeats)
    for (const train::ForecastSet& set : folds) {
      const auto outputs = static_cast<std::size_t>(set.outputs);
      for (std::size_t i = outputs; i < set.value.size(); ++i)
        if (set.value[i] != set.value[i % outputs]) return false;
      any = any || set.value.size() > outputs;
    }
  return any;
}

}  // namespace assay::run
