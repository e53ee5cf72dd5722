#include <algorithm>

#include "backtest/performance.hpp"
#include "config/experiment.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::backtest;

TEST_CASE("costs: basis points, per trade and a minimum") {
  const Costs costs{10, 1, 5, 20};
  CHECK(costs.commission(100, 10) == 5);  // 1 + 1 = 2, the minimum is 5
  CHECK(costs.commission(-1000, 100) == Approx(101));
  CHECK(costs.slippage(-1000, 100) == Approx(200));
  CHECK(Costs{}.commission(1000, 100) == 0);
  CHECK(Costs{0, 0, 2, 0}.commission(1, 1) == 2);
}

TEST_CASE("a trade that turns from long to short is two trades, its costs shared by units") {
  Account account(1000, 1);
  account.apply({0, 0, 1, 10, 5, 0, 0}, 0);
  account.apply({1, 0, 2, -15, 6, 3, 0}, 1);
  CHECK(account.units(0) == -5);
  CHECK(account.average_price(0) == 6);
  account.apply({2, 0, 3, 5, 4, 0, 0}, 4);
  REQUIRE(account.trades().size() == 2);
  const Trade &first = account.trades()[0], &second = account.trades()[1];
  CHECK(first.result == Approx(10 * (6 - 5) - 2));
  CHECK(first.share == Approx(8.0 / 50));
  CHECK(second.result == Approx(5 * (6 - 4) - 1));
  CHECK(second.share == Approx(9.0 / 30));
  CHECK(second.units == -5);
  CHECK(second.entry_price == 6);
  CHECK(second.exit_price == 4);
  CHECK(second.bars == 3);
  CHECK(account.cash() == Approx(1000 + 8 + 9));
  CHECK(account.units(0) == 0);
}

TEST_CASE("a trade that grows and shrinks has average prices") {
  Account account(1000, 1);
  account.apply({0, 0, 1, 10, 5, 1, 0}, 0);
  account.apply({1, 0, 2, 10, 7, 1, 0}, 1);
  CHECK(account.average_price(0) == 6);
  account.apply({2, 0, 3, -5, 8, 1, 0}, 2);
  CHECK(account.average_price(0) == 6);  // selling a part leaves the price of the rest
  const std::vector<double> price{9};
  CHECK(account.equity(price) == Approx(1000 - 50 - 70 + 40 - 3 + 15 * 9));
  const auto open = account.open_trades(price, 4, 3);
  REQUIRE(open.size() == 1);
  CHECK(open[0].units == 20);
  CHECK(open[0].result == Approx(account.equity(price) - 1000));
  CHECK(account.trades().empty());
}

TEST_CASE("0.1 + 0.2 - 0.3 units are none") {
  Account account(1000, 1);
  account.apply({0, 0, 1, 0.1, 5, 0, 0}, 0);
  account.apply({1, 0, 2, 0.2, 5, 0, 0}, 1);
  account.apply({2, 0, 3, -0.3, 5, 0, 0}, 2);
  CHECK(account.units(0) == 0);
  CHECK(account.trades().size() == 1);
}

TEST_CASE("figures of a worked curve") {
  Outcome out;  // returns of +10 %, -20 %, +25 %, 0 %
  for (int t = 0; t < 4; ++t) out.times.push_back(t * kNsPerDay);
  out.equity = {110, 88, 110, 110};
  out.exposure = {1, 1, 1, 0};
  const Performance p = performance(out, 100, {252, 0});
  CHECK(p.total_return == Approx(0.1));
  CHECK(p.volatility == Approx(0.1887458608817687 * std::sqrt(252.0)));  // sd of 0.1, -0.2, 0.25, 0 by n - 1: sqrt(0.106875 / 3)
  CHECK(p.sharpe == Approx(0.0375 / 0.1887458608817687 * std::sqrt(252.0)));
  CHECK(p.sortino == Approx(0.0375 / std::sqrt(0.04 / 4) * std::sqrt(252.0)));
  CHECK(p.max_drawdown == Approx(-0.2));
  CHECK(p.drawdown_from == 0);
  CHECK(p.drawdown_to == kNsPerDay);
  CHECK(p.recovered == 2 * kNsPerDay);
  CHECK(p.exposure == Approx(0.75));
  CHECK(p.cagr == Approx(std::pow(1.1, 365.25 / 3) - 1));
  CHECK(p.calmar == Approx(p.cagr / 0.2));
  CHECK(std::isnan(p.profit_factor));
  CHECK(std::isnan(p.hit_rate));
  CHECK(p.trades == 0);
}

TEST_CASE("a curve that does not move has no ratios") {
  Outcome out;
  out.times = {0, kNsPerDay, 2 * kNsPerDay};
  out.equity = out.cash = {100, 100, 100};
  out.exposure = {0, 0, 0};
  const Performance p = performance(out, 100, {252, 0.01});
  CHECK(p.volatility == 0);
  CHECK(std::isnan(p.sharpe));
  CHECK(std::isnan(p.calmar));
  CHECK(p.max_drawdown == 0);
  CHECK(p.drawdown_from == kMissingTime);
  CHECK(p.recovered == kMissingTime);
  CHECK(p.turnover == 0);
}

TEST_CASE("the same return every time, and no time at all") {
  Outcome steady;
  double equity = 100;
  for (int t = 0; t < 50; ++t) {
    steady.times.push_back(t * kNsPerDay);
    steady.equity.push_back(equity *= 1.01);
    steady.exposure.push_back(1);
  }
  const Performance p = performance(steady, 100, {252, 0});
  CHECK(std::isnan(p.sharpe));
  CHECK(std::isnan(p.sortino));
  CHECK(p.final_equity == Approx(100 * std::pow(1.01, 50)));
  const Performance none = performance({}, 100, {252, 0});
  CHECK(none.final_equity == 100);
  CHECK(none.total_return == 0);
  CHECK(std::isnan(none.sharpe));
}

// The same curve and trades, and the expected figures, from tests/unit/backtest/oracle.py (numpy, pandas).
TEST_CASE("figures agree with a computation by pandas") {
  Outcome out;
  double equity = 50'000;
  for (int t = 0; t < 500; ++t) {
    const double x = static_cast<double>((t * 7919) % 1009) / 1009 - 0.48;
    out.times.push_back((t + t / 5 * 2) * kNsPerDay);
    out.equity.push_back(equity *= 1 + 0.03 * x);
    out.exposure.push_back(t % 3 == 0 ? 0 : 0.8);
  }
  for (int i = 0; i < 40; ++i) {
    Trade trade;
    trade.result = (i * 37) % 23 - 9.5;
    trade.share = trade.result / 1000;
    out.trades.push_back(trade);
  }
  out.traded_value = 1'234'567;
  out.total_costs = 321.5;
  const Performance p = performance(out, 50'000, {260, 0.02});
#include "oracle.inc"
}

TEST_CASE("what an experiment file may call a figure is one") {
  const std::vector<Figure> all = figures({});
  for (const config::BacktestFigure& named : config::backtest_figures()) {
    INFO(named.name);
    CHECK(std::count_if(all.begin(), all.end(), [&](const Figure& f) { return f.name == named.name && !f.is_date; }) == 1);
  }
  for (const Figure& figure : all) CHECK_FALSE(figure.convention.empty());
}
