// Cash, positions, costs and trades of one backtest, accounted in one place: whatever happens to money happens here. Used by the engine and
// the property tests. A value; one thread.
//
// Conventions. Fills take place at a market price (never outside the bar); slippage is charged as a cost in cash, so that no fill leaves
// low..high. A trade runs from flat (or a change of sign) to flat (or a change of sign), at average prices; its result is after costs.
#pragma once

#include <cstdint>
#include <vector>

#include "base/calendar.hpp"

namespace assay::backtest {

struct Costs {
  double commission_bps = 0, commission_per_trade = 0, commission_minimum = 0;  // of the traded value; currency; currency
  double slippage_bps = 0;
  // In currency, for one fill.
  double commission(double units, double price) const;
  double slippage(double units, double price) const;
};

struct Fill {
  std::int64_t order = 0;
  std::uint32_t instrument = 0;
  TimeNs time = 0;
  double units = 0, price = 0, commission = 0, slippage = 0;
  double costs() const { return commission + slippage; }
};

struct Trade {
  std::uint32_t instrument = 0;
  TimeNs entry_time = 0, exit_time = 0;
  double units = 0;                        // largest size, signed
  double entry_price = 0, exit_price = 0;  // averages
  double costs = 0, result = 0;            // currency, after costs
  double share = 0;                        // result / entry value
  std::int64_t bars = 0;
  bool open_at_end = false;
};

struct Position {
  double units = 0, average_price = 0;
};

class Account {
 public:
  Account(double cash, std::size_t instruments);

  double cash() const { return cash_; }
  const Position& position(std::uint32_t instrument) const { return open_[instrument].position; }
  double equity(const std::vector<double>& prices) const;  // prices: one for each instrument; flat ones are not looked at
  void apply(const Fill& fill, std::int64_t bar);
  const std::vector<Trade>& trades() const { return trades_; }
  double total_costs() const { return total_costs_; }
  double traded_value() const { return traded_value_; }

  // Open positions as trades marked at the prices, without touching cash.
  std::vector<Trade> open_trades(const std::vector<double>& prices, TimeNs now, std::int64_t bar) const;

 private:
  struct Open {
    Position position;
    Trade trade;                  // what the running trade has been so far
    double bought = 0, sold = 0;  // units
    double bought_value = 0, sold_value = 0;
    std::int64_t first_bar = 0;
  };
  void add(Open& open, const Fill& fill, double units, double costs, std::int64_t bar);
  void close(Open& open, TimeNs time, std::int64_t bar);

  double cash_, total_costs_ = 0, traded_value_ = 0;
  std::vector<Open> open_;
  std::vector<Trade> trades_;
};

}  // namespace assay::backtest
