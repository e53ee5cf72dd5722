#include "backtest/account.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace assay::backtest {

double Costs::commission(double units, double price) const {
  if (commission_bps == 0 && commission_per_trade == 0 && commission_minimum == 0) return 0;
  return std::max(commission_minimum, commission_per_trade + std::abs(units) * price * commission_bps * 1e-4);
}

double Costs::slippage(double units, double price) const { return std::abs(units) * price * slippage_bps * 1e-4; }

Account::Account(double cash, std::size_t instruments) : cash_(cash), units_(instruments, 0), open_(instruments) {}

double Account::equity(std::span<const double> prices) const {
  double sum = cash_;
  for (std::size_t i = 0; i < units_.size(); ++i) sum += units_[i] * prices[i];
  return sum;
}

void Account::apply(const Fill& fill, std::int64_t bar) {
  ASSAY_CHECK(fill.units != 0 && std::isfinite(fill.units) && fill.price > 0, "a fill has units and a price");
  cash_ -= fill.units * fill.price + fill.costs();
  total_costs_ += fill.costs();
  traded_value_ += std::abs(fill.units) * fill.price;
  Running& open = open_[fill.instrument];
  const double held = units_[fill.instrument];
  double after = held + fill.units;
  if (std::abs(after) <= 1e-12 * std::abs(fill.units)) after = 0;  // 0.1 + 0.2 - 0.3 is flat
  const bool crosses = held != 0 && after != 0 && (held > 0) != (after > 0);
  // A fill that turns long into short closes one trade and opens the next; its costs are shared by units.
  const double closing_share = crosses ? std::abs(held / fill.units) : 1;
  add(open, fill, crosses ? -held : fill.units, crosses ? 0 : after, fill.costs() * closing_share, bar);
  if (crosses || after == 0) close(open, fill.time, bar);
  if (crosses) add(open, fill, after, after, fill.costs() * (1 - closing_share), bar);
  units_[fill.instrument] = after;
}

void Account::add(Running& open, const Fill& fill, double units, double after, double costs, std::int64_t bar) {
  if (open.trade.units == 0) {
    open = {};
    open.trade.instrument = fill.instrument;
    open.trade.entry_time = fill.time;
    open.first_bar = bar;
  }
  const double before = after == 0 ? -units : after - units;
  if (before == 0 || (before > 0) == (units > 0))
    open.average_price = (std::abs(before) * open.average_price + std::abs(units) * fill.price) / std::abs(after);
  (units > 0 ? open.bought : open.sold) += std::abs(units);
  (units > 0 ? open.bought_value : open.sold_value) += std::abs(units) * fill.price;
  open.trade.costs += costs;
  if (std::abs(after) > std::abs(open.trade.units)) open.trade.units = after;
}

Trade Account::finished(const Running& open, double left, double price) {
  Trade trade = open.trade;
  const bool is_long = trade.units > 0;
  const double bought = open.bought + (is_long ? 0 : left), bought_value = open.bought_value + (is_long ? 0 : left * price);
  const double sold = open.sold + (is_long ? left : 0), sold_value = open.sold_value + (is_long ? left * price : 0);
  trade.entry_price = is_long ? bought_value / bought : sold_value / sold;
  trade.exit_price = is_long ? sold_value / sold : bought_value / bought;
  trade.result = sold_value - bought_value - trade.costs;
  trade.share = trade.result / (is_long ? bought_value : sold_value);
  return trade;
}

void Account::close(Running& open, TimeNs time, std::int64_t bar) {
  Trade trade = finished(open, 0, 0);
  trade.exit_time = time;
  trade.bars = bar - open.first_bar;
  trades_.push_back(trade);
  open = {};
}

std::vector<Trade> Account::open_trades(std::span<const double> prices, TimeNs now, std::int64_t bar) const {
  std::vector<Trade> out;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    if (units_[i] == 0) continue;
    Trade trade = finished(open_[i], std::abs(units_[i]), prices[i]);
    trade.exit_time = now;
    trade.bars = bar - open_[i].first_bar;
    trade.open_at_end = true;
    out.push_back(trade);
  }
  return out;
}

}  // namespace assay::backtest
