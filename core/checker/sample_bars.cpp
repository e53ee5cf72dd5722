#include "checker/sample_bars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/calendar.hpp"
#include "base/random.hpp"
#include "checker/input_memory.hpp"

namespace assay::checker {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::size_t bytes_needed(const SampleBars& bars) {
  std::size_t values = 0;
  for (const auto& one : bars.instruments) values += one.time.size() * (7 + one.columns.size());
  return values * sizeof(double) + 64 * 64 * bars.instruments.size();
}

class Replay {
 public:
  Replay(plugin::Strategy& strategy, const SampleBars& bars) : strategy_(strategy), bars_(bars), memory_(bytes_needed(bars)) {
    const std::size_t n = bars.instruments.size();
    histories_.resize(n);
    columns_.resize(n);
    orders_at_.resize(n);
    for (std::size_t i = 0; i < n; ++i) show(i);
    for (const assay_history& history : histories_) pointers_.push_back(&history);
    market_.struct_size = sizeof market_;
    market_.host = this;
    market_.instruments = pointers_.data();
    market_.cash = market_.equity = 1e6;
    market_.order_units = [](assay_market* m, std::uint32_t i, double x) { return of(m).place(0, i, x); };
    market_.target_units = [](assay_market* m, std::uint32_t i, double x) { return of(m).place(1, i, x); };
    market_.target_weight = [](assay_market* m, std::uint32_t i, double x) { return of(m).place(2, i, x); };
  }

  std::vector<SampleOrder> run(const ReplayShape& shape) {
    if (shape.protect) memory_.protect();
    for (std::size_t t = 0; t < shape.first; ++t) learn(t);
    strategy_.on_start(market_);
    for (std::size_t t = shape.first; t < std::min(shape.last, bars_.times.size()); ++t) {
      market_.now_ns = bars_.times[t];
      market_.bar = static_cast<std::int64_t>(t - shape.first);
      fill();
      learn(t);
      value();
      strategy_.on_bar(market_);
    }
    strategy_.on_end(market_);
    return orders_;
  }

 private:
  static Replay& of(assay_market* market) { return *static_cast<Replay*>(market->host); }

  void show(std::size_t i) {
    const SampleBars::Instrument& from = bars_.instruments[i];
    const auto put = [&](const std::vector<double>& values) { return memory_.put<double>(std::span<const double>(values)); };
    for (const auto& column : from.columns) columns_[i].push_back(put(column));
    assay_history& h = histories_[i];
    h.struct_size = sizeof h;
    h.time_ns = memory_.put<std::int64_t>(std::span<const std::int64_t>(from.time));
    h.open = put(from.open);
    h.high = put(from.high);
    h.low = put(from.low);
    h.close = put(from.close);
    h.volume = put(from.volume);
    h.prediction = put(from.prediction);
    h.features = columns_[i].data();
    h.n_features = static_cast<std::uint32_t>(columns_[i].size());
    h.n_outputs = 1;
    h.average_price = kNaN;
    h.name = {from.name.data(), from.name.size()};
  }

  bool has_bar(std::size_t i, std::int64_t now) const {
    const auto next = static_cast<std::size_t>(histories_[i].bars);
    const auto& time = bars_.instruments[i].time;
    return next < time.size() && time[next] == now;
  }

  void learn(std::size_t t) {
    for (std::size_t i = 0; i < histories_.size(); ++i) {
      histories_[i].has_bar = has_bar(i, bars_.times[t]) ? 1 : 0;
      histories_[i].bars += histories_[i].has_bar;
      if (histories_[i].bars > 0) market_.n_instruments = std::max(market_.n_instruments, static_cast<std::uint32_t>(i + 1));
    }
    market_.now_ns = bars_.times[t];
  }

  void value() {
    market_.equity = market_.cash;
    for (const assay_history& h : histories_)
      if (h.units != 0) market_.equity += h.units * h.close[h.bars - 1];
  }

