#include "run/backtest_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "run/number_json.hpp"
#include "stats/bootstrap.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Counts among the figures stand as whole numbers.
Json figure_json(double value) {
  return value == std::floor(value) && std::abs(value) < 1e15 ? Json(static_cast<std::int64_t>(value)) : number_json(value);
}

Json figures_json(const store::BacktestRecord& record) {
  Json json = Json::object();
  for (const store::BacktestRecord::Figure& figure : record.figures)
    json[figure.name] = !figure.is_date ? figure_json(figure.value) : figure.time == kMissingTime ? Json() : Json(to_iso(figure.time));
  return json;
}

// Means over repeats, with each repeat's own values beside them. Dates are the first repeat's.
Json figures_json(const std::vector<Replayed>& repeats) {
  Json json = figures_json(repeats.front().record);
  if (repeats.size() == 1) return json;
  for (const store::BacktestRecord::Figure& figure : repeats.front().record.figures) {
    if (figure.is_date) continue;
    double sum = 0;
    Json each = Json::array();
    for (const Replayed& repeat : repeats) {
      const double value = repeat.figure(figure.name);
      sum += value;
      each.push_back(figure_json(value));
    }
    json[figure.name] = figure_json(sum / static_cast<double>(repeats.size()));
    json["per_repeat"][figure.name] = std::move(each);
  }
  return json;
}

struct Sharpe {
  double periods, risk_free;  // of a year

  // Sharpe ratio of the rows and its standard error by the delta method: sqrt((1 - S skew + S^2 (kurtosis - 1) / 4) / n)
  // (Mertens 2002), a year's by sqrt(periods). Undefined where fewer than ten returns differ from nothing, or all but rounding are the
  // same: an account that hardly trades has no ratio to speak of.
  stats::ValueWithError one(std::span<const double> x, std::span<const std::int64_t> rows) const {
    constexpr int kLeastMoves = 10;
    const double n = static_cast<double>(rows.size());
    double mean = 0;
    int moves = 0;
    for (const std::int64_t r : rows) {
      mean += x[static_cast<std::size_t>(r)];
      moves += x[static_cast<std::size_t>(r)] != 0;
    }
    mean /= n;
    double m2 = 0, m3 = 0, m4 = 0;
    for (const std::int64_t r : rows) {
      const double d = x[static_cast<std::size_t>(r)] - mean;
      m2 += d * d, m3 += d * d * d, m4 += d * d * d * d;
    }
    m2 /= n, m3 /= n, m4 /= n;
    const double sd = std::sqrt(m2 * n / (n - 1));
    if (moves < kLeastMoves || !(sd > 1e-10 * std::abs(mean))) return {kNaN, kNaN};
    const double sharpe = (mean - risk_free / periods) / sd, skew = m3 / std::pow(m2, 1.5), kurtosis = m4 / (m2 * m2);
    return {sharpe * std::sqrt(periods), std::sqrt((1 + sharpe * sharpe * (kurtosis - 1) / 4 - sharpe * skew) / n * periods)};
  }
};

// The one whose Sharpe ratio is the middle one (the lower of two), as in tests of forecasts: a mean over repeats would be another account.
const Replayed& median_repeat(const std::vector<Replayed>& repeats) {
  std::vector<const Replayed*> order;
  for (const Replayed& repeat : repeats) order.push_back(&repeat);
  std::stable_sort(order.begin(), order.end(), [](const Replayed* a, const Replayed* b) {
    const double x = a->figure("sharpe"), y = b->figure("sharpe");
    return std::isnan(x) ? false : std::isnan(y) ? true : x < y;
  });
  return *order[(order.size() - 1) / 2];
}

Json interval_json(const stats::Interval& interval) {
  return {{"value", figure_json(interval.estimate)}, {"low", figure_json(interval.low)}, {"high", figure_json(interval.high)}};
}

