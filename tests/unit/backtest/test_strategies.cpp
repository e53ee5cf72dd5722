// The strategies that ship, through the plugin boundary.
#include <tuple>

#include "backtest/performance.hpp"
#include "small_market.hpp"
#include "support/build_plugins.hpp"
#include "support/catch.hpp"

using namespace small_market;
using backtest::Outcome;
using config::Map;

namespace {

plugin::Strategy shipped(const std::string& id, const Map& params = {}) {
  return plugin::Strategy(build_plugins().component("strategy", id), params);
}

Outcome run(const backtest::Market& market, plugin::Strategy strategy, const backtest::Rules& rules = {},
            const backtest::Period& period = {}) {
  const backtest::StrategyFrom legs[] = {{0, &strategy}};
  return backtest::replay(market, rules, legs, period);
}

Map windows(std::int64_t fast, std::int64_t slow, std::vector<std::pair<std::string, config::Value>> more = {}) {
  Map params{{"fast", {fast}}, {"slow", {slow}}};
  for (auto& one : more) params.push_back(std::move(one));
  return params;
}

std::vector<double> walk(std::uint64_t seed, int days) {
  Random random(SeedTree(seed).child("walk"));
  std::vector<double> out;
  double price = 100;
  for (int i = 0; i < days; ++i) out.push_back(price *= std::exp(0.02 * random.normal()));
  return out;
}

double mean(const std::vector<double>& close, std::size_t end, std::size_t window) {
  double sum = 0;
  for (std::size_t i = end - window; i < end; ++i) sum += close[i];
  return sum / static_cast<double>(window);
}

// Sides (+1, -1) to take after each close, 0 = no order; the plain way.
std::vector<int> crossings(const std::vector<double>& close, std::size_t fast, std::size_t slow) {
  std::vector<int> orders(close.size(), 0);
  for (std::size_t n = slow + 1; n <= close.size(); ++n) {
    const bool above = mean(close, n, fast) > mean(close, n, slow), was_above = mean(close, n - 1, fast) > mean(close, n - 1, slow);
    if (above != was_above) orders[n - 1] = above ? 1 : -1;
  }
  return orders;
}

}  // namespace

TEST_CASE("trend.sma_cross orders where the plain means cross, on thousands of bars") {
  const std::vector<double> close = walk(1, 3000);
  const Outcome out = run(market({closes(close)}), shipped("trend.sma_cross", windows(7, 25)));
  const std::vector<int> expected = crossings(close, 7, 25);
  std::size_t next = 0;
  for (std::size_t t = 0; t < close.size(); ++t) {
    if (expected[t] == 0) continue;
    REQUIRE(next < out.orders.size());
    CHECK(out.orders[next].placed == out.times[t]);
    CHECK(out.orders[next].wanted == expected[t]);
    ++next;
  }
  CHECK(next == out.orders.size());
  CHECK(next > 100);
}

TEST_CASE("trend.sma_cross gives the same orders wherever one begins to look") {
  const auto m = market({closes(walk(2, 900))});
  const Outcome whole = run(m, shipped("trend.sma_cross", windows(10, 30)));
  const TimeNs first = m.times[401];
  const Outcome late = run(m, shipped("trend.sma_cross", windows(10, 30)), {}, {first, m.times.back()});
  std::size_t at = 0;
  while (whole.orders[at].placed < first) ++at;
  REQUIRE(late.orders.size() == whole.orders.size() - at);
  for (std::size_t i = 0; i < late.orders.size(); ++i) {
    CHECK(late.orders[i].placed == whole.orders[at + i].placed);
    CHECK(late.orders[i].wanted == whole.orders[at + i].wanted);
  }
}

TEST_CASE("trend.sma_cross: flat instead of short, weight over all instruments, side at once") {
  const auto m = market({closes(walk(3, 400)), closes(walk(4, 400))});
  const Outcome flat = run(m, shipped("trend.sma_cross", windows(5, 20, {{"short", {false}}, {"weight", {0.8}}})));
  REQUIRE(!flat.orders.empty());
  for (const auto& order : flat.orders) CHECK((order.wanted == 0.4 || order.wanted == 0));
  const Outcome at_once = run(m, shipped("trend.sma_cross", windows(5, 20, {{"at_once", {true}}})), {}, {m.times[100], m.times.back()});
  CHECK(at_once.orders[0].placed == m.times[100]);
  CHECK(at_once.orders[1].placed == m.times[100]);
  CHECK_THROWS_WITH(run(m, shipped("trend.sma_cross", windows(20, 20))), Catch::Contains("fast has to be shorter than slow"));
}

