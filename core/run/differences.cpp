#include "run/differences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <tuple>

namespace assay::run {

namespace {

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

// How many numbers differ and by how much at most; NaN against a number counts as infinitely far.
Difference compare_values(const std::string& name, const std::vector<double>& a, const std::vector<double>& b) {
  Difference out;
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (same_bits(a[i], b[i])) continue;
    ++count;
    const double distance = std::abs(a[i] - b[i]);
    out.largest = std::max(out.largest, std::isnan(distance) ? INFINITY : distance);
  }
  if (count > 0) out.what = fmt::format("{}: {} of {} values differ, by up to {:.3g}", name, count, a.size(), out.largest);
  return out;
}

void compare_unit(const store::Store& store, store::RunId a, store::RunId b, const store::UnitKey& key, std::vector<Difference>& out) {
  const std::string name = fmt::format("{}, fold {}, repeat {}", key.model, key.fold + 1, key.repeat + 1);
  const auto of_a = store.predictions(a, key), of_b = store.predictions(b, key);
  if (of_a.size() != of_b.size()) {
    out.push_back({name + ": other sets of forecasts", INFINITY});
    return;
  }
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    const store::Predictions &x = of_a[i], &y = of_b[i];
    const std::string part = name + ", " + x.part + (x.horizon == 0 ? "" : fmt::format(" at horizon {}", x.horizon));
    if (x.part != y.part || x.horizon != y.horizon || x.row != y.row || x.value.size() != y.value.size() ||
        x.truth.size() != y.truth.size()) {
      out.push_back({part + (x.part != y.part ? " against " + y.part : ": other rows"), INFINITY});
      continue;
    }
    if (x.known_at != y.known_at || x.label_end != y.label_end) out.push_back({part + ": other times", INFINITY});
    if (Difference d = compare_values(part, x.value, y.value); !d.what.empty()) out.push_back(std::move(d));
    if (Difference d = compare_values(part + ", truth", x.truth, y.truth); !d.what.empty()) out.push_back(std::move(d));
  }
  if (store.bundle(a, key) != store.bundle(b, key)) out.push_back({name + ": the saved states differ", 0});
}

// ---- backtests and trials ----------------------------------------------------------------------------------------------------------

std::string metric_name(const store::MetricRecord& m) {
  return fmt::format("{} {} {} {}", m.model, m.name, m.path < 0 ? "fold" : "path", (m.path < 0 ? m.fold : m.path) + 1);
}
std::string backtest_name(const store::BacktestRecord& b) { return fmt::format("backtest, {}, repeat {}", b.name, b.repeat + 1); }
std::string trial_name(const store::TrialRecord& t) {
  return (t.study < 0 ? "" : fmt::format("fold {}, ", t.study + 1)) + fmt::format("trial {}", t.number);
}

// A row of a table in two parts: what is compared as it is, and real numbers, whose bits are compared.
auto parts_of(const store::BacktestRecord::Order& o) {
  return std::pair{std::tie(o.number, o.instrument, o.placed, o.filled, o.kind), std::array{o.wanted}};
}
auto parts_of(const store::BacktestRecord::Fill& f) {
  return std::pair{std::tie(f.order, f.instrument, f.time), std::array{f.units, f.price, f.commission, f.slippage}};
}
auto parts_of(const store::BacktestRecord::Trade& t) {
  return std::pair{std::tie(t.instrument, t.entry_time, t.exit_time, t.bars, t.open_at_end),
                   std::array{t.units, t.entry_price, t.exit_price, t.costs, t.result, t.share}};
}

template <class Row>
void compare_rows(const std::string& name, const std::vector<Row>& a, const std::vector<Row>& b, std::vector<Difference>& out) {
  if (a.size() != b.size()) {
    out.push_back({fmt::format("{}: {} against {}", name, a.size(), b.size()), INFINITY});
    return;
  }
  Difference difference;
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = parts_of(a[i]), y = parts_of(b[i]);
    const Difference reals = compare_values("", {x.second.begin(), x.second.end()}, {y.second.begin(), y.second.end()});
    if (x.first == y.first && reals.what.empty()) continue;
    ++count;
    difference.largest = std::max(difference.largest, x.first == y.first ? reals.largest : INFINITY);
  }
  if (count == 0) return;
  difference.what = fmt::format("{}: {} of {} differ", name, count, a.size());
  out.push_back(std::move(difference));
}

void compare_backtest(const store::BacktestRecord& a, const store::BacktestRecord& b, std::vector<Difference>& out) {
  const std::string name = backtest_name(a);
  if (a.times != b.times || a.instruments != b.instruments) {
    out.push_back({name + ": other times or instruments", INFINITY});
    return;
  }
  for (const auto& [what, curve] : {std::pair{", equity", &store::BacktestRecord::equity},
                                    {", cash", &store::BacktestRecord::cash},
                                    {", exposure", &store::BacktestRecord::exposure}})
    if (Difference d = compare_values(name + what, a.*curve, b.*curve); !d.what.empty()) out.push_back(std::move(d));
  compare_rows(name + ", orders", a.orders, b.orders, out);
  compare_rows(name + ", fills", a.fills, b.fills, out);
  compare_rows(name + ", trades", a.trades, b.trades, out);
}

