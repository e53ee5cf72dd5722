#include "cli/compose.hpp"

#include <algorithm>

#include "backtest/performance.hpp"
#include "backtest/session.hpp"
#include "checker/checker.hpp"
#include "run/worker_loop.hpp"

namespace assay::cli {

namespace {

store::BacktestRecord record_of(const backtest::Outcome& outcome, const backtest::Market& market, const config::BacktestSpec& spec) {
  store::BacktestRecord record;
  record.optimistic = outcome.optimistic;
  record.ruined = outcome.ruined;
  for (const backtest::Instrument& instrument : market.instruments) record.instruments.push_back(instrument.name);
  record.times = outcome.times;
  record.equity = outcome.equity;
  record.cash = outcome.cash;
  record.exposure = outcome.exposure;
  for (const backtest::Order& o : outcome.orders)
    record.orders.push_back({o.number, o.instrument, o.placed, o.filled, backtest::to_text(o.kind), o.wanted});
  for (const backtest::Fill& f : outcome.fills)
    record.fills.push_back({f.order, f.instrument, f.time, f.units, f.price, f.commission, f.slippage});
  for (const backtest::Trade& t : outcome.trades)
    record.trades.push_back(
        {t.instrument, t.entry_time, t.exit_time, t.units, t.entry_price, t.exit_price, t.costs, t.result, t.share, t.bars, t.open_at_end});
  const backtest::Performance performance = backtest::performance(outcome, spec.capital, {spec.periods, spec.risk_free});
  for (backtest::Figure& figure : backtest::figures(performance))
    record.figures.push_back({std::move(figure.name), std::move(figure.convention), figure.value, figure.time, figure.is_date});
  return record;
}

backtest::Rules rules_of(const config::BacktestSpec& spec) {
  backtest::Rules rules;
  rules.fill = spec.fill == "next_open"    ? backtest::FillRule::next_open
               : spec.fill == "next_close" ? backtest::FillRule::next_close
                                           : backtest::FillRule::same_close;
  rules.capital = spec.capital;
  rules.whole_units = spec.whole_units;
  rules.costs = {spec.costs.commission_bps, spec.costs.commission_per_trade, spec.costs.commission_minimum, spec.costs.slippage_bps};
  rules.settle_at_last_open = spec.settle_at_last_open;
  return rules;
}

class Session final : public run::BacktestSession {
 public:
  Session(backtest::Session session, config::BacktestSpec spec) : session_(std::move(session)), spec_(std::move(spec)) {}

  run::Replayed run(const run::ReplayJob& job) const override {
    backtest::Job inner{{}, rules_of(spec_), {job.first, job.last}, job.seed, job.curve_only};
    for (const run::StrategyLeg& leg : job.legs) inner.legs.push_back({leg.from, leg.strategy});
    return {record_of(session_.run(inner), session_.market(), spec_)};
  }

  std::unique_ptr<run::BacktestSession> with_forecasts(std::span<const double> forecasts, std::int64_t outputs) const override {
    return std::make_unique<Session>(session_.with_forecasts({forecasts, outputs}), spec_);
  }

 private:
  backtest::Session session_;
  config::BacktestSpec spec_;
};

class Stage final : public run::BacktestStage {
 public:
  std::unique_ptr<run::BacktestSession> open(const run::SessionSetup& setup) const override {
    const config::BacktestSpec& spec = *setup.experiment.backtest;
    const config::ResourcesSpec& resources = setup.experiment.resources;
    backtest::SessionOptions options;
    options.in_process = resources.isolation != "process";
    options.program = setup.program;
    if (resources.timeout) options.timeout = worker::Milliseconds(resources.timeout->ns / 1'000'000);
    options.memory_bytes = static_cast<std::uint64_t>(resources.memory_bytes);
    options.cancel = setup.cancel;
    backtest::Market market = backtest::make_market(setup.frame, {spec.open, spec.high, spec.low, spec.close, spec.volume},
                                                    backtest::columns_of(setup.registry, setup.strategies));
    return std::make_unique<Session>(backtest::Session(std::move(market), setup.registry, std::move(options)), spec);
  }
};

}  // namespace

const run::BacktestStage& backtest_stage() {
  static const Stage stage;
  return stage;
}

int run_worker(const std::string& kind) {
  if (kind == "--check") return checker::run_check_child();
  if (kind == "--backtest") return backtest::run_worker();
  return run::run_worker();
}

}  // namespace assay::cli