TEST_CASE("basic.buy_and_hold buys what is known at the start once, in equal shares") {
  const auto m = market({closes({10, 10, 20, 20, 20}), {{1, 5, 5, 5, 5}, {4, 5, 5, 5, 5}, {5, 10, 10, 10, 10}}, {{4, 5, 5, 5, 5}}});
  backtest::Rules rules;
  rules.capital = 1000;
  const Outcome out = run(m, shipped("basic.buy_and_hold"), rules);
  REQUIRE(out.fills.size() == 2);
  CHECK(out.fills[0].units == 50);         // half of 1,000 at 10
  CHECK(out.fills[1].units == 750.0 / 5);  // at its next bar: half of 500 + 50 x 20
  CHECK(out.equity.back() == 1000 + 50 * 10 + 150 * 5);
}

namespace {

// Forecasts that belong to the bars, whatever other bars there are.
backtest::Market with_signs(const std::vector<std::vector<Bar>>& bars) {
  const backtest::Market m = market(bars);
  std::vector<double> forecasts;
  for (const double close : m.close) forecasts.push_back(std::sin(1000 * close));
  return backtest::with_forecasts(m, {forecasts, 1});
}

// Instrument, time, units and price of what was filled before a time.
std::vector<std::tuple<std::uint32_t, TimeNs, double, double>> fills_before(const Outcome& out, TimeNs time) {
  std::vector<std::tuple<std::uint32_t, TimeNs, double, double>> all;
  for (const auto& f : out.fills)
    if (f.time < time) all.emplace_back(f.instrument, f.time, f.units, f.price);
  return all;
}

}  // namespace

TEST_CASE("an instrument that lists later changes nothing before its first bar") {
  auto bars = random_bars(21, 3, 200);
  const TimeNs listed = 120 * kNsPerDay;
  const backtest::Market before = with_signs(bars);
  auto late = random_bars(22, 1, 200)[0];
  late.erase(std::remove_if(late.begin(), late.end(), [](const Bar& bar) { return bar.day < 120; }), late.end());
  REQUIRE(late[0].day >= 120);
  bars.insert(bars.begin(), late);  // the first entity, and the last instrument
  const backtest::Market after = with_signs(bars);
  CHECK(after.instruments[3].name == "A");
  const std::pair<std::string, Map> strategies[] = {{"trend.sma_cross", windows(3, 8)},
                                                    {"forecast.threshold", {}},
                                                    {"basic.buy_and_hold", {}},
                                                    {"basic.equal_weight", {{"rebalance", {std::int64_t{7}}}}}};
  for (const auto& [id, params] : strategies) {
    INFO(id);
    const Outcome without = run(before, shipped(id, params)), with = run(after, shipped(id, params));
    const auto expected = fills_before(without, listed);
    CHECK(expected.size() >= (id == "basic.buy_and_hold" ? 1 : 3));
    CHECK(fills_before(with, listed) == expected);
    const bool trades_it = std::any_of(with.orders.begin(), with.orders.end(), [](const auto& o) { return o.instrument == 3; });
    CHECK(trades_it == (id != "basic.buy_and_hold"));
    const backtest::Period early{TimeNs{60} * kNsPerDay, listed - 1};
    const Outcome period = run(before, shipped(id, params), {}, early), same = run(after, shipped(id, params), {}, early);
    CHECK(period.equity == same.equity);
    CHECK(fills_before(period, listed) == fills_before(same, listed));
  }
}

TEST_CASE("a weight in all stays one when others are listed") {
  std::vector<double> rising;
  for (int day = 0; day < 60; ++day) rising.push_back(10 + 0.001 * day);
  std::vector<std::vector<Bar>> bars(3, closes(rising));
  bars[1].erase(bars[1].begin(), bars[1].begin() + 15);
  bars[2].erase(bars[2].begin(), bars[2].begin() + 30);
  const Outcome trend = run(market(bars), shipped("trend.sma_cross", windows(2, 5, {{"at_once", {true}}})));
  CHECK(trend.exposure.back() == Approx(1).epsilon(1e-3));
  const auto m = backtest::with_forecasts(market(bars), {std::vector<double>(market(bars).rows(), 1.0), 1});
  const Outcome forecast = run(m, shipped("forecast.threshold"));
  CHECK(forecast.exposure.back() == Approx(1).epsilon(1e-3));
  for (const Outcome* out : {&trend, &forecast}) CHECK(*std::max_element(out->exposure.begin(), out->exposure.end()) < 1.001);
}

TEST_CASE("basic.equal_weight never borrows, whatever the calendars") {
  // B has no bar at the second rebalancing, when A must not take its half as well.
  const auto m = market({closes({10, 10, 10, 10, 10, 10}), {{1, 10, 10, 10, 10}, {2, 10, 10, 10, 10}, {4, 10, 10, 10, 10}}});
  const Outcome gap = run(m, shipped("basic.equal_weight", {{"rebalance", {std::int64_t{2}}}}));
  for (const double cash : gap.cash) CHECK(cash >= -1e-6);
  CHECK(gap.exposure[3] == Approx(1));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    INFO("seed " << seed);
    backtest::Rules rules;
    rules.fill = backtest::FillRule::same_close;  // no price moves between a decision and its fill
    const Outcome out = run(market(random_bars(seed, 5, 150)), shipped("basic.equal_weight", {{"rebalance", {std::int64_t{4}}}}), rules);
    for (std::size_t t = 0; t < out.times.size(); ++t) {
      REQUIRE(out.cash[t] >= -1e-6);
      REQUIRE(out.exposure[t] <= 1 + 1e-9);
    }
  }
}

