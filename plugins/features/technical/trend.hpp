// Indicators of ranges and trends: true range, directional movement, channels. Part of the library `technical`; formulas and sources:
// docs/indicators.md. transform keeps nothing: thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "../fading.hpp"
#include "bars.hpp"

namespace assay::features {

struct Atr : Bar {
  Rows window = 14;
  bool relative = false;

  static void params(Params<Atr>& p) {
    bar_params(p);
    p.integer<&Atr::window>("window", "Number of ranges that the first average looks back on").range(1, 10'000).unit("rows");
    p.boolean<&Atr::relative>("relative", "Divide by the close");
  }
  Rows warmup_rows() const { return fading_warmup(1, window, wilder(window)); }

  void transform(const Frame& frame, Out out) const {
    const Bars bars(frame);
    FadingMean mean(window, wilder(window));
    put(each_row(frame.rows(),
                 [&](Rows t) {
                   const double range = bars.true_range(t);
                   mean.add(range);
                   return std::isnan(range) ? kMissing : mean.value() / (relative ? bars.close[at(t)] : 1);
                 }),
        out);
  }
};

struct Adx : Bar {
  Rows window = 14;

  static void params(Params<Adx>& p) {
    bar_params(p);
    p.integer<&Adx::window>("window", "Number of movements that the first averages look back on").range(1, 10'000).unit("rows");
  }
  std::vector<std::string> outputs() const { return {"adx", "plus_di", "minus_di"}; }
  Rows warmup_rows(std::size_t output) const {
    return output > 0 ? fading_warmup(1, window, wilder(window)) : 2 * window - 1 + rows_until_faded(wilder(window), wilder(window));
  }

  void transform(const Frame& frame, Out out) const {
    const Bars bars(frame);
    FadingMean range(window, wilder(window)), up(window, wilder(window)), down(window, wilder(window)), strength(window, wilder(window));
    for (Rows t = 0; t < frame.rows(); ++t) {
      const double width = bars.true_range(t);
      const double rise = t > 0 ? bars.high[at(t)] - bars.high[at(t - 1)] : kMissing,
                   fall = t > 0 ? bars.low[at(t - 1)] - bars.low[at(t)] : kMissing;
      const bool known = !std::isnan(width + rise + fall);
      range.add(known ? width : kMissing);
      up.add(!known ? kMissing : rise > fall && rise > 0 ? rise : 0);
      down.add(!known ? kMissing : fall > rise && fall > 0 ? fall : 0);
      const double plus = known ? percent(up.value(), range.value(), 0) : kMissing;
      const double minus = known ? percent(down.value(), range.value(), 0) : kMissing;
      strength.add(percent(std::fabs(plus - minus), plus + minus, 0));
      out(t, 0) = known ? strength.value() : kMissing;
      out(t, 1) = plus;
      out(t, 2) = minus;
    }
  }
};

// Three lines around a price, and where the price stands between the outer ones: 0 at the lower, 1 at the upper.
class Channel {
 public:
  Channel(const Series& price, bool relative) : price_(price), relative_(relative) {
    for (Series& line : lines_) line.assign(price.size(), kMissing);
  }
  void set(Rows row, double lower, double middle, double upper) {
    const double price = price_[at(row)];
    const auto line = [&](double value) { return relative_ ? value / price - 1 : std::isnan(price) ? kMissing : value; };
    lines_[0][at(row)] = line(middle);
    lines_[1][at(row)] = line(upper);
    lines_[2][at(row)] = line(lower);
    lines_[3][at(row)] = percent(price - lower, upper - lower) / 100;
  }
  void put_into(Out out) const {
    for (std::size_t i = 0; i < 4; ++i) put(lines_[i], out, static_cast<Rows>(i));
  }

 private:
  const Series& price_;
  bool relative_;
  std::array<Series, 4> lines_;
};

struct Bollinger {
  std::string column = "close";
  Rows window = 20;
  double deviations = 2;
  bool relative = false;

