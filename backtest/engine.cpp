#include "backtest/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::backtest {

const char* to_text(Order::Kind kind) {
  return kind == Order::Kind::units ? "units" : kind == Order::Kind::target_units ? "target units" : "target weight";
}

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// What a strategy sees of one instrument: arrays of its own that hold the past and nothing else.
class View {
 public:
  // Arrays for the first `bars` bars of the instrument.
  View(const Instrument& from, std::size_t bars, std::size_t outputs)
      : from_(&from), time_(bars, kMissingTime), prediction_(from.prediction.empty() ? 0 : bars * outputs, kNaN), outputs_(outputs) {
    const std::span<const double> columns[] = {from.open, from.high, from.low, from.close, from.volume};
    const double** shown[] = {&raw.open, &raw.high, &raw.low, &raw.close, &raw.volume};
    for (std::size_t c = 0; c < 5; ++c) *shown[c] = columns[c].empty() ? nullptr : add(columns[c], bars);
    raw.struct_size = sizeof raw;
    raw.time_ns = time_.data();
    raw.prediction = prediction_.empty() ? nullptr : prediction_.data();
    raw.n_outputs = static_cast<std::uint32_t>(outputs);
    raw.average_price = kNaN;
    raw.name = {from.name.data(), from.name.size()};
    prices_ = columns_.size();
  }

  // The further columns of the strategy that trades from now on, with all bars known so far; -1 = a parameter that is not given.
  void show_features(std::span<const int> features) {
    columns_.resize(prices_);
    features_.clear();
    for (const int feature : features) {
      if (feature < 0) {
        features_.push_back(nullptr);
        continue;
      }
      const std::span<const double> all = from_->features[static_cast<std::size_t>(feature)];
      features_.push_back(add(all, time_.size()));
      std::copy_n(all.data(), raw.bars, columns_.back().to.data());
    }
    raw.features = features_.data();
    raw.n_features = static_cast<std::uint32_t>(features_.size());
  }

  // What happened before the backtest.
  void learn_until(TimeNs first) {
    const auto past = std::lower_bound(from_->time.begin(), from_->time.begin() + static_cast<std::ptrdiff_t>(time_.size()), first);
    const auto bars = static_cast<std::size_t>(past - from_->time.begin());
    std::copy_n(from_->time.data(), bars, time_.data());
    for (Shown& column : columns_) std::copy_n(column.from, bars, column.to.data());
    if (!prediction_.empty()) std::copy_n(from_->prediction.data(), bars * outputs_, prediction_.data());
    raw.bars = static_cast<std::int64_t>(bars);
  }

  bool has_bar_at(TimeNs now) const { return next() < time_.size() && from_->time[next()] == now; }
  std::size_t next() const { return static_cast<std::size_t>(raw.bars); }

  void learn_next() {
    const std::size_t bar = next();
    time_[bar] = from_->time[bar];
    for (Shown& column : columns_) column.to[bar] = column.from[bar];
    for (std::size_t k = 0; k < outputs_ && !prediction_.empty(); ++k)
      prediction_[bar * outputs_ + k] = from_->prediction[bar * outputs_ + k];
    ++raw.bars;
  }

  const Instrument& instrument() const { return *from_; }
  assay_history raw{};

 private:
  struct Shown {
    const double* from;
    std::vector<double> to;
  };
  const double* add(std::span<const double> all, std::size_t bars) {
    columns_.push_back({all.data(), std::vector<double>(bars, kNaN)});
    return columns_.back().to.data();
  }

  const Instrument* from_;
  std::vector<TimeNs> time_;
  std::vector<Shown> columns_;
  std::vector<double> prediction_;
  std::vector<const double*> features_;
  std::size_t outputs_, prices_ = 0;
};

