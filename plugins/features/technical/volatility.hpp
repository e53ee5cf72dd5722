// Volatility of returns from the ranges of rows, which say more than closes alone. Part of the library `technical`; formulas and sources:
// docs/indicators.md. Bars whose close or open lies outside of low..high may give a negative variance: that is missing. transform keeps
// nothing: thread-safe.
#pragma once

#include <string>

#include "../windows.hpp"

namespace assay::features {

struct VolatilityWindow {
  Rows window = 20;
  double periods = 1;
};
template <class T>
void volatility_params(Params<T>& p, double least) {
  p.template integer<&T::window>("window", "Rows of the mean").range(least, 10'000).unit("rows");
  p.template real<&T::periods>("periods", "Rows of a year, to give a year's volatility; 1: a row's").range(1e-3, 1e9);
}

struct OpenBar {
  std::string open = "open", high = "high", low = "low", close = "close";
};
template <class T>
void open_bar_params(Params<T>& p) {
  p.template column<&T::open>("open", "The first price of a row");
  p.template column<&T::high>("high", "The highest price of a row");
  p.template column<&T::low>("low", "The lowest price of a row");
  p.template column<&T::close>("close", "The last price of a row");
}

// The root of the windows' mean of what `variance` gives for a row.
template <class Variance>
void put_volatility(Rows rows, const VolatilityWindow& settings, const Variance& variance, Out out) {
  Series result = mean_of(each_row(rows, variance), settings.window);
  for (double& value : result) value = std::sqrt(settings.periods * value);
  put(result, out);
}

struct Parkinson : VolatilityWindow {
  std::string high = "high", low = "low";

  static void params(Params<Parkinson>& p) {
    p.column<&Parkinson::high>("high", "The highest price of a row");
    p.column<&Parkinson::low>("low", "The lowest price of a row");
    volatility_params(p, 1);
  }
  Rows warmup_rows() const { return window - 1; }

  void transform(const Frame& frame, Out out) const {
    const Series highs = series_of(frame, 0), lows = series_of(frame, 1);
    put_volatility(
        frame.rows(), *this,
        [&](Rows t) {
          const double range = std::log(highs[at(t)] / lows[at(t)]);
          return range * range / (4 * std::log(2.0));
        },
        out);
  }
};

struct GarmanKlass : VolatilityWindow, OpenBar {
  static void params(Params<GarmanKlass>& p) {
    open_bar_params(p);
    volatility_params(p, 1);
  }
  Rows warmup_rows() const { return window - 1; }

  void transform(const Frame& frame, Out out) const {
    const Series opens = series_of(frame, 0), highs = series_of(frame, 1), lows = series_of(frame, 2), closes = series_of(frame, 3);
    put_volatility(
        frame.rows(), *this,
        [&](Rows t) {
          const double range = std::log(highs[at(t)] / lows[at(t)]), move = std::log(closes[at(t)] / opens[at(t)]);
          return range * range / 2 - (2 * std::log(2.0) - 1) * move * move;
        },
        out);
  }
};

// Independent of the drift: a row that opens at one end and closes at the other counts nothing.
inline double rogers_satchell(double open, double high, double low, double close) {
  return std::log(high / close) * std::log(high / open) + std::log(low / close) * std::log(low / open);
}

struct RogersSatchell : VolatilityWindow, OpenBar {
  static void params(Params<RogersSatchell>& p) {
    open_bar_params(p);
    volatility_params(p, 1);
  }
  Rows warmup_rows() const { return window - 1; }

  void transform(const Frame& frame, Out out) const {
    const Series opens = series_of(frame, 0), highs = series_of(frame, 1), lows = series_of(frame, 2), closes = series_of(frame, 3);
    put_volatility(
        frame.rows(), *this, [&](Rows t) { return rogers_satchell(opens[at(t)], highs[at(t)], lows[at(t)], closes[at(t)]); }, out);
  }
};

struct YangZhang : VolatilityWindow, OpenBar {
  static void params(Params<YangZhang>& p) {
    open_bar_params(p);
    volatility_params(p, 2);
  }
  Rows warmup_rows() const { return window; }

  // The least variance of all weights k, with their constant 1.34.
  void transform(const Frame& frame, Out out) const {
    const Series opens = series_of(frame, 0), highs = series_of(frame, 1), lows = series_of(frame, 2), closes = series_of(frame, 3);
    const double n = static_cast<double>(window), k = 0.34 / (1.34 + (n + 1) / (n - 1));
    const Series night = each_row_but_first(frame.rows(), [&](Rows t) { return std::log(opens[at(t)] / closes[at(t - 1)]); });
    const Series day = each_row(frame.rows(), [&](Rows t) { return std::log(closes[at(t)] / opens[at(t)]); });
    const Series ranges = mean_of(
        each_row(frame.rows(), [&](Rows t) { return rogers_satchell(opens[at(t)], highs[at(t)], lows[at(t)], closes[at(t)]); }), window);
    Series result(opens.size(), kMissing);
    moment_windows(night, window, 1, [&](Rows t, const Moments& m) { result[at(t)] = m.variance; });
    moment_windows(day, window, 1, [&](Rows t, const Moments& m) {
      result[at(t)] = std::sqrt(periods * (result[at(t)] + k * m.variance + (1 - k) * ranges[at(t)]));
    });
    put(result, out);
  }
};

}  // namespace assay::features