  std::int64_t place(int kind, std::uint32_t i, double wanted) {
    if (i >= market_.n_instruments || !std::isfinite(wanted)) {
      strategy_.refuse(fmt::format("an order of {} for instrument {} of {}", wanted, i, market_.n_instruments));
      return -1;
    }
    orders_.push_back({market_.now_ns, i, kind, wanted});
    orders_at_[i].push_back(orders_.size() - 1);
    return static_cast<std::int64_t>(orders_.size()) - 1;
  }

  void fill() {
    for (std::uint32_t i = 0; i < histories_.size(); ++i) {
      if (orders_at_[i].empty() || !has_bar(i, market_.now_ns)) continue;
      assay_history& h = histories_[i];
      const double price = h.open[h.bars];
      std::vector<std::size_t> orders;
      orders.swap(orders_at_[i]);
      for (const std::size_t at : orders) {
        const SampleOrder order = orders_[at];
        const double target = order.kind == 0   ? h.units + order.wanted
                              : order.kind == 1 ? order.wanted
                                                : order.wanted * market_.equity / price;
        const double units = target - h.units;
        if (units == 0) continue;
        market_.cash -= units * price;
        h.units = target;
        h.average_price = target == 0 ? kNaN : price;
        const assay_fill told{sizeof(assay_fill), i, static_cast<std::int64_t>(at), market_.now_ns, units, price, 0};
        if (strategy_.hears_fills()) strategy_.on_fill(market_, told);
      }
    }
  }

  plugin::Strategy& strategy_;
  const SampleBars& bars_;
  InputMemory memory_;
  std::vector<assay_history> histories_;
  std::vector<std::vector<const double*>> columns_;
  std::vector<const assay_history*> pointers_;
  std::vector<std::vector<std::size_t>> orders_at_;  // by instrument: waiting
  std::vector<SampleOrder> orders_;
  assay_market market_{};
};

}  // namespace

SampleBars sample_bars(std::size_t columns, std::uint64_t seed, std::size_t times) {
  Random random(SeedTree(seed).child("bars"));
  SampleBars bars;
  for (std::size_t t = 0; t < times; ++t) bars.times.push_back(static_cast<std::int64_t>(t + 1) * kNsPerDay);
  for (std::size_t i = 0; i < 3; ++i) {
    SampleBars::Instrument& one = bars.instruments.emplace_back();
    one.name = "instrument " + std::to_string(i + 1);
    one.columns.resize(columns);
    double price = 20 + 80 * random.uniform();
    for (std::size_t t = i == 2 ? 60 : 0; t < times - (i == 1 ? 60 : 0); ++t) {
      const double open = price * std::exp(0.01 * random.normal()), close = open * std::exp(0.02 * random.normal());
      const double high = std::max(open, close) * (1 + 0.01 * random.uniform()),
                   low = std::min(open, close) * (1 - 0.01 * random.uniform());
      const double volume = std::round(1e5 * random.uniform()), forecast = random.uniform() < 0.1 ? kNaN : 0.02 * random.normal();
      std::vector<double> more;
      for (std::size_t c = 0; c < columns; ++c) more.push_back(random.uniform() < 0.05 ? kNaN : random.normal());
      price = close;
      if (i > 0 && random.uniform() < 0.1) continue;  // a hole in its calendar
      one.time.push_back(bars.times[t]);
      one.open.push_back(open);
      one.high.push_back(high);
      one.low.push_back(low);
      one.close.push_back(close);
      one.volume.push_back(volume);
      one.prediction.push_back(forecast);
      for (std::size_t c = 0; c < columns; ++c) one.columns[c].push_back(more[c]);
    }
  }
  return bars;
}

std::vector<SampleOrder> orders_of(plugin::Strategy& strategy, const SampleBars& bars, const ReplayShape& shape) {
  return Replay(strategy, bars).run(shape);
}

}  // namespace assay::checker
