#include "backtest/performance.hpp"
#include "base/error.hpp"
#include "small_market.hpp"
#include "support/catch.hpp"

using namespace small_market;
using backtest::FillRule;
using backtest::market_of;
using backtest::Outcome;
using backtest::pack;
using backtest::Rules;
using backtest::with_forecasts;

extern thread_local std::size_t allocations;  // allocations.cpp, of this thread

namespace {

// Orders at random. It looks at all that it is given, and beyond.
struct RandomTrader : Script {
  explicit RandomTrader(std::uint64_t seed) : random(SeedTree(seed).child("trader")) {
    on_bar = [this](assay_market& market) {
      for (std::uint32_t i = 0; i < market.n_instruments; ++i) {
        const assay_history& h = *market.instruments[i];
        if (h.bars > 0 && h.time_ns[h.bars - 1] > market.now_ns) saw_future = true;
        const double kind = random.uniform();
        if (kind < 0.1) market.order_units(&market, i, 200 * random.uniform() - 100);
        if (kind > 0.95) market.target_weight(&market, i, 0.6 * random.uniform() - 0.3);
        if (kind > 0.5 && kind < 0.53) market.target_units(&market, i, 0);
      }
    };
    on_fill = [this](assay_market&, const assay_fill&) { ++fills; };
  }
  Random random;
  bool saw_future = false;
  std::size_t fills = 0;
};

// Counts money again from the fills and the bars alone.
void count_again(const std::vector<std::vector<Bar>>& bars, const Rules& rules, const Outcome& out) {
  double cash = rules.capital;
  std::vector<double> units(bars.size(), 0), last(bars.size(), 0);
  std::vector<std::size_t> at(bars.size(), 0);
  std::size_t next = 0;
  for (std::size_t t = 0; t < out.times.size(); ++t) {
    std::vector<const Bar*> now(bars.size(), nullptr);
    for (std::size_t i = 0; i < bars.size(); ++i)
      if (at[i] < bars[i].size() && bars[i][at[i]].day * kNsPerDay == out.times[t]) now[i] = &bars[i][at[i]++];
    for (; next < out.fills.size() && out.fills[next].time == out.times[t]; ++next) {
      const backtest::Fill& f = out.fills[next];
      cash -= f.units * f.price + f.costs();
      units[f.instrument] += f.units;
      const Bar* bar = now[f.instrument];
      REQUIRE((bar != nullptr && f.price >= bar->low && f.price <= bar->high));
      if (rules.whole_units) REQUIRE(std::round(units[f.instrument]) == Approx(units[f.instrument]).margin(1e-9));
    }
    double equity = cash;
    for (std::size_t i = 0; i < bars.size(); ++i) {
      if (now[i] != nullptr) last[i] = now[i]->close;
      equity += units[i] * last[i];
    }
    REQUIRE(out.equity[t] == Approx(equity).epsilon(1e-10).margin(1e-6));
    REQUIRE(out.cash[t] == Approx(cash).epsilon(1e-10).margin(1e-6));
  }
  CHECK(next == out.fills.size());
  double results = 0, costs = 0;
  for (const backtest::Trade& trade : out.trades) {
    results += trade.result;
    costs += trade.costs;
  }
  CHECK(results == Approx(out.equity.back() - rules.capital).epsilon(1e-9).margin(1e-4));
  CHECK(costs == Approx(out.total_costs).epsilon(1e-9).margin(1e-9));
}

Rules free_of_cost(FillRule fill = FillRule::next_open) {
  Rules rules;
  rules.fill = fill;
  rules.capital = 1000;
  return rules;
}

}  // namespace

TEST_CASE("money is conserved whatever a strategy does, in every market and with every rule") {
  std::size_t ruined = 0, filled = 0;
  for (std::uint64_t seed = 0; seed < 90; ++seed) {
    INFO("seed " << seed);
    const auto bars = random_bars(seed, 1 + static_cast<int>(seed % 5), 120);
    Rules rules;
    rules.capital = seed % 4 == 0 ? 2'000 : 1'000'000;  // small ones are ruined at times
    rules.fill = static_cast<FillRule>(seed % 3);
    rules.whole_units = seed % 2 == 0;
    rules.costs = {static_cast<double>(seed % 7), 0.5 * static_cast<double>(seed % 3), static_cast<double>(seed % 4),
                   static_cast<double>(seed % 5)};
    rules.settle_at_last_open = seed % 7 == 3;
    RandomTrader trader(seed);
    const Outcome out = replay(market(bars), rules, trader);
    CHECK_FALSE(trader.saw_future);
    CHECK(trader.fills ==
          static_cast<std::size_t>(std::count_if(out.fills.begin(), out.fills.end(), [](const auto& f) { return f.order >= 0; })));
    CHECK(out.optimistic == (rules.fill == FillRule::same_close));
    count_again(bars, rules, out);
    ruined += out.ruined ? 1 : 0;
    filled += out.fills.size();
  }
  CHECK(ruined > 0);
  CHECK(filled > 3000);
}

