// Bars of three instruments with ragged calendars, and a small replay of a strategy over them: orders are filled at the next open, without
// costs. Shared by the checker's strategy tests. Unlike a backtest it hands out arrays that hold all bars, later ones too, on pages of
// their own: a strategy that reads where it should not is found out by what it orders. Belongs to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checker/subject.hpp"
#include "plugin/strategy.hpp"

namespace assay::checker {

struct SampleBars {
  struct Instrument {
    std::string name;
    std::vector<std::int64_t> time;
    std::vector<double> open, high, low, close, volume, prediction;
    std::vector<std::vector<double>> columns;
  };
  std::vector<std::int64_t> times;
  std::vector<Instrument> instruments;
};

// The third instrument appears after 60 times, the second one's bars end 60 times before the end; some bars, forecasts and values of
// columns are missing.
SampleBars sample_bars(std::size_t columns, std::uint64_t seed, std::size_t times = 240);

struct SampleOrder {
  std::int64_t time = 0;
  std::uint32_t instrument = 0;
  int kind = 0;
  double wanted = 0;
  friend bool operator==(const SampleOrder&, const SampleOrder&) = default;
};

struct ReplayShape {
  std::size_t first = 0, last = SIZE_MAX;  // times traded: first, up to but without last; bars before are there from the start
  bool protect = false;                    // bars on read-only pages
};
// What it orders. An order for an instrument that has no bar yet is refused: the strategy does not know of it.
std::vector<SampleOrder> orders_of(plugin::Strategy& strategy, const SampleBars& bars, const ReplayShape& shape = {});

}  // namespace assay::checker