// Studentised stationary block bootstrap of the Sharpe ratio, and of its difference to the benchmark's (Ledoit & Wolf 2008 in spirit: their
// standard error sums over blocks, ours is that of independent returns, which the studentising only needs up to a factor).
Json intervals_json(const Replayed& strategy, const Replayed& benchmark, const config::Experiment& experiment) {
  const std::vector<double> a = strategy.returns(experiment.backtest->capital), b = benchmark.returns(experiment.backtest->capital);
  if (a.size() < 20 || a.size() != b.size()) return Json();
  const Sharpe sharpe{experiment.backtest->periods, experiment.backtest->risk_free};
  std::vector<std::int64_t> time(a.size());
  std::vector<double> difference(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) time[i] = static_cast<std::int64_t>(i), difference[i] = a[i] - b[i];
  stats::BootstrapOptions options;
  options.replicates = 1000;
  options.level = experiment.evaluate.confidence;
  options.seed = SeedTree(experiment.seed).child("backtest").child("intervals").seed();
  const auto own = stats::Resampler::dates(time, stats::optimal_block_length(a).stationary);
  const auto both = stats::Resampler::dates(time, stats::optimal_block_length(difference).stationary);
  const auto single = [&](std::span<const std::int64_t> rows) { return sharpe.one(a, rows); };
  const auto paired = [&](std::span<const std::int64_t> rows) {
    const stats::ValueWithError x = sharpe.one(a, rows), y = sharpe.one(b, rows);
    return stats::ValueWithError{x.value - y.value, std::hypot(x.standard_error, y.standard_error)};
  };
  return {{"sharpe", interval_json(stats::bootstrap_studentised(own, single, options))},
          {"sharpe_difference", interval_json(stats::bootstrap_studentised(both, paired, options))}};
}

}  // namespace

void check_market_columns(const config::Experiment& experiment, const pipeline::Dataset& dataset, const plugin::Registry& registry,
                          Diagnostics& diagnostics) {
  if (!experiment.backtest) return;
  const config::BacktestSpec& backtest = *experiment.backtest;
  const auto check = [&](const std::string& name, const Place& fallback, const std::string& key) {
    const data::Column* column = dataset.frame.find(name);
    const auto at = experiment.places.find(key);
    const Place& place = at == experiment.places.end() ? fallback : at->second;
    if (column == nullptr) {
      if (dataset.doubtful.holds(name)) return;
      const auto near = text::nearest(name, dataset.frame.names());
      diagnostics.data_error(place, fmt::format("the backtest needs a column `{}`, which the data do not have", name),
                             near ? fmt::format("did you mean {}?", *near) : "columns: " + text::join(dataset.frame.names(), ", "), key);
    } else if (!column->is_numeric()) {
      diagnostics.data_error(place, fmt::format("the backtest needs numbers in `{}`, which holds {}", name, data::to_text(column->type())),
                             {}, key);
    }
  };
  check(backtest.open, backtest.place, "backtest.prices.open");
  check(backtest.high, backtest.place, "backtest.prices.high");
  check(backtest.low, backtest.place, "backtest.prices.low");
  check(backtest.close, backtest.place, "backtest.prices.close");
  if (backtest.volume != config::BacktestSpec{}.volume) check(backtest.volume, backtest.place, "backtest.prices.volume");
  const auto of_strategy = [&](const config::Component& strategy, const std::string& key) {
    for (const config::ParamSpec& param : registry.component("strategy", strategy.id).spec.params) {
      if (param.kind != config::ParamKind::column) continue;
      const config::Value* value = config::find(strategy.params, param.name);
      if (value != nullptr && !value->is_none()) check(value->as_text(), strategy.place, key + "." + param.name);
    }
  };
  of_strategy(backtest.strategy, "backtest.strategy");
  if (backtest.benchmark) of_strategy(*backtest.benchmark, "backtest.benchmark");
}

config::Component benchmark_of(const config::Experiment& experiment, const data::Frame& frame, const plugin::Registry& registry) {
  if (experiment.backtest->benchmark) return *experiment.backtest->benchmark;
  const bool one = frame.entity_count() <= 1;
  const plugin::LoadedComponent& found = registry.component("strategy", one ? "basic.buy_and_hold" : "basic.equal_weight");
  config::Component benchmark{found.spec.id, {}, experiment.backtest->place};
  for (const config::ParamSpec& param : found.spec.params) benchmark.params.emplace_back(param.name, param.fallback);
  return benchmark;
}

