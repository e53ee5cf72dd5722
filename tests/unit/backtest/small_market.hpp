// Markets written by hand or drawn at random, and strategies written as functions. Used by the tests of this folder.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "backtest/engine.hpp"
#include "base/random.hpp"
#include "plugin/registry.hpp"
#include "plugin/strategy.hpp"

namespace small_market {

using namespace assay;
using backtest::make_market;

struct Bar {
  std::int64_t day;
  double open, high, low, close;
};

// One list of bars for each instrument ("A", "B", ...), dated by whole days. more: further columns, by row in order of (day, instrument).
inline data::Frame frame(const std::vector<std::vector<Bar>>& instruments, std::vector<data::Column> more = {}) {
  struct Row {
    Bar bar;
    std::int32_t entity;
  };
  std::vector<Row> rows;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < instruments.size(); ++i) {
    names.emplace_back(1, static_cast<char>('A' + i));
    for (const Bar& bar : instruments[i]) rows.push_back({bar, static_cast<std::int32_t>(i)});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.bar.day < b.bar.day; });
  std::vector<TimeNs> time;
  std::vector<std::int32_t> entity;
  std::vector<double> open, high, low, close;
  for (const Row& row : rows) {
    time.push_back(row.bar.day * kNsPerDay);
    entity.push_back(row.entity);
    open.push_back(row.bar.open);
    high.push_back(row.bar.high);
    low.push_back(row.bar.low);
    close.push_back(row.bar.close);
  }
  std::vector<data::Column> columns{data::Column::of_times("time", time), data::Column::of_codes("entity", entity, names),
                                    data::Column::of_reals("open", open), data::Column::of_reals("high", high),
                                    data::Column::of_reals("low", low),   data::Column::of_reals("close", close)};
  for (data::Column& column : more) columns.push_back(std::move(column));
  data::TimeRules rules;
  rules.time_column = "time";
  rules.entity_column = "entity";
  data::FrameNotes notes;
  return data::Frame::finish(std::move(columns), rules, notes);
}

inline backtest::Market market(const std::vector<std::vector<Bar>>& instruments) { return make_market(frame(instruments), {}); }

// One instrument whose bars open at the last close and close at the next of these.
inline std::vector<Bar> closes(const std::vector<double>& values) {
  std::vector<Bar> bars;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double open = i == 0 ? values[0] : values[i - 1], close = values[i];
    bars.push_back({static_cast<std::int64_t>(i) + 1, open, std::max(open, close), std::min(open, close), close});
  }
  return bars;
}

// Ragged calendars: each is listed at some day, the first ones first, and bars are missing here and there.
inline std::vector<std::vector<Bar>> random_bars(std::uint64_t seed, int instruments, int days) {
  Random random(SeedTree(seed).child("market"));
  std::vector<std::vector<Bar>> all;
  for (int i = 0; i < instruments; ++i) {
    std::vector<Bar>& bars = all.emplace_back();
    double price = 50 + 100 * random.uniform();
    const auto listed = static_cast<int>(random.below(static_cast<std::uint64_t>(days / 3 + 1)));
    for (int day = listed; day < days; ++day) {
      if (day > listed && random.uniform() < 0.1) continue;
      const double open = price * std::exp(0.02 * random.normal()), close = open * std::exp(0.03 * random.normal());
      bars.push_back({day + 1, open, std::max(open, close) * (1 + 0.01 * random.uniform()),
                      std::min(open, close) * (1 - 0.01 * random.uniform()), close});
      price = close;
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a[0].day < b[0].day; });
  return all;
}

// A strategy in this program: what its events do. Empty ones are left out.
struct Script {
  std::function<void(assay_market&)> on_bar = [](assay_market&) {}, on_start = [](assay_market&) {}, on_end = [](assay_market&) {};
  std::function<void(assay_market&, const assay_fill&)> on_fill = [](assay_market&, const assay_fill&) {};
};

// column: what its COLUMN parameter names; "": none.
inline plugin::Strategy strategy(Script& script, const std::string& column = "") {
  static Script* next = nullptr;
  static const auto of = [](void* self) -> Script& { return *static_cast<Script*>(self); };
  static const assay_strategy_events events{
      sizeof events,
      0,
      [](void* self, assay_call*, assay_market* m) -> assay_status { return of(self).on_start(*m), ASSAY_DONE; },
      [](void* self, assay_call*, assay_market* m) -> assay_status { return of(self).on_bar(*m), ASSAY_DONE; },
      [](void* self, assay_call*, assay_market* m, const assay_fill* f) -> assay_status { return of(self).on_fill(*m, *f), ASSAY_DONE; },
      [](void* self, assay_call*, assay_market* m) -> assay_status { return of(self).on_end(*m), ASSAY_DONE; }};
  static const assay_component raw = [] {
    assay_component c{};
    c.struct_size = sizeof c;
    c.kind = "strategy";
    c.id = "test.script";
    c.version = "1";
    c.summary = "events as functions";
    static const assay_value none = [] {
      assay_value v{};
      v.kind = ASSAY_VALUE_TEXT;
      v.text = {"", 0};
      return v;
    }();
    static const assay_param named = [] {
      assay_param p{};
      p.struct_size = sizeof p;
      p.kind = ASSAY_PARAM_COLUMN;
      p.name = "column";
      p.doc = "a column to look at";
      p.fallback = &none;
      p.min = -std::numeric_limits<double>::infinity();
      p.max = std::numeric_limits<double>::infinity();
      return p;
    }();
    static const assay_param* const params[] = {&named};
    c.params = params;
    c.n_params = 1;
    c.create = [](assay_call*, const assay_value*, std::uint32_t) -> void* { return next; };
    c.destroy = [](void*) {};
    c.ability = [](const char* id) -> const void* { return std::string_view(id) == "strategy.events/1" ? &events : nullptr; };
    return c;
  }();
  static const plugin::LoadedComponent component{plugin::describe(raw), &raw, nullptr};
  next = &script;
  return plugin::Strategy(component, column.empty() ? config::Map{} : config::Map{{"column", {column}}});
}

inline backtest::Outcome replay(const backtest::Market& market, const backtest::Rules& rules, Script& script,
                                const backtest::Period& period = {}) {
  plugin::Strategy running = strategy(script);
  const backtest::StrategyFrom legs[] = {{std::numeric_limits<TimeNs>::min(), &running}};
  return backtest::replay(market, rules, legs, period);
}

}  // namespace small_market
