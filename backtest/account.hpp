// Cash, positions, costs and trades of one backtest, accounted in one place: whatever happens to money happens here. Used by the engine and
// the property tests. It knows no rules and no bars. A value; one thread.
//
// Conventions. Fills take place at a market price (never outside the bar); slippage is charged as a cost in cash, so that no fill leaves
// low..high. A trade runs from flat (or a change of sign) to flat (or a change of sign), at average prices; its result is after costs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/calendar.hpp"

namespace assay::backtest {

struct Costs {
  double commission_bps = 0, commission_per_trade = 0, commission_minimum = 0;  // of the traded value; currency a fill; currency a fill
  double slippage_bps = 0;
  // In currency, for one fill. commission = max(minimum, per_trade + value x bps / 10,000); nothing where all three are 0.
  double commission(double units, double price) const;
  double slippage(double units, double price) const;
};

struct Fill {
  std::int64_t order = 0;  // -1: closed by a rule (settlement, ruin)
  std::uint32_t instrument = 0;
  TimeNs time = 0;  // known_at of its bar, also where it is filled at the open
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
  std::int64_t bars = 0;                   // times from entry to exit
  bool open_at_end = false;
};

class Account {
 public:
  Account(double cash, std::size_t instruments);

  double cash() const { return cash_; }
  double units(std::uint32_t instrument) const { return units_[instrument]; }
  std::span<const double> units() const { return units_; }
  double average_price(std::uint32_t instrument) const { return open_[instrument].average_price; }  // of the open position
  double equity(std::span<const double> prices) const;                                              // one finite price for each instrument
  void apply(const Fill& fill, std::int64_t bar);
  const std::vector<Trade>& trades() const { return trades_; }  // closed ones, in order of their ends
  double total_costs() const { return total_costs_; }
  double traded_value() const { return traded_value_; }

  // Open positions as trades marked at the prices, without touching cash.
  std::vector<Trade> open_trades(std::span<const double> prices, TimeNs now, std::int64_t bar) const;

 private:
  struct Running {  // the trade under way; trade.units is 0 where there is none
    Trade trade;
    double bought = 0, sold = 0, bought_value = 0, sold_value = 0, average_price = 0;
    std::int64_t first_bar = 0;
  };
  static void add(Running& open, const Fill& fill, double units, double after, double costs, std::int64_t bar);
  static Trade finished(const Running& open, double left, double price);  // what is left taken off at a price
  void close(Running& open, TimeNs time, std::int64_t bar);

  double cash_, total_costs_ = 0, traded_value_ = 0;
  std::vector<double> units_;
  std::vector<Running> open_;
  std::vector<Trade> trades_;
};

}  // namespace assay::backtest