class Engine {
 public:
  Engine(const Market& market, const Rules& rules, std::span<const StrategyFrom> strategies, const Period& period)
      : market_(market), rules_(rules), strategies_(strategies), account_(rules.capital, market.instruments.size()) {
    const auto begin = std::lower_bound(market.times.begin(), market.times.end(), period.first);
    const auto end = std::upper_bound(begin, market.times.end(), period.last);
    times_ = {begin, end};
    const std::size_t n = market.instruments.size();
    views_.reserve(n);
    for (const Instrument& instrument : market.instruments) {
      const auto bars = std::upper_bound(instrument.time.begin(), instrument.time.end(), period.last) - instrument.time.begin();
      views_.emplace_back(instrument, static_cast<std::size_t>(bars), static_cast<std::size_t>(market.outputs));
      if (!times_.empty()) views_.back().learn_until(times_.front());
      shown_.push_back(&views_.back().raw);
      marks_.push_back(views_.back().next() == 0 ? 0 : instrument.close[views_.back().next() - 1]);
    }
    waiting_.resize(n);
    raw_.struct_size = sizeof raw_;
    raw_.n_instruments = static_cast<std::uint32_t>(n);
    raw_.host = this;
    raw_.now_ns = begin == market.times.begin() ? kMissingTime : *(begin - 1);
    raw_.instruments = shown_.data();
    raw_.order_units = [](assay_market* m, std::uint32_t i, double u) { return of(m).place(i, Order::Kind::units, u); };
    raw_.target_units = [](assay_market* m, std::uint32_t i, double u) { return of(m).place(i, Order::Kind::target_units, u); };
    raw_.target_weight = [](assay_market* m, std::uint32_t i, double w) { return of(m).place(i, Order::Kind::target_weight, w); };
    raw_.cash = raw_.equity = ledger_ = rules.capital;
    out_.times.assign(times_.begin(), times_.end());
    for (auto* series : {&out_.equity, &out_.cash, &out_.exposure}) series->resize(times_.size());
    out_.optimistic = rules.fill == FillRule::same_close;
    ASSAY_CHECK(!strategies.empty(), "somebody has to trade");
  }

  Outcome run(const std::atomic<bool>* stop) {
    start_next();
    for (std::size_t t = 0; t < times_.size(); ++t) {
      if (stop != nullptr && stop->load(std::memory_order_relaxed)) throw plugin::Stopped(strategy_->id());
      step(t);
    }
    strategy_->on_end(raw_);
    finish();
    return std::move(out_);
  }

 private:
  static Engine& of(assay_market* market) { return *static_cast<Engine*>(market->host); }

  void start_next() {
    strategy_ = strategies_[running_++].strategy;
    std::vector<int> features;
    for (const std::string& name : strategy_->columns()) {
      const auto at = std::find(market_.features.begin(), market_.features.end(), name);
      if (at == market_.features.end() && !name.empty())
        throw Error(Fault::usage, "starting " + strategy_->id(), fmt::format("the backtest has no column '{}'", name),
                    market_.features.empty() ? "" : "It has: " + text::join(market_.features, ", "));
      features.push_back(name.empty() ? -1 : static_cast<int>(at - market_.features.begin()));
    }
    for (View& view : views_) view.show_features(features);
    strategy_->on_start(raw_);
  }

  void step(std::size_t t) {
    while (!out_.ruined && running_ < strategies_.size() && times_[t] >= strategies_[running_].from) {
      strategy_->on_end(raw_);
      start_next();
    }
    raw_.now_ns = times_[t];
    raw_.bar = static_cast<std::int64_t>(t);
    if (rules_.fill == FillRule::next_open) fill_waiting(t, true);
    for (std::size_t i = 0; i < views_.size(); ++i) {
      View& view = views_[i];
      view.raw.has_bar = view.has_bar_at(raw_.now_ns) ? 1 : 0;
      if (view.raw.has_bar == 0) continue;
      mark(i, view.instrument().close[view.next()]);
      view.learn_next();
    }
    if (rules_.fill == FillRule::next_close) fill_waiting(t, false);
    value_account();
    stop_if_ruined(t);
    if (!out_.ruined) {
      strategy_->on_bar(raw_);
      if (rules_.fill == FillRule::same_close) {
        fill_waiting(t, false);
        value_account();
        stop_if_ruined(t);
      }
    }
    record(t);
  }