void compare_trial(const store::TrialRecord& a, const store::TrialRecord& b, std::vector<Difference>& out) {
  const std::string name = trial_name(a);
  if (a.status != b.status) out.push_back({fmt::format("{}: {} against {}", name, to_text(a.status), to_text(b.status)), INFINITY});
  if (a.values != b.values) out.push_back({name + ": other values were tried", INFINITY});
  if (Difference d = compare_values(name + ", value", {a.value}, {b.value}); !d.what.empty()) out.push_back(std::move(d));
  if (a.step != b.step || a.time != b.time) {
    out.push_back({name + ": other steps or times", INFINITY});
    return;
  }
  if (Difference d = compare_values(name + ", steps", a.step_value, b.step_value); !d.what.empty()) out.push_back(std::move(d));
  if (Difference d = compare_values(name + ", returns", a.returns, b.returns); !d.what.empty()) out.push_back(std::move(d));
}

struct Runs {
  store::RunId a, b;
};

// Compares those of one name; one that a single run has is told.
template <class Record>
void compare_all(Runs runs, const std::vector<Record>& of_a, const std::vector<Record>& of_b, std::string (*name_of)(const Record&),
                 void (*compare)(const Record&, const Record&, std::vector<Difference>&), std::vector<Difference>& out) {
  std::map<std::string, const Record*> left;
  for (const Record& record : of_a) left.emplace(name_of(record), &record);
  for (const Record& record : of_b) {
    const auto found = left.find(name_of(record));
    if (found == left.end()) {
      out.push_back({fmt::format("{}: in run {} only", name_of(record), runs.b), INFINITY});
      continue;
    }
    compare(*found->second, record, out);
    left.erase(found);
  }
  for (const auto& [name, record] : left) out.push_back({fmt::format("{}: in run {} only", name, runs.a), INFINITY});
}

// Those of a sealed span are there once somebody looked: they are no part of the run.
std::vector<store::BacktestRecord> backtests_of(const store::Store& store, store::RunId id) {
  std::vector<store::BacktestRecord> all = store.backtests(id, store::Store::Detail::everything);
  std::erase_if(all, [](const store::BacktestRecord& b) { return b.name.starts_with("final_test"); });
  return all;
}

void compare_metric(const store::MetricRecord& a, const store::MetricRecord& b, std::vector<Difference>& out) {
  if (Difference d = compare_values(metric_name(a), {a.value, a.low, a.high, a.spread}, {b.value, b.low, b.high, b.spread});
      !d.what.empty())
    out.push_back(std::move(d));
}

}  // namespace

std::vector<Difference> differences(const store::Store& store, store::RunId a, store::RunId b) {
  std::vector<Difference> out;
  const std::vector<store::UnitKey> of_a = store.finished_units(a), of_b = store.finished_units(b);
  if (of_a != of_b) out.push_back({fmt::format("{} fits against {}", of_a.size(), of_b.size()), INFINITY});
  for (const store::UnitKey& key : of_a)
    if (std::find(of_b.begin(), of_b.end(), key) != of_b.end()) compare_unit(store, a, b, key, out);
  const auto whole = store::Store::TrialDetail::whole;
  compare_all({a, b}, store.metrics(a), store.metrics(b), &metric_name, &compare_metric, out);
  compare_all({a, b}, backtests_of(store, a), backtests_of(store, b), &backtest_name, &compare_backtest, out);
  compare_all({a, b}, store.trials(a, whole), store.trials(b, whole), &trial_name, &compare_trial, out);
  return out;
}

std::vector<std::string> circumstances(const store::RunRecord& a, const store::RunRecord& b) {
  std::vector<std::string> out;
  const auto differ = [&](const char* what, const std::string& x, const std::string& y) {
    if (x != y) out.push_back(fmt::format("{}: {} against {}", what, x.empty() ? "none" : x, y.empty() ? "none" : y));
  };
  differ("build", a.build.substr(0, 12), b.build.substr(0, 12));
  differ("CPU level", a.cpu_variant, b.cpu_variant);
  differ("machine", a.machine, b.machine);
  differ("data", a.data_hash.substr(0, 12), b.data_hash.substr(0, 12));
  if (a.resolved != b.resolved) out.push_back("the resolved files differ");
  std::map<std::string, std::pair<const store::PluginRecord*, const store::PluginRecord*>> plugins;
  for (const store::PluginRecord& p : a.plugins) plugins[p.id].first = &p;
  for (const store::PluginRecord& p : b.plugins) plugins[p.id].second = &p;
  for (const auto& [id, pair] : plugins) {
    const auto describe = [](const store::PluginRecord* p) {
      return p == nullptr ? std::string() : fmt::format("{} {} {}", p->version, p->variant, p->sha256.substr(0, 12));
    };
    differ(("plugin " + id).c_str(), describe(pair.first), describe(pair.second));
  }
  return out;
}

}  // namespace assay::run
