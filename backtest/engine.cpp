#include "backtest/engine.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::backtest {

const char* to_text(Order::Kind kind) {
  return kind == Order::Kind::units ? "units" : kind == Order::Kind::target_units ? "target units" : "target weight";
}

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// An order of more than a million times the account is a strategy's mistake, and sums of many such would overflow.
constexpr double kLargestLeverage = 1e6, kLargestValue = 1e100;

// The arrays of all instruments' histories in one piece of memory, with large pages where they pay: a panel's arrays are written in turn,
// each a little, and would be on a page of their own each.
template <class T>
class Arena {
 public:
  Arena(std::size_t values, T fill) {
    const std::size_t bytes = values * sizeof(T);
    const bool large = bytes >= std::size_t{4} << 20;
    const std::size_t page = large ? std::size_t{2} << 20 : 64;
    memory_.reset(static_cast<T*>(std::aligned_alloc(page, (bytes / page + 1) * page)));
    if (memory_ == nullptr) throw std::bad_alloc();
    if (large) ::madvise(memory_.get(), bytes, MADV_HUGEPAGE);
    std::fill_n(memory_.get(), values, fill);
  }
  T* take(std::size_t values) { return memory_.get() + std::exchange(used_, used_ + values); }

 private:
  struct Free {
    void operator()(T* memory) const { std::free(memory); }
  };
  std::unique_ptr<T, Free> memory_;
  std::size_t used_ = 0;
};

// What strategies see of the instruments: arrays of their own that hold the past and nothing else.
class Histories {
 public:
  // Room for the market's first `rows` rows.
  Histories(const Market& market, std::size_t rows)
      : market_(market),
        rows_(rows),
        outputs_(static_cast<std::size_t>(market.outputs)),
        room_(room(market, rows)),
        raw_(market.instruments.size()),
        pointers_(market.instruments.size(), nullptr),
        values_(rows * (4 + (market.volume.empty() ? 0 : 1) + outputs_), kNaN),
        times_(rows, kMissingTime) {
    for (std::size_t i = 0; i < raw_.size(); ++i) {
      assay_history& h = raw_[i];
      h.struct_size = sizeof h;
      h.time_ns = times_.take(room_[i]);
      for (const double** array : {&h.open, &h.high, &h.low, &h.close}) *array = values_.take(room_[i]);
      if (!market.volume.empty()) h.volume = values_.take(room_[i]);
      if (outputs_ > 0) h.prediction = values_.take(room_[i] * outputs_);
      h.n_outputs = static_cast<std::uint32_t>(outputs_);
      h.average_price = kNaN;
      h.name = {market.instruments[i].name.data(), market.instruments[i].name.size()};
    }
  }

  assay_history& operator[](std::size_t instrument) { return raw_[instrument]; }
  std::size_t size() const { return raw_.size(); }
  std::uint32_t known() const { return known_; }  // instruments that have had a bar: the first ones
  const assay_history* const* pointers() const { return pointers_.data(); }

  // The row becomes known; rows come in order.
  void learn(std::size_t row) {
    assay_history& h = raw_[static_cast<std::size_t>(market_.instrument[row])];
    const auto bar = static_cast<std::size_t>(h.bars++);
    if (bar == 0) {
      ASSAY_CHECK(&h == &raw_[known_], "instruments are in order of their first bars");
      pointers_[known_++] = &h;
    }
    h.has_bar = 1;
    put(h.time_ns, bar, now_);
    put(h.open, bar, market_.open[row]);
    put(h.high, bar, market_.high[row]);
    put(h.low, bar, market_.low[row]);
    put(h.close, bar, market_.close[row]);
    if (h.volume != nullptr) put(h.volume, bar, market_.volume[row]);
    for (std::size_t k = 0; k < outputs_; ++k) put(h.prediction, bar * outputs_ + k, market_.prediction[row * outputs_ + k]);
    for (std::uint32_t f = 0; f < h.n_features; ++f)
      if (h.features[f] != nullptr) put(h.features[f], bar, market_.columns[static_cast<std::size_t>(shown_[f])][row]);
  }
  void begin_time(TimeNs now) { now_ = now; }
  void forget_bar(std::size_t row) { raw_[static_cast<std::size_t>(market_.instrument[row])].has_bar = 0; }