TEST_CASE("an order is filled at the next open, the next close or this close, as the rule says") {
  const auto m = market({{{1, 10, 12, 9, 11}, {2, 20, 22, 19, 21}, {3, 30, 32, 29, 31}}});
  const auto fill_of = [&](FillRule rule) {
    Script script;
    script.on_bar = [](assay_market& now) {
      if (now.bar == 0) now.order_units(&now, 0, 1);
    };
    const Outcome out = replay(m, free_of_cost(rule), script);
    REQUIRE(out.fills.size() == 1);
    CHECK(out.orders[0].placed == 1 * kNsPerDay);
    CHECK(out.orders[0].filled == out.fills[0].time);
    return std::pair(out.fills[0].time / kNsPerDay, out.fills[0].price);
  };
  CHECK(fill_of(FillRule::next_open) == std::pair<TimeNs, double>(2, 20));
  CHECK(fill_of(FillRule::next_close) == std::pair<TimeNs, double>(2, 21));
  CHECK(fill_of(FillRule::same_close) == std::pair<TimeNs, double>(1, 11));
}

TEST_CASE("an order made on a fill waits for the next time") {
  const auto m = market({{{1, 10, 10, 10, 10}, {2, 20, 20, 20, 20}, {3, 30, 30, 30, 30}}});
  Script script;
  script.on_bar = [](assay_market& now) {
    if (now.bar == 0) now.order_units(&now, 0, 2);
  };
  script.on_fill = [](assay_market& now, const assay_fill& fill) {
    CHECK(now.instruments[0]->units == (fill.units > 0 ? 2 : 0));
    if (fill.units > 0) now.target_units(&now, 0, 0);
  };
  const Outcome out = replay(m, free_of_cost(), script);
  REQUIRE(out.fills.size() == 2);
  CHECK(out.fills[1].price == 30);
  CHECK(out.equity.back() == 1020);
}

TEST_CASE("an order for an instrument without a bar waits for its next one, and one without any stays open") {
  const auto m = market({closes({10, 10, 10, 10, 10}), {{1, 5, 5, 5, 5}, {4, 7, 7, 7, 7}}});
  Script script;
  script.on_bar = [](assay_market& now) {
    CHECK(now.instruments[1]->has_bar == (now.bar == 0 || now.bar == 3 ? 1u : 0u));
    if (now.bar == 1) now.order_units(&now, 1, 3);
    if (now.bar == 3) now.order_units(&now, 1, 1);
  };
  const Outcome out = replay(m, free_of_cost(), script);
  REQUIRE(out.fills.size() == 1);
  CHECK(out.fills[0].price == 7);
  CHECK(out.orders[1].filled == kMissingTime);
}

TEST_CASE("target weights of one moment mean the same equity, sized at the fill") {
  const auto m = market({{{1, 10, 10, 10, 10}, {2, 20, 20, 20, 20}}, {{1, 10, 10, 10, 10}, {2, 50, 50, 50, 50}}});
  Script script;
  script.on_bar = [](assay_market& now) {
    for (std::uint32_t i = 0; i < 2 && now.bar == 0; ++i) now.target_weight(&now, i, 0.5);
  };
  Rules rules = free_of_cost();
  const Outcome fractional = replay(m, rules, script);
  CHECK(fractional.fills[0].units == 25);
  CHECK(fractional.fills[1].units == 10);
  rules.capital = 1019;
  rules.whole_units = true;
  const Outcome whole = replay(m, rules, script);
  CHECK(whole.fills[0].units == 25);
  CHECK(whole.fills[1].units == 10);
}

