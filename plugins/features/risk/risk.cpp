// What a series risks, over rolling windows: its beta to another series, its downside deviation, its drawdowns. Formulas and sources:
// docs/indicators.md. transform keeps nothing: thread-safe.
#include <string>
#include <vector>

#include "../windows.hpp"

namespace assay::features {
namespace {

enum class Of { price, change };

template <class T>
void of_param(Params<T>& p) {
  p.template choice<&T::of>("of", "What the column holds: prices, whose returns are taken, or returns", {"price", "return"});
}
Series returns_of(const Frame& frame, std::size_t column, Of of) {
  Series values = series_of(frame, column);
  if (of == Of::change) return values;
  return each_row_but_first(frame.rows(), [&](Rows t) { return values[at(t)] / values[at(t - 1)] - 1; });
}
Rows window_warmup(Rows window, Of of) { return window - (of == Of::change ? 1 : 0); }

// Regression of returns on those of a benchmark: return = alpha + beta benchmark + residual.
struct Beta {
  std::string column = "close", benchmark;
  Of of = Of::price;
  Rows window = 60;

  static void params(Params<Beta>& p) {
    p.column<&Beta::column>("column", "The series whose risk is asked for");
    p.column<&Beta::benchmark>("benchmark", "What it is held against: the column of an index or of a portfolio");
    of_param(p);
    p.integer<&Beta::window>("window", "Returns in a window").range(3, 100'000).unit("rows");
  }
  std::vector<std::string> outputs() const { return {"beta", "alpha", "correlation", "residual"}; }
  Rows warmup_rows() const { return window_warmup(window, of); }

  void transform(const Frame& frame, Out out) const {
    const Series y = returns_of(frame, 0, of), x = returns_of(frame, 1, of);
    const double n = static_cast<double>(window);
    std::vector<Series> results(4, Series(y.size(), kMissing));
    const auto terms = [&](Rows t, Rows origin) {
      const double dx = x[at(t)] - x[at(origin)], dy = y[at(t)] - y[at(origin)];
      return Sums<5>{dx, dy, dx * dx, dx * dy, dy * dy};
    };
    sum_windows(frame.rows(), window, terms, [&](Rows t, const Sums<5>& s, Rows origin) {
      const double xx = s[2] - s[0] * (s[0] / n), xy = s[3] - s[0] * (s[1] / n), yy = s[4] - s[1] * (s[1] / n);
      if (!(xx > 0)) return;  // a benchmark that does not move says nothing
      const double beta = xy / xx, left = yy - beta * xy;
      results[0][at(t)] = beta;
      results[1][at(t)] = y[at(origin)] + s[1] / n - beta * (x[at(origin)] + s[0] / n);
      results[2][at(t)] = yy > 0 ? std::clamp(xy / (std::sqrt(xx) * std::sqrt(yy)), -1.0, 1.0) : kMissing;
      results[3][at(t)] = std::sqrt(std::max(0.0, left) / (n - 2));
    });
    for (std::size_t i = 0; i < results.size(); ++i) put(results[i], out, static_cast<Rows>(i));
  }
};

struct Downside {
  std::string column = "close";
  Of of = Of::price;
  Rows window = 60;
  double target = 0, periods = 1;

  static void params(Params<Downside>& p) {
    p.column<&Downside::column>("column", "The series whose risk is asked for");
    of_param(p);
    p.integer<&Downside::window>("window", "Returns in a window").range(1, 100'000).unit("rows");
    p.real<&Downside::target>("target", "Return of a row below which it counts").range(-1, 1);
    p.real<&Downside::periods>("periods", "Rows of a year, to give a year's figures; 1: a row's").range(1e-3, 1e9);
  }
  std::vector<std::string> outputs() const { return {"deviation", "sortino"}; }
  Rows warmup_rows() const { return window_warmup(window, of); }

  void transform(const Frame& frame, Out out) const {
    const Series change = returns_of(frame, 0, of);
    const double n = static_cast<double>(window), scale = std::sqrt(periods);
    Series deviation(change.size(), kMissing), sortino(change.size(), kMissing);
    const auto terms = [&](Rows t, Rows) {
      const double over = change[at(t)] - target, below = lesser(over, 0);
      return Sums<2>{over, below * below};
    };
    sum_windows(frame.rows(), window, terms, [&](Rows t, const Sums<2>& s, Rows) {
      const double root = std::sqrt(s[1] / n);
      deviation[at(t)] = scale * root;
      sortino[at(t)] = scale * (s[0] / n) / root;  // missing where nothing fell
    });
    put(deviation, out, 0);
    put(sortino, out, 1);
  }
};

struct Drawdown {
  std::string column = "close";
  Rows window = 252;

  static void params(Params<Drawdown>& p) {
    p.column<&Drawdown::column>("column", "The price, or the value of a portfolio");
    p.integer<&Drawdown::window>("window", "Rows whose peaks count, the present one included").range(1, 100'000).unit("rows");
  }
  std::vector<std::string> outputs() const { return {"current", "worst", "since_peak"}; }
  Rows warmup_rows() const { return window - 1; }

  // What is known of a run of rows: enough to put two runs together.
  struct Run {
    double peak, trough, worst;
    Rows peak_row;
  };
  void transform(const Frame& frame, Out out) const {
    const Series price = series_of(frame, 0);
    std::vector<Series> results(3, Series(price.size(), kMissing));
    const auto make = [&](Rows t, Rows) {
      const double value = price[at(t)] > 0 ? price[at(t)] : kMissing;
      return Run{value, value, 0, t};
    };
    const auto join = [](const Run& a, const Run& b) {  // the latest of equal peaks
      return Run{greater(a.peak, b.peak), lesser(a.trough, b.trough), lesser(lesser(a.worst, b.worst), b.trough / a.peak - 1),
                 a.peak > b.peak ? a.peak_row : b.peak_row};
    };
    fold_windows(frame.rows(), window, make, join, [&](Rows t, const Run& run, Rows) {
      if (std::isnan(run.peak)) return;
      results[0][at(t)] = price[at(t)] / run.peak - 1;
      results[1][at(t)] = run.worst;
      results[2][at(t)] = static_cast<double>(t - run.peak_row);
    });
    for (std::size_t i = 0; i < results.size(); ++i) put(results[i], out, static_cast<Rows>(i));
  }
};

}  // namespace
}  // namespace assay::features

using namespace assay::features;

ASSAY_PLUGIN(assay::feature<Beta>("risk.beta", "1.0.0", "Beta, alpha and correlation to a benchmark, and what they leave unexplained"),
             assay::feature<Downside>("risk.downside", "1.0.0", "Deviation of the returns below a target, and the mean in such deviations"),
             assay::feature<Drawdown>("risk.drawdown", "1.0.0", "How far below its peak a price stands and has stood, within a window"))
