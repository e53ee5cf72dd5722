#include "stats/mean_interval.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <stdexcept>

#include "stats/distributions.hpp"

namespace assay::stats {
namespace {

constexpr std::int64_t kMostCosines = 8;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::int64_t cosines(std::int64_t n, std::int64_t horizon) {
  const auto recommended = static_cast<std::int64_t>(0.4 * std::pow(static_cast<double>(n), 2.0 / 3));
  return std::max<std::int64_t>(1, std::min({recommended, kMostCosines, n / (2 * horizon)}));
}

// The long-run variance: mean square of the first `count` terms of the type II cosine transform. The mean itself is in none of them.
double low_frequency_variance(std::span<const double> series, double mean, std::int64_t count) {
  const auto n = static_cast<double>(series.size());
  double squares = 0;
  for (std::int64_t j = 1; j <= count; ++j) {
    double term = 0;
    for (std::size_t t = 0; t < series.size(); ++t)
      term += (series[t] - mean) * std::cos(std::numbers::pi * static_cast<double>(j) * (static_cast<double>(t) + 0.5) / n);
    squares += 2 / n * term * term;
  }
  return squares / static_cast<double>(count);
}

}  // namespace

MeanInterval interval_of_mean(std::span<const double> series, std::int64_t horizon, double level) {
  if (horizon < 1) throw std::invalid_argument("interval of a mean: the horizon is at least 1");
  if (!(level > 0 && level < 1)) throw std::invalid_argument("interval of a mean: the level lies between 0 and 1");
  const auto n = static_cast<std::int64_t>(series.size());
  MeanInterval result{.mean = kNan, .low = kNan, .high = kNan, .standard_error = kNan, .degrees_freedom = 0};
  if (n == 0) return result;
  result.mean = std::accumulate(series.begin(), series.end(), 0.0) / static_cast<double>(n);
  if (n < 2) return result;
  result.degrees_freedom = cosines(n, horizon);
  result.standard_error = std::sqrt(low_frequency_variance(series, result.mean, result.degrees_freedom) / static_cast<double>(n));
  const double reach = student_t_quantile((1 + level) / 2, static_cast<double>(result.degrees_freedom)) * result.standard_error;
  result.low = result.mean - reach;
  result.high = result.mean + reach;
  return result;
}

}  // namespace assay::stats