  // The further columns of the strategy that trades from now on, with all rows known so far; -1 = a parameter that is not given.
  void show_columns(std::vector<int> columns, std::size_t known_rows) {
    shown_ = std::move(columns);
    const auto arrays = static_cast<std::size_t>(std::count_if(shown_.begin(), shown_.end(), [](int c) { return c >= 0; }));
    column_values_.emplace(arrays * rows_, kNaN);
    column_pointers_.assign(raw_.size() * shown_.size(), nullptr);
    for (std::size_t i = 0; i < raw_.size(); ++i) {
      const double** pointers = column_pointers_.data() + i * shown_.size();
      for (std::size_t f = 0; f < shown_.size(); ++f)
        if (shown_[f] >= 0) pointers[f] = column_values_->take(room_[i]);
      raw_[i].features = pointers;
      raw_[i].n_features = static_cast<std::uint32_t>(shown_.size());
    }
    std::vector<std::size_t> bar(raw_.size(), 0);
    for (std::size_t row = 0; row < known_rows && arrays > 0; ++row) {
      const auto i = static_cast<std::size_t>(market_.instrument[row]);
      for (std::size_t f = 0; f < shown_.size(); ++f)
        if (shown_[f] >= 0) put(raw_[i].features[f], bar[i], market_.columns[static_cast<std::size_t>(shown_[f])][row]);
      ++bar[i];
    }
  }

 private:
  static std::vector<std::size_t> room(const Market& market, std::size_t rows) {
    std::vector<std::size_t> bars(market.instruments.size(), 0);
    for (std::size_t row = 0; row < rows; ++row) ++bars[static_cast<std::size_t>(market.instrument[row])];
    return bars;
  }
  // The arrays are ours; only strategies may not write to them.
  template <class T>
  static void put(const T* array, std::size_t at, T value) {
    const_cast<T*>(array)[at] = value;
  }

  const Market& market_;
  std::size_t rows_, outputs_;
  std::vector<std::size_t> room_;  // bars of each instrument
  std::vector<assay_history> raw_;
  std::vector<const assay_history*> pointers_;  // null where nothing is known yet
  std::uint32_t known_ = 0;
  Arena<double> values_;
  Arena<TimeNs> times_;
  TimeNs now_ = 0;
  std::vector<int> shown_;
  std::optional<Arena<double>> column_values_;
  std::vector<const double*> column_pointers_;
};

class Engine {
 public:
  Engine(const Market& market, const Rules& rules, std::span<const StrategyFrom> strategies, const Period& period)
      : market_(market),
        rules_(rules),
        strategies_(strategies),
        begin_(static_cast<std::size_t>(std::lower_bound(market.times.begin(), market.times.end(), period.first) - market.times.begin())),
        end_(std::max(begin_, static_cast<std::size_t>(std::upper_bound(market.times.begin(), market.times.end(), period.last) -
                                                       market.times.begin()))),
        account_(rules.capital, market.instruments.size()),
        histories_(market, first_row(end_)),
        marks_(market.instruments.size(), 0) {
    ASSAY_CHECK(!strategies.empty(), "somebody has to trade");
    for (std::size_t t = 0; t < begin_; ++t) learn(t);
    waiting_.resize(market.instruments.size());
    raw_.struct_size = sizeof raw_;
    raw_.host = this;
    raw_.now_ns = begin_ == 0 ? kMissingTime : market.times[begin_ - 1];
    raw_.instruments = histories_.pointers();
    raw_.order_units = [](assay_market* m, std::uint32_t i, double u) { return of(m).place(i, Order::Kind::units, u); };
    raw_.target_units = [](assay_market* m, std::uint32_t i, double u) { return of(m).place(i, Order::Kind::target_units, u); };
    raw_.target_weight = [](assay_market* m, std::uint32_t i, double w) { return of(m).place(i, Order::Kind::target_weight, w); };
    raw_.cash = raw_.equity = ledger_ = rules.capital;
    out_.times.assign(market.times.begin() + static_cast<std::ptrdiff_t>(begin_), market.times.begin() + static_cast<std::ptrdiff_t>(end_));
    for (auto* series : {&out_.equity, &out_.cash, &out_.exposure}) series->resize(end_ - begin_);
    out_.optimistic = rules.fill == FillRule::same_close;
  }

