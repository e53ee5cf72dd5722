// The figures of a backtest, each with its convention. Used by run and reports. Pure; one implementation for strategy and benchmark.
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
  double total_return = 0;                                   // final / first - 1
  double cagr = 0;                                           // (final / first)^(1 / years) - 1, years by the calendar; NaN below a day
  double volatility = 0;                                     // sd (n - 1) of simple period returns x sqrt(periods)
  double sharpe = 0;                                         // (mean - risk_free / periods) / sd x sqrt(periods); NaN where sd is 0
  double sortino = 0;                                        // the same over the root mean square of returns below the risk-free rate
  double calmar = 0;                                         // cagr / |max_drawdown|
  double max_drawdown = 0;                                   // smallest equity / highest before - 1, <= 0
  TimeNs drawdown_from = 0, drawdown_to = 0, recovered = 0;  // peak, trough, back at the peak (kMissingTime: not yet)
  double exposure = 0;                                       // share of times with a position
  double turnover = 0;                                       // traded value / 2 / mean equity, a year
  std::int64_t trades = 0;
  double hit_rate = 0;                     // share of trades with a result above 0
  double profit_factor = 0;                // gains / losses in currency; NaN without losses
  double best_trade = 0, worst_trade = 0;  // result / entry value
  double costs = 0;
};

Performance performance(const Outcome& outcome, double capital, const AnnualRules& rules);
// The parts that need a curve only: a benchmark's.
Performance curve_performance(std::span<const TimeNs> times, std::span<const double> equity, double capital, const AnnualRules& rules);

// Names, values and conventions in the order of a report.
struct Figure {
  std::string name, convention;
  double value;
};
std::vector<Figure> figures(const Performance& performance);

}  // namespace assay::backtest
