// The three prices of a bar that most indicators read, and what is made of them. Part of the library `technical`. Pure, thread-safe.
#pragma once

#include <string>

#include "../windows.hpp"

namespace assay::features {

// The columns of a bar that most indicators read, with the usual names.
struct Bar {
  std::string high = "high", low = "low", close = "close";
};
template <class T>
void bar_params(Params<T>& p) {
  p.template column<&T::high>("high", "The highest price of a row");
  p.template column<&T::low>("low", "The lowest price of a row");
  p.template column<&T::close>("close", "The last price of a row");
}

// Their values.
struct Bars {
  Series high, low, close;

  explicit Bars(const Frame& frame) : high(series_of(frame, 0)), low(series_of(frame, 1)), close(series_of(frame, 2)) {}
  double typical(Rows t) const { return (high[at(t)] + low[at(t)] + close[at(t)]) / 3; }
  Series typical() const {
    return each_row(static_cast<Rows>(close.size()), [&](Rows t) { return typical(t); });
  }
  // The row's range with the last close in it.
  double true_range(Rows t) const {
    return t > 0 ? greater(high[at(t)], close[at(t - 1)]) - lesser(low[at(t)], close[at(t - 1)]) : kMissing;
  }
};

// 100 part / whole; where nothing moved, neither end is nearer.
inline double percent(double part, double whole, double if_nothing = 50) {
  if (whole > 0) return 100 * part / whole;
  return whole == 0 ? if_nothing : kMissing;
}
}  // namespace assay::features
