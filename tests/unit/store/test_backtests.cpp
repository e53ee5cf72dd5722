#include <cmath>

#include "store/store.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace assay;
using namespace assay::store;

namespace {

using Folder = TemporaryFolder;

BacktestRecord sample() {
  BacktestRecord b;
  b.repeat = 2;
  b.optimistic = true;
  b.instruments = {"AAA", "B\"B"};
  b.times = {10, 20, 30};
  b.equity = {100, 101.5, 99};
  b.cash = {100, 1.5, 99};
  b.exposure = {0, 0.98, 0};
  b.orders = {{0, 1, 10, 20, "target weight", 1}, {1, 1, 20, kMissingTime, "units", -3}};
  b.fills = {{0, 1, 20, 4, 25, 0.5, 0.25}};
  b.trades = {{1, 20, 30, 4, 25, 24.5, 0.75, -2.75, -0.0275, 1, true}};
  b.figures = {{"sharpe", "of a year", std::nan("")}, {"max_drawdown", "at closes", -0.02}, {"drawdown_from", "a date", 0, 20, true}};
  return b;
}

}  // namespace

TEST_CASE("a backtest comes back as it was put, and a second one of its name takes its place") {
  const Folder folder;
  Store store(folder.path / "assay.db", Store::Mode::write);
  const RunId id = store.create_run({});
  store.put_backtest(id, {});
  store.put_backtest(id, sample());
  BacktestRecord better = sample();
  better.equity[2] = 98;
  store.put_backtest(id, better);
  const auto curves = store.backtests(id, Store::Detail::curve);
  REQUIRE(curves.size() == 2);
  CHECK(curves[1].trades.empty());
  const auto all = store.backtests(id, Store::Detail::everything);
  const BacktestRecord &back = all[1], put = sample();
  CHECK((back.name == "strategy" && back.repeat == 2 && back.optimistic && !back.ruined));
  CHECK(back.instruments == put.instruments);
  CHECK(back.times == put.times);
  CHECK(back.equity == std::vector<double>{100, 101.5, 98});
  CHECK(back.cash == put.cash);
  CHECK(back.exposure == put.exposure);
  REQUIRE(back.orders.size() == 2);
  CHECK((back.orders[0].filled == 20 && back.orders[1].filled == kMissingTime && back.orders[1].kind == "units" &&
         back.orders[1].wanted == -3));
  REQUIRE(back.fills.size() == 1);
  CHECK((back.fills[0].instrument == 1 && back.fills[0].units == 4 && back.fills[0].price == 25 && back.fills[0].slippage == 0.25));
  REQUIRE(back.trades.size() == 1);
  CHECK((back.trades[0].share == -0.0275 && back.trades[0].bars == 1 && back.trades[0].open_at_end && back.trades[0].costs == 0.75));
  REQUIRE(back.figures.size() == 3);
  CHECK(std::isnan(back.figures[0].value));
  CHECK((back.figures[1].convention == "at closes" && back.figures[1].value == -0.02 && back.figures[2].time == 20 &&
         back.figures[2].is_date));
  store.delete_run(id);
  CHECK(store.backtests(id, Store::Detail::everything).empty());
}
