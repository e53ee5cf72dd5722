// Indicators of volume: which moves it comes with, and at what mean price was traded. Part of the library `technical`; formulas and
// sources: docs/indicators.md. transform keeps nothing: thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bars.hpp"

namespace assay::features {

// On-balance volume is a running total, so its level says only when the data began. What it gained over a window says what is meant.
struct Obv {
  std::string close = "close", volume = "volume";
  Rows window = 20;

  static void params(Params<Obv>& p) {
    p.column<&Obv::close>("close", "The price whose rises and falls give volume its sign");
    p.column<&Obv::volume>("volume", "What was traded");
    p.integer<&Obv::window>("window", "Rows over which the gain is taken").range(1, 10'000).unit("rows");
  }
  std::vector<std::string> outputs() const { return {"gain", "share"}; }
  Rows warmup_rows() const { return window; }

  void transform(const Frame& frame, Out out) const {
    const Series price = series_of(frame, 0), traded = series_of(frame, 1);
    Series gain(price.size(), kMissing), share(price.size(), kMissing);
    const auto terms = [&](Rows t, Rows) {
      const double change = t > 0 ? price[at(t)] - price[at(t - 1)] : kMissing;
      if (std::isnan(change)) return Sums<2>{kMissing, kMissing};
      return Sums<2>{change > 0 ? traded[at(t)] : change < 0 ? -traded[at(t)] : 0 * traded[at(t)], traded[at(t)]};
    };
    sum_windows(frame.rows(), window, terms, [&](Rows t, const Sums<2>& sums, Rows) {
      gain[at(t)] = sums[0];
      share[at(t)] = sums[1] == 0 ? 0 : sums[0] / sums[1];
    });
    put(gain, out, 0);
    put(share, out, 1);
  }
};

struct Vwap : Bar {
  std::string volume = "volume";
  Rows window = 20;
  bool relative = false;

  static void params(Params<Vwap>& p) {
    bar_params(p);
    p.column<&Vwap::volume>("volume", "What was traded");
    p.integer<&Vwap::window>("window", "Rows whose trades count").range(1, 1'000'000).unit("rows");
    p.boolean<&Vwap::relative>("relative", "Give the close's distance from it, in shares of it");
  }
  Rows warmup_rows() const { return window - 1; }

  void transform(const Frame& frame, Out out) const {
    const Bars bars(frame);
    const Series price = bars.typical(), traded = series_of(frame, 3);
    Series result(price.size(), kMissing);
    sum_windows(
        frame.rows(), window,
        [&](Rows t, Rows origin) {
          return Sums<2>{(price[at(t)] - price[at(origin)]) * traded[at(t)], traded[at(t)]};
        },
        [&](Rows t, const Sums<2>& sums, Rows origin) {
          const double mean = price[at(origin)] + sums[0] / sums[1];
          result[at(t)] = relative ? bars.close[at(t)] / mean - 1 : mean;
        });
    put(result, out);
  }
};

// From the session's first trade on. A session whose beginning the data do not show has none, so that nothing depends on where they begin.
struct SessionVwap : Bar {
  std::string volume = "volume";
  double begins = 0;
  Rows longest = 1440;
  bool relative = false;

  static void params(Params<SessionVwap>& p) {
    bar_params(p);
    p.column<&SessionVwap::volume>("volume", "What was traded");
    p.real<&SessionVwap::begins>("begins", "When a day's session begins, in UTC").range(0, 24).unit("hours");
    p.integer<&SessionVwap::longest>("longest", "Rows that a session has at most; later ones come out missing")
        .range(1, 1'000'000)
        .unit("rows");
    p.boolean<&SessionVwap::relative>("relative", "Give the close's distance from it, in shares of it");
  }
  Rows warmup_rows() const { return longest; }

  void transform(const Frame& frame, Out out) const {
    const Bars bars(frame);
    const Series traded = series_of(frame, 3);
    const auto times = frame.time_ns();
    if (times.empty() && frame.rows() > 0) throw bad_input("sessions need times: give data.time, or use technical.vwap");
    double value = 0, volumes = 0, origin = 0;
    Rows begin = -1;  // none seen
    for (Rows t = 0; t < frame.rows(); ++t) {
      if (t > 0 && session(times[at(t)]) != session(times[at(t - 1)])) {
        begin = t;
        value = volumes = 0;
        origin = kMissing;
      }
      const double price = bars.typical(t);
      const bool known = !std::isnan(price) && !std::isnan(traded[at(t)]);
      if (known && std::isnan(origin)) origin = price;
      if (known) value += (price - origin) * traded[at(t)];
      if (known) volumes += traded[at(t)];
      const double mean = begin >= 0 && t - begin < longest && known ? origin + value / volumes : kMissing;
      const double result = relative ? bars.close[at(t)] / mean - 1 : mean;
      out(t) = std::isfinite(result) ? result : kMissing;
    }
  }

 private:
  std::int64_t session(std::int64_t time_ns) const {
    constexpr std::int64_t kDay = 86'400'000'000'000;
    const std::int64_t shifted = time_ns - static_cast<std::int64_t>(begins * 3.6e12);
    return shifted >= 0 ? shifted / kDay : (shifted - kDay + 1) / kDay;
  }
};

}  // namespace assay::features
