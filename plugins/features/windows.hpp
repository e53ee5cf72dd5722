// Windows over one run of rows in time order, for the feature plugins of this folder: one pass, the cost of a row does not grow with the
// window. The rows are cut into blocks as long as the window, so a window is the end of one block and the beginning of the next (van Herk
// 1992; Gil and Werman 1993): nothing is ever taken away from a running total, so nothing drifts. A window that lacks a value gives none.
// No part of the SDK: it may change with the plugins. Pure, thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "assay/feature.hpp"

namespace assay::features {

using Rows = std::int64_t;
using Values = std::span<const double>;
using Series = std::vector<double>;

inline std::size_t at(Rows row) { return static_cast<std::size_t>(row); }

// A column of the frame, one value after the other.
inline Series series_of(const Frame& frame, std::size_t column) {
  const auto numbers = frame.numbers(column);
  Series values(at(numbers.size()));
  for (Rows t = 0; t < numbers.size(); ++t) values[at(t)] = numbers[t];
  return values;
}
inline void put(Values values, Out out, std::int64_t output = 0) {
  for (Rows t = 0; t < out.rows(); ++t) {
    const double value = values[at(t)];
    out(t, output) = std::isfinite(value) ? value : kMissing;
  }
}
template <class Function>  // a value for each row, from its number
Series each_row(Rows size, const Function& function) {
  Series values(at(size));
  for (Rows t = 0; t < size; ++t) values[at(t)] = function(t);
  return values;
}
template <class Function>  // the same, missing in the first row
Series each_row_but_first(Rows size, const Function& function) {
  Series values(at(size), kMissing);
  for (Rows t = 1; t < size; ++t) values[at(t)] = function(t);
  return values;
}

// What a window holds, put together from parts. make(row, origin) is the part of one row, join(older, newer) one of both, and
// result(row, whole, origin) is called for each row that ends a full window. `origin` is a row that every window which asks for it holds:
// sums of distances from its value keep their digits wherever the values lie.
template <class Make, class Join, class Result>
void fold_windows(Rows size, Rows window, const Make& make, const Join& join, const Result& result) {
  if (size < window) return;
  using Part = decltype(make(Rows{}, Rows{}));
  std::vector<Part> older(at(window));  // older[k]: rows k.. of the block before
  for (Rows begin = 0; begin < size; begin += window) {
    if (begin > 0) {
      Part part = older[at(window - 1)] = make(begin - 1, begin);
      for (Rows k = window - 2; k > 0; --k) older[at(k)] = part = join(make(begin - window + k, begin), part);
    }
    Part newer = make(begin, begin);
    for (Rows place = 0;;) {
      if (place == window - 1)
        result(begin + place, newer, begin);
      else if (begin > 0)
        result(begin + place, join(older[at(place + 1)], newer), begin);
      if (++place == window || begin + place == size) break;
      newer = join(newer, make(begin + place, begin));
    }
  }
}

template <std::size_t kSums>
using Sums = std::array<double, kSums>;
template <std::size_t kSums>
Sums<kSums> add(const Sums<kSums>& a, const Sums<kSums>& b) {
  Sums<kSums> sum;
  for (std::size_t i = 0; i < kSums; ++i) sum[i] = a[i] + b[i];
  return sum;
}
// result(row, sums, origin) for each full window; make(row, origin) gives the terms of a row. A missing term makes the sum missing.
template <class Make, class Result>
void sum_windows(Rows size, Rows window, const Make& make, const Result& result) {
  using Part = decltype(make(Rows{}, Rows{}));
  fold_windows(
      size, window, make, [](const Part& a, const Part& b) { return add(a, b); }, result);
}

inline Series mean_of(Values x, Rows window) {
  Series out(x.size(), kMissing);
  const double n = static_cast<double>(window);
  sum_windows(
      static_cast<Rows>(x.size()), window, [&](Rows t, Rows origin) { return Sums<1>{x[at(t)] - x[at(origin)]}; },
      [&](Rows t, const Sums<1>& sums, Rows origin) { out[at(t)] = x[at(origin)] + sums[0] / n; });
  return out;
}
inline Series sum_of(Values x, Rows window) {
  Series out(x.size(), kMissing);
  sum_windows(
      static_cast<Rows>(x.size()), window, [&](Rows t, Rows) { return Sums<1>{x[at(t)]}; },
      [&](Rows t, const Sums<1>& sums, Rows) { out[at(t)] = sums[0]; });
  return out;
}

// Sums of distances and of their squares.
struct Moments {
  double mean, variance;  // variance: squares / (n - less)
};
inline Moments moments(const Sums<2>& sums, double origin, double n, double less = 1) {
  const double squares = sums[1] - sums[0] * (sums[0] / n);
  return {origin + sums[0] / n, (squares < 0 ? 0 : squares) / (n - less)};  // rounding may leave less than nothing
}
template <class Result>  // result(row, moments)
void moment_windows(Values x, Rows window, double less, const Result& result) {
  const double n = static_cast<double>(window);
  sum_windows(
      static_cast<Rows>(x.size()), window,
      [&](Rows t, Rows origin) {
        const double d = x[at(t)] - x[at(origin)];
        return Sums<2>{d, d * d};
      },
      [&](Rows t, const Sums<2>& sums, Rows origin) { result(t, moments(sums, x[at(origin)], n, less)); });
}

// The greater, or a missing one of both.
inline double greater(double a, double b) { return b > a || std::isnan(b) ? b : a; }
inline double lesser(double a, double b) { return b < a || std::isnan(b) ? b : a; }

struct Range {
  double high, low;
};
template <class Result>  // result(row, range): the greatest of one column and the least of another
void range_windows(Values high, Values low, Rows window, const Result& result) {
  fold_windows(
      static_cast<Rows>(high.size()), window,
      [&](Rows t, Rows) {
        return Range{high[at(t)], low[at(t)]};
      },
      [](const Range& a, const Range& b) {
        return Range{greater(a.high, b.high), lesser(a.low, b.low)};
      },
      [&](Rows t, const Range& range, Rows) { result(t, range); });
}

}  // namespace assay::features
