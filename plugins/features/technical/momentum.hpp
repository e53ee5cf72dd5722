// Indicators of momentum: how fast and how one-sidedly a price moves. Part of the library `technical`; formulas and sources:
// docs/indicators.md. transform keeps nothing: thread-safe.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "../fading.hpp"
#include "../ordered_windows.hpp"
#include "bars.hpp"

namespace assay::features {

struct Rsi {
  std::string column = "close";
  Rows window = 14;

  static void params(Params<Rsi>& p) {
    p.column<&Rsi::column>("column", "The price that rises and falls");
    p.integer<&Rsi::window>("window", "Number of changes that the first averages look back on").range(1, 10'000).unit("rows");
  }
  Rows warmup_rows() const { return fading_warmup(1, window, wilder(window)); }

  // 100 rise / (rise + fall), which is 100 - 100 / (1 + rise / fall) and needs no case for fall = 0.
  void transform(const Frame& frame, Out out) const {
    const Series price = series_of(frame, 0);
    FadingMean rise(window, wilder(window)), fall(window, wilder(window));
    put(each_row(frame.rows(),
                 [&](Rows t) {
                   const double change = t > 0 ? price[at(t)] - price[at(t - 1)] : kMissing;
                   rise.add(greater(change, 0));
                   fall.add(greater(-change, 0));
                   return std::isnan(change) ? kMissing : percent(rise.value(), rise.value() + fall.value());
                 }),
        out);
  }
};

struct Macd {
  std::string column = "close";
  Rows fast = 12, slow = 26, signal = 9;
  bool relative = false;

  static void params(Params<Macd>& p) {
    p.column<&Macd::column>("column", "The price");
    p.integer<&Macd::fast>("fast", "Window of the fast exponential mean").range(1, 10'000).unit("rows");
    p.integer<&Macd::slow>("slow", "Window of the slow exponential mean").range(1, 10'000).unit("rows");
    p.integer<&Macd::signal>("signal", "Window of the line's own exponential mean").range(1, 10'000).unit("rows");
    p.boolean<&Macd::relative>("relative", "Divide by the price");
  }
  std::vector<std::string> outputs() const { return {"line", "signal", "histogram"}; }
  Rows line_from() const { return std::max(fast, slow) - 1; }
  Rows warmup_rows(std::size_t output) const {
    const double share = exponential(std::max(fast, slow));
    return output == 0 ? line_from() + rows_until_faded(share) : line_from() + signal - 1 + rows_until_faded(share, exponential(signal));
  }

  void transform(const Frame& frame, Out out) const {
    const Series price = series_of(frame, 0);
    FadingMean quick(fast, exponential(fast)), calm(slow, exponential(slow)), average(signal, exponential(signal));
    Series line(price.size()), smooth(price.size()), apart(price.size());
    for (std::size_t t = 0; t < price.size(); ++t) {
      quick.add(price[t]);
      calm.add(price[t]);
      const double value = std::isnan(price[t]) ? kMissing : quick.value() - calm.value(), per = relative ? price[t] : 1;
      average.add(value);
      line[t] = value / per;
      smooth[t] = std::isnan(value) ? kMissing : average.value() / per;
      apart[t] = line[t] - smooth[t];
    }
    put(line, out, 0);
    put(smooth, out, 1);
    put(apart, out, 2);
  }
};

struct Stochastic : Bar {
  Rows window = 14, smooth = 3, signal = 3;

  static void params(Params<Stochastic>& p) {
    bar_params(p);
    p.integer<&Stochastic::window>("window", "Rows whose range counts").range(1, 10'000).unit("rows");
    p.integer<&Stochastic::smooth>("smooth", "Rows of the mean that makes %K slow; 1: the fast stochastic").range(1, 10'000).unit("rows");
    p.integer<&Stochastic::signal>("signal", "Rows of the mean of %K that gives %D").range(1, 10'000).unit("rows");
  }
  std::vector<std::string> outputs() const { return {"k", "d"}; }
  Rows warmup_rows(std::size_t output) const { return window + smooth - 2 + (output == 0 ? 0 : signal - 1); }

  void transform(const Frame& frame, Out out) const {
    const Bars bars(frame);
    Series fast(bars.close.size(), kMissing);
    range_windows(bars.high, bars.low, window,
                  [&](Rows t, const Range& range) { fast[at(t)] = percent(bars.close[at(t)] - range.low, range.high - range.low); });
    const Series k = mean_of(fast, smooth);
    put(k, out, 0);
    put(mean_of(k, signal), out, 1);
  }
};

struct WilliamsR : Bar {
  Rows window = 14;

  static void params(Params<WilliamsR>& p) {
    bar_params(p);
    p.integer<&WilliamsR::window>("window", "Rows whose range counts").range(1, 10'000).unit("rows");
  }
  Rows warmup_rows() const { return window - 1; }

  void transform(const Frame& frame, Out out) const {
    const Bars bars(frame);
    Series result(bars.close.size(), kMissing);
    range_windows(bars.high, bars.low, window,
                  [&](Rows t, const Range& range) { result[at(t)] = -percent(range.high - bars.close[at(t)], range.high - range.low); });
    put(result, out);
  }
};

struct Cci : Bar {
  Rows window = 20;

  static void params(Params<Cci>& p) {
    bar_params(p);
    p.integer<&Cci::window>("window", "Rows of the mean").range(2, 10'000).unit("rows");
  }
  Rows warmup_rows() const { return window - 1; }

  void transform(const Frame& frame, Out out) const {
    const Series price = Bars(frame).typical();
    Series result(price.size(), kMissing);
    distance_windows(price, window, [&](Rows t, double from_mean, double mean_distance) {
      result[at(t)] = from_mean == 0 ? 0 : from_mean / (0.015 * mean_distance);
    });
    put(result, out);
  }
};

struct Mfi : Bar {
  std::string volume = "volume";
  Rows window = 14;

  static void params(Params<Mfi>& p) {
    bar_params(p);
    p.column<&Mfi::volume>("volume", "What was traded");
    p.integer<&Mfi::window>("window", "Rows whose flows are summed").range(1, 10'000).unit("rows");
  }
  Rows warmup_rows() const { return window; }

  void transform(const Frame& frame, Out out) const {
    const Series price = Bars(frame).typical(), traded = series_of(frame, 3);
    Series result(price.size(), kMissing);
    const auto flows = [&](Rows t, Rows) {  // in and out
      const double change = t > 0 ? price[at(t)] - price[at(t - 1)] : kMissing, flow = price[at(t)] * traded[at(t)];
      if (std::isnan(change) || std::isnan(flow)) return Sums<2>{kMissing, kMissing};
      return Sums<2>{change > 0 ? flow : 0, change < 0 ? flow : 0};
    };
    sum_windows(frame.rows(), window, flows,
                [&](Rows t, const Sums<2>& sums, Rows) { result[at(t)] = percent(sums[0], sums[0] + sums[1]); });
    put(result, out);
  }
};

}  // namespace assay::features