  static void params(Params<Bollinger>& p) {
    p.column<&Bollinger::column>("column", "The price");
    p.integer<&Bollinger::window>("window", "Rows of the mean and of the deviation").range(2, 10'000).unit("rows");
    p.real<&Bollinger::deviations>("deviations", "Deviations between the mean and each band").range(0.01, 100);
    p.boolean<&Bollinger::relative>("relative", "Give the three lines as distances from the price, in shares of it");
  }
  std::vector<std::string> outputs() const { return {"middle", "upper", "lower", "percent_b", "width"}; }
  Rows warmup_rows() const { return window - 1; }

  void transform(const Frame& frame, Out out) const {
    const Series price = series_of(frame, 0);
    Channel channel(price, relative);
    Series width(price.size(), kMissing);
    moment_windows(price, window, 0, [&](Rows t, const Moments& m) {
      const double half = deviations * std::sqrt(m.variance);
      channel.set(t, m.mean - half, m.mean, m.mean + half);
      width[at(t)] = 2 * half / m.mean;
    });
    channel.put_into(out);
    put(width, out, 4);
  }
};

struct Keltner : Bar {
  Rows window = 20, range_window = 10;
  double ranges = 2;
  std::string price = "close";
  bool relative = false;

  static void params(Params<Keltner>& p) {
    bar_params(p);
    p.integer<&Keltner::window>("window", "Window of the exponential mean in the middle").range(1, 10'000).unit("rows");
    p.integer<&Keltner::range_window>("range_window", "Window of the average true range").range(1, 10'000).unit("rows");
    p.real<&Keltner::ranges>("ranges", "Average true ranges between the middle and each line").range(0.01, 100);
    p.choice<&Keltner::price>("price", "What the mean is taken of; typical: (high + low + close) / 3", {"close", "typical"});
    p.boolean<&Keltner::relative>("relative", "Give the three lines as distances from the close, in shares of it");
  }
  std::vector<std::string> outputs() const { return {"middle", "upper", "lower", "percent"}; }
  Rows warmup_rows(std::size_t output) const {
    const Rows centre = fading_warmup(0, window, exponential(window));
    return output == 0 ? centre : std::max(centre, fading_warmup(1, range_window, wilder(range_window)));
  }

  void transform(const Frame& frame, Out out) const {
    const Bars bars(frame);
    Channel channel(bars.close, relative);
    FadingMean middle(window, exponential(window)), mean_range(range_window, wilder(range_window));
    for (Rows t = 0; t < frame.rows(); ++t) {
      const double value = price == "close" ? bars.close[at(t)] : bars.typical(t);
      const double range = bars.true_range(t);
      middle.add(value);
      mean_range.add(range);
      if (std::isnan(value) || std::isnan(range)) continue;
      const double half = ranges * mean_range.value();
      channel.set(t, middle.value() - half, middle.value(), middle.value() + half);
    }
    channel.put_into(out);
  }
};

struct Donchian : Bar {
  Rows window = 20;
  bool relative = false;

  static void params(Params<Donchian>& p) {
    bar_params(p);
    p.integer<&Donchian::window>("window", "Rows whose highest and lowest price count, the present one included")
        .range(1, 10'000)
        .unit("rows");
    p.boolean<&Donchian::relative>("relative", "Give the three lines as distances from the close, in shares of it");
  }
  std::vector<std::string> outputs() const { return {"middle", "upper", "lower", "percent"}; }
  Rows warmup_rows() const { return window - 1; }

  void transform(const Frame& frame, Out out) const {
    const Bars bars(frame);
    Channel channel(bars.close, relative);
    range_windows(bars.high, bars.low, window,
                  [&](Rows t, const Range& range) { channel.set(t, range.low, (range.low + range.high) / 2, range.high); });
    channel.put_into(out);
  }
};

}  // namespace assay::features
