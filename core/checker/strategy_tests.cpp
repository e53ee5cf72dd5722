// How a strategy behaves: what it orders is a function of the bars up to now, its parameters and the seed.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/random.hpp"
#include "checker/sample_bars.hpp"
#include "checker/subject.hpp"

namespace assay::checker {
namespace {

plugin::Strategy make_strategy(const Subject& subject) {
  plugin::CallOptions options;
  options.seed = subject.seed;
  return {*subject.component, subject.params, options};
}

SampleBars bars_for(const Subject& subject, std::uint64_t seed) { return sample_bars(make_strategy(subject).columns().size(), seed); }

std::vector<SampleOrder> orders(const Subject& subject, const SampleBars& bars, const ReplayShape& shape = {}) {
  plugin::Strategy strategy = make_strategy(subject);
  return orders_of(strategy, bars, shape);
}

Outcome trades(Subject& subject) {
  std::size_t count = 0;
  for (std::uint64_t market = 0; market < 3; ++market) count += orders(subject, bars_for(subject, subject.seed + market)).size();
  return {Status::pass,
          count == 0 ? "no order on three markets of 240 bars" : fmt::format("{} orders on three markets of 240 bars", count)};
}

Outcome same_orders(Subject& subject) {
  const SampleBars bars = bars_for(subject, subject.seed), other = bars_for(subject, subject.seed + 99);
  const std::vector<SampleOrder> first = orders(subject, bars);
  expect(orders(subject, bars) == first, "the same bars, parameters and seed give other orders the second time");
  plugin::Strategy beside = make_strategy(subject);  // another backtest, begun before and not over yet
  orders_of(beside, other, {0, 120, false});
  expect(orders(subject, bars) == first, "what it orders depends on another backtest of the same process");
  return {};
}

// All bars change after one time; what was ordered up to then has to stay.
void change_after(SampleBars& bars, std::int64_t time, std::uint64_t seed) {
  Random random(SeedTree(seed).child("future"));
  for (SampleBars::Instrument& one : bars.instruments)
    for (std::size_t bar = 0; bar < one.time.size(); ++bar) {
      const double factor = std::exp(0.3 * random.normal());
      if (one.time[bar] <= time) continue;
      for (auto* prices : {&one.open, &one.high, &one.low, &one.close}) (*prices)[bar] *= factor;
      one.volume[bar] *= factor;
      one.prediction[bar] = 0.02 * random.normal();
      for (auto& column : one.columns) column[bar] = random.normal();
    }
}

Outcome no_look_ahead(Subject& subject) {
  for (std::uint64_t market = 0; market < 3; ++market) {
    const SampleBars bars = bars_for(subject, subject.seed + market);
    const std::vector<SampleOrder> expected = orders(subject, bars);
    for (const std::size_t cut : {60u, 100u, 101u, 150u, 199u}) {
      SampleBars changed = bars;
      const std::int64_t time = bars.times[cut];
      change_after(changed, time, subject.seed + cut);
      const auto up_to = [time](std::vector<SampleOrder> list) {
        list.erase(std::remove_if(list.begin(), list.end(), [time](const SampleOrder& order) { return order.time > time; }), list.end());
        return list;
      };
      expect(up_to(orders(subject, changed)) == up_to(expected),
             "when later bars change, earlier orders change: it reads beyond the bars that it is given");
    }
  }
  return {};
}

// No time at all, and times before anything is listed.
Outcome no_data(Subject& subject) {
  const SampleBars bars = bars_for(subject, subject.seed);
  expect(orders(subject, bars, {0, 0, false}).empty(), "orders without a single bar");
  SampleBars empty = bars;
  for (SampleBars::Instrument& one : empty.instruments)
    one = {one.name, {}, {}, {}, {}, {}, {}, {}, std::vector<std::vector<double>>(one.columns.size())};
  expect(orders(subject, empty).empty(), "orders instruments that have no bar");
  return {};
}

Outcome missing_values(Subject& subject) {
  SampleBars bars = bars_for(subject, subject.seed);
  for (SampleBars::Instrument& one : bars.instruments) {
    std::fill(one.prediction.begin(), one.prediction.end(), std::numeric_limits<double>::quiet_NaN());
    for (auto& column : one.columns) std::fill(column.begin(), column.end(), std::numeric_limits<double>::quiet_NaN());
  }
  orders(subject, bars);
  return {};
}

Outcome late_start(Subject& subject) {
  orders(subject, bars_for(subject, subject.seed), {150, 200, false});
  return {};
}

Outcome input_untouched(Subject& subject) {
  orders(subject, bars_for(subject, subject.seed), {0, SIZE_MAX, true});
  return {};
}

}  // namespace

const std::vector<Test>& strategy_tests() {
  static const std::vector<Test> tests = {
      {"strategy", "trades", "it goes through three markets with ragged calendars", "param_defaults", trades},
      {"strategy", "quiet", "it prints nothing", "trades", trades},
      {"strategy", "same_events_same_orders", "the same bars and seed give the same orders", "trades", same_orders},
      {"strategy", "no_look_ahead", "when later bars change, earlier orders stay", "same_events_same_orders", no_look_ahead},
      {"strategy", "no_data", "without bars it orders nothing", "param_defaults", no_data},
      {"strategy", "missing_values", "missing forecasts and columns do no harm", "trades", missing_values},
      {"strategy", "late_start", "it can begin where bars are known already", "trades", late_start},
      {"strategy", "input_untouched", "it does not write to its inputs", "trades", input_untouched},
  };
  return tests;
}

}  // namespace assay::checker