TEST_CASE("a strategy's arrays hold bars up to now; beyond them there is nothing") {
  const auto bars = random_bars(7, 3, 60);
  std::size_t rows = 0;
  for (const auto& one : bars) rows += one.size();
  std::vector<double> forecasts(rows * 2, 0.5), extra(rows, 4.0), volume(rows, 100.0);
  const auto m = make_market(frame(bars, {data::Column::of_reals("extra", extra), data::Column::of_reals("volume", volume)}), {},
                             std::vector<std::string>{"extra"}, {forecasts, 2});
  std::size_t looked = 0;
  bool found = false;
  Script probe;
  probe.on_bar = [&](assay_market& now) {
    for (std::uint32_t i = 0; i < now.n_instruments; ++i) {
      const assay_history& h = *now.instruments[i];
      for (auto bar = static_cast<std::size_t>(h.bars); bar < bars[i].size(); ++bar) {
        ++looked;
        for (const double* values : {h.open, h.high, h.low, h.close, h.volume, h.features[0]}) found = found || !std::isnan(values[bar]);
        found = found || h.time_ns[bar] != kMissingTime || !std::isnan(h.prediction[2 * bar]) || !std::isnan(h.prediction[2 * bar + 1]);
      }
      for (std::int64_t bar = 0; bar < h.bars; ++bar) found = found || h.close[bar] != bars[i][static_cast<std::size_t>(bar)].close;
      found =
          found || (h.bars > 0 && (h.prediction[2 * h.bars - 1] != 0.5 || h.volume[h.bars - 1] != 100 || h.features[0][h.bars - 1] != 4));
    }
    for (std::size_t i = now.n_instruments; i < bars.size(); ++i) found = found || now.instruments[i] != nullptr;
  };
  probe.on_start = probe.on_bar;
  plugin::Strategy first = strategy(probe, "extra"), second = strategy(probe, "extra");  // the second one's columns are shown again
  const backtest::StrategyFrom legs[] = {{0, &first}, {m.times[40], &second}};
  backtest::replay(m, free_of_cost(), legs);
  CHECK_FALSE(found);
  CHECK(looked > 1000);
}

TEST_CASE("trading keeps to its period; bars before it can be looked at") {
  const auto m = market({closes({10, 11, 12, 13, 14, 15, 16, 17})});
  std::vector<std::int64_t> seen;
  Script script;
  script.on_start = [&](assay_market& now) {
    CHECK(now.now_ns == 3 * kNsPerDay);
    CHECK(now.instruments[0]->bars == 3);
    CHECK(now.instruments[0]->close[2] == 12);
  };
  script.on_bar = [&](assay_market& now) {
    seen.push_back(now.now_ns / kNsPerDay);
    if (now.bar == 0) now.target_weight(&now, 0, 1);
  };
  const Outcome out = replay(m, free_of_cost(), script, {4 * kNsPerDay, 6 * kNsPerDay});
  CHECK(seen == std::vector<std::int64_t>{4, 5, 6});
  CHECK(out.times == std::vector<TimeNs>{4 * kNsPerDay, 5 * kNsPerDay, 6 * kNsPerDay});
  CHECK(out.equity == std::vector<double>{1000, 1000.0 * 14 / 13, 1000.0 * 15 / 13});
  REQUIRE(out.trades.size() == 1);
  CHECK(out.trades[0].open_at_end);
}

TEST_CASE("at a change of strategy the account, its open orders and all bars so far go on") {
  const auto m = market({closes({10, 10, 20, 20, 40, 40})});
  std::vector<std::string> events;
  Script first, second;
  first.on_bar = [&](assay_market& now) {
    events.push_back("first " + std::to_string(now.bar));
    if (now.bar == 0) now.order_units(&now, 0, 10);
    if (now.bar == 2) now.order_units(&now, 0, 5);  // filled when the second trades already
  };
  first.on_end = [&](assay_market&) { events.push_back("first ends"); };
  second.on_start = [&](assay_market& now) {
    events.push_back("second starts");
    CHECK(now.instruments[0]->units == 10);
    CHECK(now.instruments[0]->bars == 3);
    CHECK(now.equity == 1100);
  };
  second.on_bar = [&](assay_market& now) { events.push_back("second " + std::to_string(now.bar)); };
  second.on_fill = [&](assay_market&, const assay_fill& fill) { events.push_back("second hears of " + std::to_string(fill.order)); };
  plugin::Strategy one = strategy(first), two = strategy(second);
  const backtest::StrategyFrom legs[] = {{0, &one}, {4 * kNsPerDay, &two}};
  const Outcome out = backtest::replay(m, free_of_cost(), legs);
  CHECK(events == std::vector<std::string>{"first 0", "first 1", "first 2", "first ends", "second starts", "second hears of 1", "second 3",
                                           "second 4", "second 5"});
  CHECK(out.equity.back() == 1000 + 10 * 30 + 5 * 20);
}

