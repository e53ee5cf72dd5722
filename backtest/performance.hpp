// The figures of a backtest, each with its convention. Used by whoever shows one; a benchmark is an outcome like any other. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "backtest/engine.hpp"

namespace assay::backtest {

struct AnnualRules {
  double periods = 252;  // of the equity curve in a year
  double risk_free = 0;  // a year, simple
};

struct Performance {
  double final_equity = 0, peak_equity = 0;
  double total_return = 0;  // final / capital - 1
  double cagr = 0;          // (final / capital)^(1 / years) - 1, years of 365.25 days from the first time to the last; NaN below a day
  double volatility = 0;    // sd (n - 1) of simple returns from one time to the next (the first from the capital) x sqrt(periods)
  double sharpe = 0;        // (mean - risk_free / periods) / sd x sqrt(periods); NaN where sd is 0
  double sortino = 0;       // the same over the root mean square of returns below risk_free / periods (others count as 0)
  double calmar = 0;        // cagr / |max_drawdown|
  double max_drawdown = 0;  // smallest equity / highest before - 1, <= 0; the capital counts as the first high
  TimeNs drawdown_from = kMissingTime, drawdown_to = kMissingTime;  // its peak and its trough
  TimeNs recovered = kMissingTime;                                  // back at that peak; missing: not yet
  double exposure = 0;                                              // share of times with a position
  double turnover = 0;                                              // traded value / 2 / mean equity, a year of `periods` times
  std::int64_t trades = 0;
  double hit_rate = 0;                     // share of trades with a result above 0
  double profit_factor = 0;                // gains / losses in currency; NaN without losses
  double best_trade = 0, worst_trade = 0;  // result / entry value
  double costs = 0;
};

Performance performance(const Outcome& outcome, double capital, const AnnualRules& rules);

// Names, values and conventions in the order of a report. Those that are a date have `time` instead of a value (missing: there is none).
struct Figure {
  std::string name, convention;
  double value = 0;
  TimeNs time = kMissingTime;
  bool is_date = false;
};
std::vector<Figure> figures(const Performance& performance);

}  // namespace assay::backtest