  Outcome run(const std::atomic<bool>* stop) {
    start_next();
    for (std::size_t t = begin_; t < end_; ++t) {
      if (stop != nullptr && stop->load(std::memory_order_relaxed)) throw plugin::Stopped(strategy_->id());
      step(t);
    }
    strategy_->on_end(raw_);
    finish();
    return std::move(out_);
  }

 private:
  std::size_t first_row(std::size_t t) const { return static_cast<std::size_t>(market_.first_row[t]); }
  std::uint32_t instrument(std::size_t row) const { return static_cast<std::uint32_t>(market_.instrument[row]); }

  static Engine& of(assay_market* market) { return *static_cast<Engine*>(market->host); }

  void start_next() {
    strategy_ = strategies_[running_++].strategy;
    std::vector<int> columns;
    for (const std::string& name : strategy_->columns()) {
      const auto at = std::find(market_.features.begin(), market_.features.end(), name);
      if (at == market_.features.end() && !name.empty())
        throw Error(Fault::usage, "starting " + strategy_->id(), fmt::format("the backtest has no column '{}'", name),
                    market_.features.empty() ? "" : "It has: " + text::join(market_.features, ", "));
      columns.push_back(name.empty() ? -1 : static_cast<int>(at - market_.features.begin()));
    }
    histories_.show_columns(std::move(columns), first_row(now_));
    strategy_->on_start(raw_);
  }

  // The rows of a time become known.
  void learn(std::size_t t) {
    const std::size_t first = first_row(t), last = first_row(t + 1);
    if (t > 0 && last - first < histories_.size())
      for (std::size_t row = first_row(t - 1); row < first; ++row) histories_.forget_bar(row);
    histories_.begin_time(market_.times[t]);
    for (std::size_t row = first; row < last; ++row) {
      mark(instrument(row), market_.close[row]);
      histories_.learn(row);
    }
    raw_.n_instruments = histories_.known();
  }

