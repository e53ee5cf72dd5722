#include "backtest/performance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::backtest {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kNsPerYear = 365.25 * 86'400e9;

void drawdown(std::span<const TimeNs> times, std::span<const double> equity, double capital, Performance& out) {
  double peak = capital;
  TimeNs peak_time = times.front();
  double worst_peak = capital;
  std::size_t worst_at = 0;
  for (std::size_t t = 0; t < equity.size(); ++t) {
    if (equity[t] >= peak) {
      peak = equity[t];
      peak_time = times[t];
    }
    const double now = equity[t] / peak - 1;
    if (now >= out.max_drawdown) continue;
    out.max_drawdown = now;
    out.drawdown_from = peak_time;
    out.drawdown_to = times[t];
    worst_peak = peak;
    worst_at = t;
  }
  out.peak_equity = peak;
  for (std::size_t t = worst_at; t < equity.size() && out.max_drawdown < 0; ++t) {
    if (equity[t] < worst_peak) continue;
    out.recovered = times[t];
    break;
  }
}

void describe_curve(std::span<const TimeNs> times, std::span<const double> equity, double capital, const AnnualRules& rules,
                    Performance& out) {
  out.final_equity = equity.back();
  out.total_return = equity.back() / capital - 1;
  const double years = static_cast<double>(times.back() - times.front()) / kNsPerYear;
  out.cagr = years > 1 / 365.25 && equity.back() > 0 ? std::pow(equity.back() / capital, 1 / years) - 1 : kNaN;
  const double free = rules.risk_free / rules.periods;
  double sum = 0, below = 0, before = capital;
  std::vector<double> returns;
  returns.reserve(equity.size());
  for (const double value : equity) {
    returns.push_back(before > 0 ? value / before - 1 : 0);
    before = value;
  }
  for (const double r : returns) {
    sum += r;
    below += std::min(0.0, r - free) * std::min(0.0, r - free);
  }
  const auto n = static_cast<double>(returns.size());
  const double mean = sum / n;
  double square = 0;
  for (const double r : returns) square += (r - mean) * (r - mean);
  const double sd = returns.size() > 1 ? std::sqrt(square / (n - 1)) : kNaN;
  out.volatility = sd * std::sqrt(rules.periods);
  const bool moves = sd > 1e-10 * std::abs(mean);  // the same return every time has no spread but rounding
  out.sharpe = moves ? (mean - free) / sd * std::sqrt(rules.periods) : kNaN;
  out.sortino = below > 0 ? (mean - free) / std::sqrt(below / n) * std::sqrt(rules.periods) : kNaN;
  drawdown(times, equity, capital, out);
  out.calmar = out.max_drawdown < 0 ? out.cagr / -out.max_drawdown : kNaN;
}

}  // namespace

Performance performance(const Outcome& outcome, double capital, const AnnualRules& rules) {
  Performance out;
  if (outcome.equity.empty()) {  // no time to trade in: nothing gained, nothing to be said
    out.final_equity = out.peak_equity = capital;
    for (double* figure : {&out.cagr, &out.volatility, &out.sharpe, &out.sortino, &out.calmar, &out.exposure, &out.turnover, &out.hit_rate,
                           &out.profit_factor, &out.best_trade, &out.worst_trade})
      *figure = kNaN;
    return out;
  }
  describe_curve(outcome.times, outcome.equity, capital, rules, out);
  out.costs = outcome.total_costs;
  out.trades = static_cast<std::int64_t>(outcome.trades.size());
  double gains = 0, losses = 0, wins = 0;
  out.best_trade = out.worst_trade = out.trades == 0 ? kNaN : outcome.trades.front().share;
  for (const Trade& trade : outcome.trades) {
    (trade.result > 0 ? gains : losses) += std::abs(trade.result);
    wins += trade.result > 0 ? 1 : 0;
    out.best_trade = std::max(out.best_trade, trade.share);
    out.worst_trade = std::min(out.worst_trade, trade.share);
  }
  out.hit_rate = out.trades == 0 ? kNaN : wins / static_cast<double>(out.trades);
  out.profit_factor = losses > 0 ? gains / losses : kNaN;
  double held = 0, equity = 0;
  for (std::size_t t = 0; t < outcome.equity.size(); ++t) {
    held += outcome.exposure[t] > 0 ? 1 : 0;
    equity += outcome.equity[t];
  }
  const auto n = static_cast<double>(outcome.equity.size());
  out.exposure = held / n;
  const double years = n / rules.periods;
  out.turnover = equity > 0 ? outcome.traded_value / 2 / (equity / n) / years : kNaN;
  return out;
}

std::vector<Figure> figures(const Performance& p) {
  std::vector<Figure> all{
      {"final_equity", "at the last close", p.final_equity},
      {"total_return", "final equity / capital - 1", p.total_return},
      {"cagr", "a year, years of 365.25 days", p.cagr},
      {"volatility", "sd (n - 1) of simple returns x sqrt(periods)", p.volatility},
      {"sharpe", "mean simple return above the risk-free rate / sd x sqrt(periods)", p.sharpe},
      {"sortino", "mean simple return above the risk-free rate / root mean square of what fell below it x sqrt(periods)", p.sortino},
      {"calmar", "cagr / |max_drawdown|", p.calmar},
      {"max_drawdown", "lowest equity / highest before - 1, at closes", p.max_drawdown}};
  const auto date = [&](const char* name, const char* convention, TimeNs time) {
    all.push_back({name, convention, std::numeric_limits<double>::quiet_NaN(), time, true});
  };
  date("drawdown_from", "the high before the largest drawdown", p.drawdown_from);
  date("drawdown_to", "its lowest close", p.drawdown_to);
  date("recovered", "the first close back at that high", p.recovered);
  const std::vector<Figure> rest{{"exposure", "share of times with a position", p.exposure},
                                 {"turnover", "traded value / 2 / mean equity, a year", p.turnover},
                                 {"trades", "flat to flat, those open at the end included", static_cast<double>(p.trades)},
                                 {"hit_rate", "share of trades with a result above 0 after costs", p.hit_rate},
                                 {"profit_factor", "gains / losses of trades after costs, in currency", p.profit_factor},
                                 {"best_trade", "result / entry value", p.best_trade},
                                 {"worst_trade", "result / entry value", p.worst_trade},
                                 {"costs", "commission and slippage, in currency", p.costs},
                                 {"peak_equity", "highest close", p.peak_equity}};
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

}  // namespace assay::backtest