TEST_CASE("who has lost everything trades no more, and owes what is owed") {
  const auto m = market({closes({10, 10, 10, 100, 5, 5})});
  Script script;
  std::int64_t calls = 0;
  script.on_bar = [&](assay_market& now) {
    ++calls;
    if (now.bar == 0) now.target_weight(&now, 0, -1);
    if (now.bar == 2) now.order_units(&now, 0, 1);
  };
  const Outcome out = replay(m, free_of_cost(), script);
  CHECK(out.ruined);
  CHECK(calls == 3);
  CHECK(out.equity[3] < 0);
  CHECK(out.equity[5] == out.equity[3]);
  CHECK(out.fills.back().order == -1);
  for (const auto& trade : out.trades) CHECK_FALSE(trade.open_at_end);
}

TEST_CASE("an order that makes no sense is the strategy's failure") {
  const auto m = market({closes({10, 10})});
  Script bad_number, bad_instrument;
  bad_number.on_bar = [](assay_market& now) { CHECK(now.order_units(&now, 0, std::nan("")) == -1); };
  bad_instrument.on_bar = [](assay_market& now) { CHECK(now.target_weight(&now, 1, 0.5) == -1); };
  CHECK_THROWS_WITH(replay(m, free_of_cost(), bad_number), Catch::Contains("an order whose size is nan"));
  CHECK_THROWS_WITH(replay(m, free_of_cost(), bad_instrument), Catch::Contains("instrument 1 of 1"));
  const auto refused = [&](auto order) {
    Script script;
    script.on_bar = [&](assay_market& now) { CHECK(order(now) == -1); };
    CHECK_THROWS_WITH(replay(m, free_of_cost(), script), Catch::Contains("more than a million times the account"));
  };
  refused([](assay_market& now) { return now.order_units(&now, 0, 1e300); });
  refused([](assay_market& now) { return now.target_units(&now, 0, -1e308 * 2e-1); });
  refused([](assay_market& now) { return now.target_weight(&now, 0, 1.1e6); });
  Script bold;
  bold.on_bar = [](assay_market& now) { CHECK(now.target_weight(&now, 0, 9e5) >= 0); };
  CHECK_NOTHROW(replay(m, free_of_cost(), bold));
}

TEST_CASE("a price that jumps makes an order absurd at its fill") {
  const auto m = market({{{1, 1, 1, 1, 1}, {2, 1e9, 1e9, 1e9, 1e9}}});
  Script script;
  script.on_bar = [](assay_market& now) { now.target_units(&now, 0, 1e6); };
  CHECK_THROWS_AS(replay(m, free_of_cost(), script), plugin::ComponentError);
}

TEST_CASE("bars that cannot be traded are named") {
  const auto says = [](const std::vector<Bar>& bars, const char* text) { CHECK_THROWS_WITH(market({bars}), Catch::Contains(text)); };
  says({{1, 10, 10, 10, std::nan("")}}, "A 1970-01-02 lacks a price");
  says({{1, 0, 10, 0, 5}}, "has a price of 0");
  says({{1, 10, 11, 9, 12}}, "outside its range 9 to 11");
  CHECK_THROWS_AS(make_market(frame({closes({1, 2})}), {"Open", "high", "low", "close", "volume"}), Error);
}

TEST_CASE("what is open at the end is settled at the last open where that is asked for") {
  const auto m = market({{{1, 10, 10, 10, 10}, {2, 10, 12, 10, 12}, {3, 15, 20, 15, 20}}});
  Script script;
  script.on_bar = [](assay_market& now) {
    if (now.bar == 0) now.order_units(&now, 0, 10);
  };
  Rules rules = free_of_cost();
  const Outcome marked = replay(m, rules, script);
  rules.settle_at_last_open = true;
  const Outcome settled = replay(m, rules, script);
  CHECK(marked.equity == std::vector<double>{1000, 1020, 1100});
  CHECK(settled.equity == std::vector<double>{1000, 1020, 1050});
  CHECK(marked.trades[0].open_at_end);
  CHECK_FALSE(settled.trades[0].open_at_end);
  CHECK(settled.trades[0].exit_price == 15);
}

