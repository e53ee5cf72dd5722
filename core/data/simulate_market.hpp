// A simulated panel of daily bars with a known predictable part, volatility clustering and regimes: the source `sim.market`.
// Used by experiments, tests and the tutorial. No real market is imitated in detail. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/frame.hpp"

namespace assay::data {

struct MarketOptions {
  std::int64_t entities = 20;        // 1 .. 100'000
  std::int64_t days = 2'500;         // 2 .. 1'000'000; weekdays
  double signal = 0.02;              // share of the variance of the next day's return that momentum, value and flow explain; 0 .. 0.9
  double correlation = 0.3;          // of the unpredictable parts across entities; 0 .. 0.99
  std::string start = "2010-01-04";  // the first day (the next weekday where it is none)
  std::uint64_t seed = 1;
};

// Columns: date (timestamp), symbol (category S0001..), open, high, low, close (reals), volume (integer), momentum, value, flow, noise
// (reals, standard normal AR(1) each; noise predicts nothing).
// With s = (0.7 momentum - 0.5 value + 0.4 momentum flow) / sqrt(0.9), whose variance is 1, and sigma the volatility of the next day,
//   close(t+1) / close(t) - 1 = drift + sigma(t+1) (sqrt(signal) s(t) + sqrt(1 - signal) eps(t+1)),
// so the population R2 of the simple next-day return is `signal` exactly, and 0 leaves a constant drift and nothing to find.
// (sigma depends on past eps only, never on s.)
struct SimulatedMarket {
  Frame frame;                          // sorted by (date, symbol); stamp: end, available at once
  std::vector<double> expected_return;  // per row of the frame: E[close(t+1) / close(t) - 1 | everything at t]
  std::vector<double> next_volatility;  // per row: sigma(t+1)
  std::vector<std::uint8_t> stressed;   // per day: 0 calm, 1 stressed (twice the volatility)
  double r_squared = 0;                 // = signal
  double drift = 0;                     // per day, the same for all
};

// Throws Error(usage) where an option is out of range.
SimulatedMarket simulate_market(const MarketOptions& options);

}  // namespace assay::data