  void step(std::size_t t) {
    now_ = t;
    while (!out_.ruined && running_ < strategies_.size() && market_.times[t] >= strategies_[running_].from) {
      strategy_->on_end(raw_);
      start_next();
    }
    raw_.now_ns = market_.times[t];
    raw_.bar = static_cast<std::int64_t>(t - begin_);
    if (out_.ruined) close_positions(t, true);  // those that had no bar when all was lost
    if (rules_.fill == FillRule::next_open) fill_waiting(t, true);
    learn(t);
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
    if (instrument >= raw_.n_instruments || !std::isfinite(wanted)) {
      strategy_->refuse(instrument >= raw_.n_instruments ? fmt::format("an order for instrument {} of {}", instrument, raw_.n_instruments)
                                                         : fmt::format("an order whose size is {}", wanted));
      return -1;
    }
    const double value = kind == Order::Kind::target_weight ? wanted * raw_.equity : wanted * marks_[instrument];
    if (is_absurd(value)) {
      strategy_->refuse(absurd(value));
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

  bool is_absurd(double value) const {  // not a number: absurd too
    return !(std::abs(value) <= std::min(kLargestLeverage * std::max(rules_.capital, raw_.equity), kLargestValue));
  }
  std::string absurd(double value) const {
    return fmt::format("an order worth {:g} with an equity of {:g}: more than a million times the account", value, raw_.equity);
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
    // Equity can be gone at an open already, before a close makes that ruin: a share of a debt is nothing, not the other side.
    if (order.kind == Order::Kind::target_weight) target *= std::max(equity, 0.0) / price;
    if (rules_.whole_units) target = std::trunc(target);
    return target - held;
  }

  // Orders of the instruments that have a bar at this time, at its open (not yet seen) or at its close (just seen).
  void fill_waiting(std::size_t t, bool at_open) {
    if (waiting_count_ == 0) return;
    const std::size_t first = first_row(t), last = first_row(t + 1);
    for (std::size_t row = first; at_open && row < last; ++row) mark(instrument(row), market_.open[row]);
    // Before any of this moment's fills: all target weights mean the same equity.
    const double equity = account_.equity(marks_);
    for (std::size_t row = first; row < last; ++row) {
      // Orders that on_fill makes meanwhile wait for the next time.
      for (std::int64_t number = std::exchange(waiting_[instrument(row)], {}).first; number >= 0;) {
        const auto at = static_cast<std::size_t>(number);
        --waiting_count_;
        fill(at, row, equity);
        number = after_[at];
      }
    }
  }

  void fill(std::size_t number, std::size_t row, double equity) {
    Order& order = out_.orders[number];
    const std::uint32_t i = order.instrument;
    const double price = marks_[i], units = size_of(order, price, equity);
    if (units == 0) return;
    if (is_absurd(units * price)) throw plugin::ComponentError(strategy_->id(), "an order", ASSAY_BAD_INPUT, absurd(units * price));
    order.units = units;
    order.price = price;
    order.filled = raw_.now_ns;
    const Fill& fill = trade(order.number, row, units);
    if (!strategy_->hears_fills()) return;
    value_account();
    const assay_fill told{sizeof(assay_fill), i, fill.order, fill.time, units, price, fill.costs()};
    strategy_->on_fill(raw_, told);
  }

  // At the present mark, which is of the row's bar.
  const Fill& trade(std::int64_t order, std::size_t row, double units) {
    const std::uint32_t i = instrument(row);
    const double price = marks_[i];
    ASSAY_CHECK(price >= market_.low[row] && price <= market_.high[row], "a fill lies inside its bar");
    const Fill fill{order, i, raw_.now_ns, units, price, rules_.costs.commission(units, price), rules_.costs.slippage(units, price)};
    account_.apply(fill, raw_.bar);
    ledger_ -= fill.costs();
    histories_[i].units = account_.units(i);
    histories_[i].average_price = account_.units(i) == 0 ? kNaN : account_.average_price(i);
    return out_.fills.emplace_back(fill);
  }

  // Closes the positions whose instruments have a bar at this time, at its open or at its close; the others have no price to trade at.
  void close_positions(std::size_t t, bool at_open) {
    for (std::size_t row = first_row(t); row < first_row(t + 1); ++row) {
      const std::uint32_t i = instrument(row);
      mark(i, at_open ? market_.open[row] : market_.close[row]);
      if (account_.units(i) != 0) trade(-1, row, -account_.units(i));
    }
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
    close_positions(t, false);
    value_account();
  }

  void record(std::size_t t) {
    check_ledger(raw_.equity);
    double held = 0;
    for (std::size_t i = 0; i < marks_.size(); ++i) held += std::abs(account_.units()[i]) * marks_[i];
    const std::size_t at = t - begin_;
    out_.equity[at] = raw_.equity;
    out_.cash[at] = raw_.cash;
    out_.exposure[at] = raw_.equity > 0 ? held / raw_.equity : 0;
  }

  void finish() {
    const bool traded = end_ > begin_;
    if (rules_.settle_at_last_open && traded) settle();
    out_.trades = account_.trades();
    const auto open = account_.open_trades(marks_, traded ? out_.times.back() : 0, static_cast<std::int64_t>(end_ - begin_));
    out_.trades.insert(out_.trades.end(), open.begin(), open.end());
    out_.total_costs = account_.total_costs();
    out_.traded_value = account_.traded_value();
    double results = 0;
    for (const Trade& trade : out_.trades) results += trade.result;
    const double change = account_.equity(marks_) - rules_.capital;
    ASSAY_CHECK(std::abs(results - change) <= 1e-9 * (rules_.capital + std::abs(change) + account_.traded_value()),
                "the results of the trades are the change of equity");
  }

  // Compatibility: closes what is open at the last bar's open and corrects the last point of the equity curve. What has no bar then stays
  // open.
  void settle() {
    close_positions(end_ - 1, true);
    value_account();
    record(end_ - 1);
  }

  struct Queue {  // of order numbers, linked through after_
    std::int64_t first = -1, last = -1;
  };

  const Market& market_;
  const Rules& rules_;
  std::span<const StrategyFrom> strategies_;
  std::size_t begin_, end_, now_ = begin_;  // times of the period, and the one that is on
  plugin::Strategy* strategy_ = nullptr;
  std::size_t running_ = 0;  // strategies started so far
  Account account_;
  double ledger_ = 0;
  Histories histories_;
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