  std::int64_t place(std::uint32_t instrument, Order::Kind kind, double wanted) {
    if (instrument >= views_.size() || !std::isfinite(wanted)) {
      strategy_->refuse(instrument >= views_.size() ? fmt::format("an order for instrument {} of {}", instrument, views_.size())
                                                    : fmt::format("an order whose size is {}", wanted));
      return -1;
    }
    Order order;
    order.number = static_cast<std::int64_t>(out_.orders.size());
    order.instrument = instrument;
    order.placed = raw_.now_ns;
    order.kind = kind;
    order.wanted = wanted;
    out_.orders.push_back(order);
    after_.push_back(-1);
    Queue& queue = waiting_[instrument];
    (queue.first < 0 ? queue.first : after_[static_cast<std::size_t>(queue.last)]) = order.number;
    queue.last = order.number;
    ++waiting_count_;
    return order.number;
  }

  // An instrument's position is worth another price now.
  void mark(std::size_t i, double price) {
    const double units = account_.units(static_cast<std::uint32_t>(i));
    if (units != 0) ledger_ += units * (price - marks_[i]);
    marks_[i] = price;
  }

  double size_of(const Order& order, double price, double equity) const {
    const double held = account_.units(order.instrument);
    double target = order.wanted;
    if (order.kind == Order::Kind::units) target += held;
    if (order.kind == Order::Kind::target_weight) target *= equity / price;
    if (rules_.whole_units) target = std::trunc(target);
    return target - held;
  }

  // Orders of the instruments that have a bar at this time, at its open (not yet seen) or at its close (just seen).
  void fill_waiting(std::size_t t, bool at_open) {
    if (waiting_count_ == 0) return;
    for (std::size_t i = 0; at_open && i < views_.size(); ++i)
      if (views_[i].has_bar_at(raw_.now_ns)) mark(i, views_[i].instrument().open[views_[i].next()]);
    // Before any of this moment's fills: all target weights mean the same equity.
    const double equity = account_.equity(marks_);
    for (std::uint32_t i = 0; i < views_.size(); ++i) {
      if (waiting_[i].first < 0 || !(at_open ? views_[i].has_bar_at(raw_.now_ns) : views_[i].raw.has_bar != 0)) continue;
      const std::size_t bar = views_[i].next() - (at_open ? 0 : 1);
      // Orders that on_fill makes meanwhile wait for the next time.
      for (std::int64_t number = std::exchange(waiting_[i], {}).first; number >= 0;) {
        const auto at = static_cast<std::size_t>(number);
        --waiting_count_;
        fill(at, bar, equity, t);
        number = after_[at];
      }
    }
  }

  void fill(std::size_t number, std::size_t bar, double equity, std::size_t t) {
    Order& order = out_.orders[number];
    const std::uint32_t i = order.instrument;
    const double price = marks_[i], units = size_of(order, price, equity);
    if (units == 0) return;
    const Instrument& instrument = views_[i].instrument();
    ASSAY_CHECK(price >= instrument.low[bar] && price <= instrument.high[bar], "a fill lies inside its bar");
    order.units = units;
    order.price = price;
    order.filled = times_[t];
    const Fill& fill = trade(order.number, i, units, t);
    if (!strategy_->hears_fills()) return;
    value_account();
    const assay_fill told{sizeof(assay_fill), i, fill.order, fill.time, units, price, fill.costs()};
    strategy_->on_fill(raw_, told);
  }

  // At the present mark.
  const Fill& trade(std::int64_t order, std::uint32_t i, double units, std::size_t t) {
    const double price = marks_[i];
    const Fill fill{order, i, times_[t], units, price, rules_.costs.commission(units, price), rules_.costs.slippage(units, price)};
    account_.apply(fill, static_cast<std::int64_t>(t));
    ledger_ -= fill.costs();
    views_[i].raw.units = account_.units(i);
    views_[i].raw.average_price = account_.units(i) == 0 ? kNaN : account_.average_price(i);
    return out_.fills.emplace_back(fill);
  }