TimeSpan span_of(std::span<const std::int64_t> rows, const pipeline::Dataset& dataset) {
  TimeSpan span{std::numeric_limits<TimeNs>::max(), std::numeric_limits<TimeNs>::min()};
  for (const std::int64_t row : rows) {
    const TimeNs time = dataset.frame.known_at()[static_cast<std::size_t>(row)];
    span.first = std::min(span.first, time);
    span.last = std::max(span.last, time);
  }
  return span;
}

TimeSpan test_span(const pipeline::Folds& folds, const pipeline::Dataset& dataset) {
  TimeSpan span{std::numeric_limits<TimeNs>::max(), std::numeric_limits<TimeNs>::min()};
  for (const pipeline::Fold& fold : folds.folds) {
    const TimeSpan one = span_of(fold.test, dataset);
    span.first = std::min(span.first, one.first);
    span.last = std::max(span.last, one.last);
  }
  return span;
}

RowForecasts by_frame_row(const std::vector<std::vector<train::ForecastSet>>& horizons, const pipeline::Dataset& dataset) {
  const std::size_t n = horizons.size();
  RowForecasts out{std::vector<double>(static_cast<std::size_t>(dataset.rows()) * n, kNaN), static_cast<std::int64_t>(n)};
  for (std::size_t h = 0; h < n; ++h)
    for (const train::ForecastSet& fold : horizons[h])
      for (std::size_t i = 0; i < fold.row.size(); ++i) out.values[static_cast<std::size_t>(fold.row[i]) * n + h] = fold.value[i];
  return out;
}

std::vector<RowForecasts> by_frame_row(const train::ForecastsByHorizon& forecasts, const pipeline::Dataset& dataset) {
  std::vector<RowForecasts> out;
  for (std::size_t r = 0; r < forecasts.front().repeats.size(); ++r) {
    std::vector<std::vector<train::ForecastSet>> horizons;
    for (const train::ModelForecasts& one : forecasts) horizons.push_back(one.repeats[r]);
    out.push_back(by_frame_row(horizons, dataset));
  }
  return out;
}

void check_traded_spans(const config::Experiment& experiment, const pipeline::Dataset& dataset, const pipeline::Folds& folds,
                        Diagnostics& diagnostics) {
  const bool judged = experiment.search && experiment.search->metric.starts_with("backtest.");
  const auto known_at = dataset.frame.known_at();
  const auto error = [&](std::string message, std::string mend) {
    const Place& place = experiment.split.place;
    diagnostics.error(place, std::move(message), std::move(mend), "split");
  };
  const std::string walk = "use walk_forward: train, then validation, then test, one after the other";
  std::vector<TimeSpan> tests;
  for (std::size_t f = 0; f < folds.folds.size(); ++f) {
    const pipeline::Fold& fold = folds.folds[f];
    const TimeSpan test = span_of(fold.test, dataset), validation = span_of(fold.validation, dataset), train = span_of(fold.train, dataset);
    tests.push_back(test);
    if (!experiment.is_rule() && !fold.train.empty() && train.last >= test.first)
      return error(fmt::format("a backtest would trade fold {} with a model that was trained on later rows", f + 1), walk);
    if (judged && !fold.validation.empty() && validation.last >= test.first)
      return error(fmt::format("fold {} would be traded by a strategy that was chosen on later rows", f + 1), walk);
    if (!experiment.is_rule() && judged && !fold.train.empty() && !fold.validation.empty() && train.last >= validation.first)
      return error(fmt::format("the strategies of fold {} would be judged on forecasts of a model that was trained on later rows", f + 1),
                   walk);
  }
  std::vector<std::uint8_t> is_test(static_cast<std::size_t>(dataset.rows()), 0);
  for (const pipeline::Fold& fold : folds.folds)
    for (const std::int64_t row : fold.test) is_test[static_cast<std::size_t>(row)] = 1;
  const TimeSpan traded = test_span(folds, dataset);
  std::int64_t others = 0;
  TimeNs first_other = kMissingTime;
  for (std::size_t row = 0; row < is_test.size(); ++row) {
    if (is_test[row] != 0 || std::isnan(dataset.y[row]) || known_at[row] < traded.first || known_at[row] > traded.last) continue;
    if (others++ == 0) first_other = known_at[row];
  }
  if (others > 0)
    return error(
        fmt::format("a backtest trades from the first test row to the last, and {} rows between them are no test rows, the first of {}",
                    others, to_iso(first_other).substr(0, 10)),
        "let test spans follow each other without a gap: in walk_forward, a step of one test span");
  if (!judged) return;
  for (std::size_t f = 0; f < folds.folds.size(); ++f) {
    const pipeline::Fold& fold = folds.folds[f];
    const TimeSpan span = span_of(fold.validation, dataset);
    std::vector<std::uint8_t> inside(is_test.size(), 0);
    for (const std::int64_t row : fold.validation) inside[static_cast<std::size_t>(row)] = 1;
    for (std::size_t row = 0; row < inside.size(); ++row)
      if (inside[row] == 0 && !std::isnan(dataset.y[row]) && known_at[row] >= span.first && known_at[row] <= span.last)
        return error(fmt::format("the validation rows of fold {} are no one block: a strategy would be judged by what lies between them, "
                                 "from {} on",
                                 f + 1, to_iso(known_at[row]).substr(0, 10)),
                     walk);
  }
}