TEST_CASE("what has no bar at the end is not settled: there is no price to settle it at") {
  const auto m = market({closes({10, 10, 10, 10}), {{1, 5, 5, 5, 5}, {2, 5, 8, 5, 8}}});
  Script script;
  script.on_bar = [](assay_market& now) {
    for (std::uint32_t i = 0; now.bar == 0 && i < 2; ++i) now.order_units(&now, i, 10);
  };
  Rules rules = free_of_cost();
  rules.settle_at_last_open = true;
  const Outcome out = replay(m, rules, script);
  REQUIRE(out.fills.size() == 3);
  CHECK(out.fills[2].instrument == 0);
  CHECK(out.equity.back() == 1030);
  CHECK(out.cash.back() == 950);
  CHECK(out.exposure.back() == Approx(80.0 / 1030));
  REQUIRE(out.trades.size() == 2);
  CHECK(out.trades[1].open_at_end);
}

TEST_CASE("after ruin an instrument without a bar is closed at its next open") {
  const auto m = market({closes({10, 10, 100, 100, 100}), {{1, 10, 10, 10, 10}, {2, 10, 10, 10, 10}, {4, 7, 9, 7, 9}}});
  Script script;
  script.on_bar = [](assay_market& now) {
    if (now.bar == 0) now.target_weight(&now, 0, -1);
    if (now.bar == 0) now.target_weight(&now, 1, 1);
  };
  const Outcome out = replay(m, free_of_cost(), script);
  CHECK(out.ruined);
  REQUIRE(out.fills.size() == 4);
  CHECK(out.fills[2].instrument == 0);
  CHECK(out.fills[2].time == 3 * kNsPerDay);
  CHECK(out.fills[3].instrument == 1);
  CHECK(out.fills[3].time == 4 * kNsPerDay);
  CHECK(out.fills[3].price == 7);
  CHECK(out.equity == std::vector<double>{1000, 1000, -8000, -8300, -8300});
}

TEST_CASE("a share of an equity below zero is nothing, not the other side") {
  const auto m = market({{{1, 10, 10, 10, 10}, {2, 10, 10, 10, 10}, {3, 30, 30, 8, 8}}});
  Script script;
  script.on_bar = [](assay_market& now) {
    if (now.bar == 0) now.target_weight(&now, 0, -1);
    if (now.bar == 1) now.target_weight(&now, 0, -0.5);  // at an open where 1,000 of debt is all there is
  };
  const Outcome out = replay(m, free_of_cost(), script);
  REQUIRE(out.fills.size() == 2);
  CHECK(out.fills[1].units == 100);  // the short is bought back, and no more
  CHECK(out.ruined);
  CHECK(out.equity[2] == -1000);
}

TEST_CASE("the loop over bars takes no memory from the heap") {
  const auto needed = [](int days) {
    const auto m = market(random_bars(3, 2, days));
    Script idle;  // no orders: lists of orders and fills would grow
    plugin::Strategy running = strategy(idle);
    const backtest::StrategyFrom legs[] = {{0, &running}};
    const std::size_t before = allocations;
    backtest::replay(m, Rules{}, legs);
    return allocations - before;
  };
  CHECK(needed(3000) == needed(300));
}

TEST_CASE("a packed market is the same market") {
  const auto bars = random_bars(11, 4, 50);
  std::size_t rows = 0;
  for (const auto& one : bars) rows += one.size();
  std::vector<double> extra(rows), forecasts(rows);
  for (std::size_t i = 0; i < rows; ++i) forecasts[i] = 1000 + (extra[i] = static_cast<double>(i));
  const auto m = make_market(frame(bars, {data::Column::of_reals("extra", extra)}), {}, std::vector<std::string>{"extra"}, {forecasts, 1});
  const auto file = worker::PackedFile::of(pack(m));
  const auto bare = market_of(file);
  CHECK(bare.outputs == 0);
  const auto again = with_forecasts(bare, {m.prediction, m.outputs});
  const auto same = [](auto a, auto b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); };
  CHECK((same(m.times, again.times) && same(m.first_row, again.first_row) && same(m.instrument, again.instrument)));
  CHECK((same(m.open, again.open) && same(m.high, again.high) && same(m.low, again.low) && same(m.close, again.close)));
  CHECK((same(m.columns[0], again.columns[0]) && same(m.prediction, again.prediction)));
  CHECK(m.features == again.features);
  REQUIRE(m.instruments.size() == again.instruments.size());
  for (std::size_t i = 0; i < m.instruments.size(); ++i) {
    CHECK(m.instruments[i].name == again.instruments[i].name);
    CHECK(m.instruments[i].bars == static_cast<std::int64_t>(bars[i].size()));
    CHECK(m.instruments[i].bars == again.instruments[i].bars);
  }
  for (std::size_t row = 0; row < rows; ++row) CHECK(m.prediction[row] == 1000 + m.columns[0][row]);
}