  void close_all(std::size_t t) {
    for (std::uint32_t i = 0; i < views_.size(); ++i)
      if (account_.units(i) != 0) trade(-1, i, -account_.units(i), t);
  }

  void value_account() {
    raw_.cash = account_.cash();
    raw_.equity = account_.equity(marks_);
  }

  // The ledger counts price changes of what is held, and costs; the account counts cash and positions. Both are the equity.
  void check_ledger(double equity) const {
    const double scale = rules_.capital + std::abs(equity) + account_.traded_value();
    ASSAY_CHECK(std::abs(ledger_ - equity) <= 1e-9 * scale, "cash and positions are the equity");
  }

  void stop_if_ruined(std::size_t t) {
    if (raw_.equity > 0 || out_.ruined) return;
    out_.ruined = true;
    for (Queue& queue : waiting_) queue = {};
    waiting_count_ = 0;
    close_all(t);
    value_account();
  }

  void record(std::size_t t) {
    check_ledger(raw_.equity);
    double held = 0;
    for (std::size_t i = 0; i < marks_.size(); ++i) held += std::abs(account_.units()[i]) * marks_[i];
    out_.equity[t] = raw_.equity;
    out_.cash[t] = raw_.cash;
    out_.exposure[t] = raw_.equity > 0 ? held / raw_.equity : 0;
  }

  void finish() {
    const std::size_t n = times_.size();
    if (rules_.settle_at_last_open && n > 0) settle(n - 1);
    out_.trades = account_.trades();
    const std::vector<Trade> open = account_.open_trades(marks_, n == 0 ? 0 : times_.back(), static_cast<std::int64_t>(n));
    out_.trades.insert(out_.trades.end(), open.begin(), open.end());
    out_.total_costs = account_.total_costs();
    out_.traded_value = account_.traded_value();
    double results = 0;
    for (const Trade& trade : out_.trades) results += trade.result;
    const double change = account_.equity(marks_) - rules_.capital;
    ASSAY_CHECK(std::abs(results - change) <= 1e-9 * (rules_.capital + std::abs(change) + account_.traded_value()),
                "the results of the trades are the change of equity");
  }

  // Compatibility: closes what is open at the last bar's open and corrects the last point of the equity curve.
  void settle(std::size_t t) {
    for (std::uint32_t i = 0; i < views_.size(); ++i)
      if (account_.units(i) != 0 && views_[i].raw.has_bar != 0) mark(i, views_[i].instrument().open[views_[i].next() - 1]);
    close_all(t);
    value_account();
    check_ledger(raw_.equity);
    out_.equity.back() = out_.cash.back() = raw_.equity;
    out_.exposure.back() = 0;
  }

  struct Queue {  // of order numbers, linked through after_
    std::int64_t first = -1, last = -1;
  };

  const Market& market_;
  const Rules& rules_;
  std::span<const StrategyFrom> strategies_;
  std::span<const TimeNs> times_;  // of the period
  plugin::Strategy* strategy_ = nullptr;
  std::size_t running_ = 0;  // strategies started so far
  Account account_;
  double ledger_ = 0;
  std::vector<View> views_;
  std::vector<const assay_history*> shown_;
  std::vector<double> marks_;  // the last known price of each instrument; 0 before its first
  std::vector<Queue> waiting_;
  std::vector<std::int64_t> after_;  // for each order: the next of its queue
  std::size_t waiting_count_ = 0;
  assay_market raw_{};
  Outcome out_;
};

}  // namespace

Outcome replay(const Market& market, const Rules& rules, std::span<const StrategyFrom> strategies, const Period& period,
               const std::atomic<bool>* stop) {
  return Engine(market, rules, strategies, period).run(stop);
}

}  // namespace assay::backtest