TEST_CASE("an instrument that no longer trades has no share of what is bought") {
  std::vector<std::vector<Bar>> bars(3, closes(std::vector<double>(80, 10)));
  bars[2].resize(10);  // gone after day 10
  const auto m = market(bars);
  const auto cash_at = [](const Outcome& out, std::size_t day) { return out.cash[day] / 1'000'000; };
  const Outcome weighted = run(m, shipped("basic.equal_weight", {{"rebalance", {std::int64_t{5}}}}));
  CHECK(weighted.exposure[20] == Approx(1));
  CHECK(weighted.exposure.back() == Approx(1));
  CHECK(weighted.cash.back() == Approx(0).margin(1e-6));  // its position cannot be sold: nothing is free for the others

  const backtest::Period soon{15 * kNsPerDay}, later{40 * kNsPerDay};
  const Outcome waits = run(m, shipped("basic.equal_weight", {{"rebalance", {std::int64_t{5}}}}), {}, soon);
  CHECK(cash_at(waits, 10) == Approx(1.0 / 3));  // it may be halted
  CHECK(cash_at(waits, 30) == Approx(0).margin(1e-9));
  CHECK(cash_at(run(m, shipped("basic.equal_weight"), {}, later), 5) == Approx(0).margin(1e-9));
  CHECK(cash_at(run(m, shipped("basic.buy_and_hold"), {}, later), 5) == Approx(0).margin(1e-9));
}

TEST_CASE("basic.equal_weight brings weights back") {
  const auto m = market({closes({10, 10, 20, 20, 20, 20}), closes({10, 10, 10, 10, 10, 10})});
  backtest::Rules rules;
  rules.capital = 1000;
  const Outcome out = run(m, shipped("basic.equal_weight", {{"rebalance", {std::int64_t{3}}}}), rules);
  REQUIRE(out.fills.size() == 4);  // times 0 and 3
  CHECK(out.fills[2].units == 750.0 / 20 - 50);
  CHECK(out.fills[3].units == 75.0 - 50);
}

TEST_CASE("forecast.threshold trades forecasts: long above, short below, flat between and without one") {
  const double none = std::nan("");
  const std::vector<double> forecasts{none, 0.7, 0.6, 0.5, 0.2, none};
  const auto f = frame({closes({10, 10, 10, 10, 10, 10})});
  const auto m = make_market(f, {}, {}, {forecasts, 1});
  const auto wanted = [&](const Map& params) {
    std::vector<std::pair<TimeNs, double>> out;
    for (const auto& order : run(m, shipped("forecast.threshold", params)).orders) out.emplace_back(order.placed / kNsPerDay, order.wanted);
    return out;
  };
  using Orders = std::vector<std::pair<TimeNs, double>>;
  const Map levels{{"long_above", {0.55}}, {"short_below", {0.45}}};
  CHECK(wanted(levels) == Orders{{2, 1}, {4, 0}, {5, -1}, {6, 0}});
  Map calm = levels;
  calm.emplace_back("short", config::Value{false});
  calm.emplace_back("weight", config::Value{0.5});
  CHECK(wanted(calm) == Orders{{2, 0.5}, {4, 0}});
  Map slow = levels;
  slow.emplace_back("hold", config::Value{std::int64_t{2}});
  CHECK(wanted(slow) == Orders{{3, 1}, {5, -1}});
  Map steady = levels;
  steady.emplace_back("rebalance", config::Value{true});
  CHECK(wanted(steady) == Orders{{2, 1}, {3, 1}, {4, 0}, {5, -1}, {6, 0}});
  CHECK_THROWS_WITH(run(make_market(f, {}), shipped("forecast.threshold")), Catch::Contains("here is no model"));
}

TEST_CASE("forecast.threshold takes over what another strategy holds") {
  const auto m = make_market(frame({closes({10, 10, 10, 10})}), {}, {}, {std::vector<double>(4, 0.5), 1});
  Script buys;
  buys.on_bar = [](assay_market& now) {
    if (now.bar == 0) now.order_units(&now, 0, 7);
  };
  plugin::Strategy first = strategy(buys), second = shipped("forecast.threshold", {{"long_above", {0.6}}, {"short_below", {0.4}}});
  const backtest::StrategyFrom legs[] = {{0, &first}, {3 * kNsPerDay, &second}};
  const Outcome out = backtest::replay(m, {}, legs);
  REQUIRE(out.fills.size() == 2);
  CHECK(out.fills[1].units == -7);
}
