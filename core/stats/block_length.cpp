// optimal_block_length of bootstrap.hpp.
#include <algorithm>
#include <cmath>

#include "stats/bootstrap.hpp"

namespace assay::stats {
namespace {

std::vector<double> autocovariances(std::span<const double> series, std::int64_t lags) {
  const auto n = static_cast<std::int64_t>(series.size());
  double mean = 0;
  for (const double v : series) mean += v;
  mean /= static_cast<double>(n);
  std::vector<double> result(lags + 1, 0.0);
  for (std::int64_t k = 0; k <= lags && k < n; ++k) {
    for (std::int64_t t = k; t < n; ++t) result[k] += (series[t] - mean) * (series[t - k] - mean);
    result[k] /= static_cast<double>(n);
  }
  return result;
}

// Politis & White's empirical rule: the first lag from which on `run` autocorrelations in a row are insignificant (white noise gives 1,
// as in Patton's published code); none before the last lag allowed: the last significant one.
std::int64_t last_correlated_lag(std::span<const double> covariance, std::int64_t n, std::int64_t run, std::int64_t last) {
  const double bound = 2 * std::sqrt(std::log10(static_cast<double>(n)) / static_cast<double>(n));
  const auto significant = [&](std::int64_t k) { return std::abs(covariance[k] / covariance[0]) >= bound; };
  std::int64_t quiet = 0, last_significant = 1;
  for (std::int64_t k = 1; k <= last; ++k) {
    quiet = significant(k) ? 0 : quiet + 1;
    if (quiet == 0) last_significant = k;
    if (quiet == run) return k - run + 1;
  }
  return last_significant;
}

// The flat-top lag window.
double flat_top(double t) { return std::abs(t) <= 0.5 ? 1.0 : std::max(0.0, 2 * (1 - std::abs(t))); }

}  // namespace

BlockLength optimal_block_length(std::span<const double> series) {
  const auto n = static_cast<std::int64_t>(series.size());
  if (n < 4) return {1, 1};
  const auto size = static_cast<double>(n);
  const auto run = std::max<std::int64_t>(5, static_cast<std::int64_t>(std::ceil(std::sqrt(std::log10(size)))));
  const auto last = std::min<std::int64_t>(n - 1, static_cast<std::int64_t>(std::ceil(std::sqrt(size))) + run);
  const auto covariance = autocovariances(series, last);
  const auto [low, high] = std::minmax_element(series.begin(), series.end());
  if (!(*high - *low > 1e-13 * std::max(std::abs(*low), std::abs(*high)))) return {1, 1};

  const auto width = std::min(last, 2 * last_correlated_lag(covariance, n, run, last));
  double spectrum = covariance[0], slope = 0;  // g(0) and G of the paper
  for (std::int64_t k = 1; k <= width; ++k) {
    const double weighted = 2 * flat_top(static_cast<double>(k) / static_cast<double>(width)) * covariance[k];
    spectrum += weighted;
    slope += weighted * static_cast<double>(k);
  }
  const double most = std::ceil(std::min(3 * std::sqrt(size), size / 3));
  const auto length = [&](double factor) {  // variance constant D = factor g(0)^2; Patton, Politis & White (2009): 2 and 4/3
    const double d = factor * spectrum * spectrum;
    return d > 0 ? std::clamp(std::cbrt(2 * slope * slope / d * size), 1.0, most) : 1.0;
  };
  return {length(2.0), length(4.0 / 3.0)};
}

}  // namespace assay::stats