SessionSetup session_setup(const config::Experiment& experiment, const data::Frame& frame, const RunContext& context,
                           std::vector<config::Component> strategies) {
  return {experiment, frame, context.registry, std::move(strategies), context.program, context.cancel};
}

BacktestResults run_backtests(const BacktestRequest& request) {
  const config::Experiment& experiment = request.experiment;
  const config::Component benchmark = benchmark_of(experiment, request.dataset.frame, request.context.registry);
  std::vector<config::Component> strategies{benchmark};
  for (const StrategyLeg& leg : request.legs) strategies.push_back(leg.strategy);
  ASSAY_CHECK(request.context.backtest != nullptr, "a backtest needs its stage");
  const auto session = request.context.backtest->open(session_setup(experiment, request.frame, request.context, strategies));
  const SeedTree seed = SeedTree(experiment.seed).child("backtest");
  std::vector<Replayed> repeats;
  for (std::size_t r = 0; r < std::max<std::size_t>(1, request.forecasts.size()); ++r) {
    const ReplayJob job{request.legs, request.span.first, request.span.last, seed.child("repeat").child(r).seed(), false};
    repeats.push_back(request.forecasts.empty()
                          ? session->run(job)
                          : session->with_forecasts(request.forecasts[r].values, request.forecasts[r].outputs)->run(job));
    repeats.back().record.repeat = static_cast<std::int64_t>(r);
  }
  Replayed beside =
      session->run({{{request.span.first, benchmark}}, request.span.first, request.span.last, seed.child("benchmark").seed(), false});
  beside.record.name = "benchmark";
  Json json = figures_json(repeats);
  json["benchmark"] = figures_json(beside.record);
  json["benchmark"]["strategy"] = benchmark.id;
  json["intervals"] = intervals_json(median_repeat(repeats), beside, experiment);
  json["strategy"] = request.legs.front().strategy.id;
  json["period"] = {to_iso(request.span.first), to_iso(request.span.last)};
  json["fill"] = experiment.backtest->fill;
  json["optimistic"] = repeats.front().record.optimistic;
  json["ruined"] = std::any_of(repeats.begin(), repeats.end(), [](const Replayed& r) { return r.record.ruined; });
  for (const auto& figure : beside.record.figures) json["conventions"][figure.name] = figure.convention;
  BacktestResults out;
  out.json = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (Replayed& repeat : repeats) out.records.push_back(std::move(repeat.record));
  out.records.push_back(std::move(beside.record));
  return out;
}

}  // namespace assay::run
