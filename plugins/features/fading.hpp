// Averages with a memory that fades, and how long it takes until the beginning of the data no longer counts. For the feature plugins of
// this folder; no part of the SDK. A FadingMean belongs to one thread.
#pragma once

#include <cmath>
#include <cstdint>

#include "assay/feature.hpp"

namespace assay::features {

// After so many values all that came before weighs a millionth: from then on a result is its own, wherever the data began.
inline constexpr double kFaded = 1e-6;
inline std::int64_t rows_until_faded(double share) {  // share: weight of the newest value
  return share >= 1 ? 0 : static_cast<std::int64_t>(std::ceil(std::log(kFaded) / std::log1p(-share)));
}
// The same for a fading mean of a fading mean, which begin together.
inline std::int64_t rows_until_faded(double first, double second) {
  std::int64_t rows = 0;
  for (double inner = 1, outer = 1; outer > kFaded; ++rows) {
    inner *= 1 - first;
    outer += (inner - outer) * second;
  }
  return rows;
}
inline double wilder(std::int64_t window) { return 1 / static_cast<double>(window); }             // Wilder's smoothing
inline double exponential(std::int64_t window) { return 2 / (static_cast<double>(window) + 1); }  // the usual exponential mean

// The first mean is the plain one of `window` values, later ones move to a new value by `share` of its distance. A missing value is a row
// that has passed: what is older counts less by then, as in the expressions' exponential means.
class FadingMean {
 public:
  FadingMean(std::int64_t window, double share) : window_(window), share_(share) {}

  void add(double x) {
    weight_ *= 1 - share_;
    if (std::isnan(x)) return;
    if (seen_ < window_) {
      ++seen_;
      mean_ += (x - mean_) / static_cast<double>(seen_);
    } else {
      mean_ += (x - mean_) * (share_ / (weight_ + share_));
    }
    weight_ = 1;
  }
  double value() const { return seen_ < window_ ? kMissing : mean_; }

 private:
  std::int64_t window_, seen_ = 0;
  double share_, weight_ = 1, mean_ = 0;
};

// Rows after which such a mean of values that are there from row `first` on depends on nothing before.
inline std::int64_t fading_warmup(std::int64_t first, std::int64_t window, double share) {
  return first + window - 1 + rows_until_faded(share);
}

}  // namespace assay::features
