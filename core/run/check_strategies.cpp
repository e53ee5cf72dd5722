#include "run/check_strategies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "run/backtest_run.hpp"

namespace assay::run {

namespace {

constexpr std::size_t kTimes = 3;                                     // traded: on_start and a few calls of on_bar
constexpr std::int64_t kPatience = 60 * std::int64_t{1'000'000'000};  // of each, where the file gives no time

// Traded first: test rows, or where all folds are chosen for at once the sealed ones.
TimeSpan first_times(const config::Experiment& experiment, const ExperimentData& data) {
  const bool sealed = data.folds.sealed && (data.folds.folds.empty() || (experiment.search && experiment.search->once));
  const TimeSpan all = sealed ? span_of(data.folds.sealed->test, data.dataset) : test_span(data.folds, data.dataset);
  const auto times = data.dataset.frame.known_at();
  TimeSpan span{all.first, all.first};
  auto next = std::upper_bound(times.begin(), times.end(), span.last);
  for (std::size_t t = 1; t < kTimes && next != times.end() && *next <= all.last; ++t) {
    span.last = *next;
    next = std::upper_bound(next, times.end(), span.last);
  }
  return span;
}

bool is_searched(const config::Experiment& experiment) {
  return experiment.search && std::any_of(experiment.search->space.begin(), experiment.search->space.end(),
                                          [](const auto& range) { return range.path.starts_with("backtest.strategy"); });
}

// A worker for each, whatever the file says of isolation: a check must come to its end.
config::Experiment careful(config::Experiment experiment) {
  experiment.resources.isolation = "process";
  if (!experiment.resources.timeout) experiment.resources.timeout = Span{0, kPatience, 0};
  return experiment;
}

}  // namespace

void check_strategies(const config::Experiment& file, const ExperimentData& data, const plugin::Registry& registry,
                      const BacktestStage& stage, Diagnostics& diagnostics) {
  if (!file.backtest) return;
  const config::Experiment experiment = careful(file);
  const config::BacktestSpec& backtest = *experiment.backtest;
  const config::Component benchmark = benchmark_of(experiment, data.dataset.frame, registry);
  const TimeSpan span = first_times(experiment, data);
  std::vector<double> forecasts;
  if (!experiment.is_rule()) forecasts.assign(static_cast<std::size_t>(data.dataset.rows()), 0);
  const auto start = [&](const BacktestSession& session, const config::Component& strategy, const std::string& key) {
    try {
      session.run({{{span.first, strategy}}, span.first, span.last, experiment.seed, true});
    } catch (const plugin::CallFailure& e) {
      diagnostics.error(strategy.place, fmt::format("{} does not start: {}", strategy.id, e.happened()), e.mend(), key);
    }
  };
  try {
    const auto session = stage.open({experiment, data.dataset.frame, registry, {benchmark, backtest.strategy}});
    const auto forecast = forecasts.empty() ? nullptr : session->with_forecasts(forecasts, 1);
    if (!is_searched(experiment)) start(forecast ? *forecast : *session, backtest.strategy, "backtest.strategy");
    start(*session, benchmark, "backtest.benchmark");
  } catch (const Error& e) {
    if (e.fault() != Fault::data) throw;
    diagnostics.data_error(backtest.place, e.happened(), e.mend(), "backtest");
  }
}

}  // namespace assay::run
