// The event loop of a backtest: replays a market bar by bar, fills orders as the rules say, asks the strategy, keeps the account. Used by
// Session, the checker and the benchmarks. No heap in the loop once it is warm. One thread; a Market may be shared by many replays at once.
//
// At each time, in this order: orders that wait for this bar's open are filled; the bar's values become known to the strategy; orders that
// wait for this bar's close are filled; on_bar is called; with same_close its orders are filled at this very close (optimistic: the close
// was not known when one had to order). An order of an instrument without a bar now waits for that instrument's next bar.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "backtest/account.hpp"
#include "backtest/market.hpp"
#include "plugin/strategy.hpp"

namespace assay::backtest {

enum class FillRule { next_open, next_close, same_close };

struct Rules {
  FillRule fill = FillRule::next_open;
  double capital = 1'000'000;
  bool whole_units = false;  // sizes are rounded towards zero
  Costs costs;
  // A compatibility flag: what is open at the end is closed at the last bar's open. An instrument without a bar then stays open.
  bool settle_at_last_open = false;
};

struct Order {
  std::int64_t number = 0;
  std::uint32_t instrument = 0;
  enum class Kind : std::uint8_t { units, target_units, target_weight } kind = Kind::units;
  TimeNs placed = 0, filled = kMissingTime;  // filled kMissingTime: never, or there was nothing to trade
  double wanted = 0;                         // units or weight, as the kind says
  double units = 0, price = 0;               // of its fill
};
const char* to_text(Order::Kind kind);

struct Outcome {
  std::vector<TimeNs> times;                   // of the replay
  std::vector<double> equity, cash, exposure;  // at each time's closes; exposure: sum of |position value| / equity
  std::vector<Order> orders;
  std::vector<Fill> fills;
  std::vector<Trade> trades;  // in order of their ends; open ones come last, marked at the last closes
  double total_costs = 0, traded_value = 0;
  // Equity fell to zero or below: trading stopped there, positions were closed at that close (at the next open of an instrument without a
  // bar then), and equity is what was left.
  bool ruined = false;
  bool optimistic = false;  // filled at the close on which it decided
};

// When and over what is traded.
struct Period {
  TimeNs first = std::numeric_limits<TimeNs>::min() + 1, last = std::numeric_limits<TimeNs>::max();  // both inclusive
};

// A strategy from a time on, until the next one's. At a change the old one ends (on_end) and the next starts with the same account, the
// same open orders and all bars so far.
struct StrategyFrom {
  TimeNs from = std::numeric_limits<TimeNs>::min() + 1;
  plugin::Strategy* strategy = nullptr;  // new: it has seen nothing yet
};

// Trades within the period only; bars before it are there to be looked at from the start. The first strategy trades from the period's
// first time on, whatever its `from`. Throws what the strategies throw (ComponentError, Stopped), Error(usage) where one wants a column
// that the market does not have, Stopped once `stop` is true; checks the account's invariants (BrokenPromise).
Outcome replay(const Market& market, const Rules& rules, std::span<const StrategyFrom> strategies, const Period& period = {},
               const std::atomic<bool>* stop = nullptr);

}  // namespace assay::backtest
