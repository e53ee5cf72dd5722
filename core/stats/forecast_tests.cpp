#include "stats/forecast_tests.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "stats/distributions.hpp"

namespace assay::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void require(bool equal_lengths) {
  if (!equal_lengths) throw std::invalid_argument("forecast test: the series need one length");
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// A series whose spread is rounding only: all differences are one number.
bool is_constant(std::span<const double> series) {
  const auto [low, high] = std::minmax_element(series.begin(), series.end());
  return *high - *low <= 1e-13 * std::max(std::abs(*low), std::abs(*high));
}

// The common part of the tests on a mean: long-run variance, then statistic. `factor` multiplies the statistic.
ForecastTest test_mean(std::span<const double> series, std::int64_t horizon, double factor, double df) {
  if (horizon < 1) throw std::invalid_argument("forecast test: the horizon is at least 1");
  ForecastTest result{.n = static_cast<std::int64_t>(series.size()),
                      .mean = series.empty() ? kNan : mean_of(series),
                      .standard_error = kNan,
                      .statistic = kNan,
                      .df = df,
                      .p_two_sided = kNan,
                      .p_b_better = kNan,
                      .smallest_effect = kNan,
                      .used_bartlett = false};
  if (result.n < 2 || result.n <= horizon) return result;
  if (is_constant(series)) {
    result.standard_error = 0;
    if (result.mean == 0) {
      result.statistic = 0;
      result.p_two_sided = 1;
      result.p_b_better = 0.5;
    }
    return result;
  }
  double variance = long_run_variance(series, horizon - 1, LagWeights::flat);
  // The flat weights can give a variance that is no variance; a value at rounding level is as useless as a negative one.
  if (!(variance > 1e-12 * long_run_variance(series, 0, LagWeights::flat))) {
    variance = long_run_variance(series, horizon - 1, LagWeights::bartlett);
    result.used_bartlett = true;
  }
  result.standard_error = std::sqrt(variance / static_cast<double>(result.n)) / factor;
  result.statistic = result.mean / result.standard_error;
  result.p_two_sided = student_t_two_sided(result.statistic, df);
  result.p_b_better = student_t_upper(result.statistic, df);
  result.smallest_effect = smallest_effect(result.standard_error, df);
  return result;
}

}  // namespace

KeyedMeans mean_by_key(std::span<const double> values, std::span<const std::int64_t> key) {
  require(values.size() == key.size());
  std::vector<std::size_t> order(key.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!std::is_sorted(key.begin(), key.end())) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });
  }
  KeyedMeans result;
  for (std::size_t first = 0, next = 0; first < order.size(); first = next) {
    double sum = 0;
    for (next = first; next < order.size() && key[order[next]] == key[order[first]]; ++next) sum += values[order[next]];
    result.key.push_back(key[order[first]]);
    result.count.push_back(static_cast<std::int64_t>(next - first));
    result.mean.push_back(sum / static_cast<double>(next - first));
  }
  return result;
}

double long_run_variance(std::span<const double> series, std::int64_t lags, LagWeights weights) {
  if (series.empty()) return kNan;
  const double mean = mean_of(series);
  const auto n = static_cast<std::int64_t>(series.size());
  double result = 0;
  for (std::int64_t k = 0; k <= std::min(lags, n - 1); ++k) {
    double product = 0;
    for (std::int64_t t = k; t < n; ++t) product += (series[t] - mean) * (series[t - k] - mean);
    const double weight = weights == LagWeights::flat ? 1 : 1 - static_cast<double>(k) / static_cast<double>(lags + 1);
    result += (k == 0 ? 1 : 2) * weight * product / static_cast<double>(n);
  }
  return result;
}

ForecastTest diebold_mariano(std::span<const double> loss_difference, std::int64_t horizon) {
  const auto n = static_cast<double>(loss_difference.size()), h = static_cast<double>(horizon);
  const double squared = (n + 1 - 2 * h + h * (h - 1) / n) / n;  // Harvey, Leybourne & Newbold (1997), eq. 9; positive for n > h
  return test_mean(loss_difference, horizon, std::sqrt(squared), n - 1);
}

ForecastTest diebold_mariano(std::span<const double> loss_a, std::span<const double> loss_b, std::int64_t horizon) {
  require(loss_a.size() == loss_b.size());
  std::vector<double> difference(loss_a.begin(), loss_a.end());
  for (std::size_t i = 0; i < difference.size(); ++i) difference[i] -= loss_b[i];
  return diebold_mariano(difference, horizon);
}

std::vector<double> clark_west_terms(std::span<const double> truth, std::span<const double> small, std::span<const double> large) {
  require(truth.size() == small.size() && truth.size() == large.size());
  std::vector<double> terms(truth.size());
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const double error_small = truth[i] - small[i], error_large = truth[i] - large[i], apart = small[i] - large[i];
    terms[i] = error_small * error_small - (error_large * error_large - apart * apart);
  }
  return terms;
}

ForecastTest clark_west(std::span<const double> terms_by_date, std::int64_t horizon) {
  return test_mean(terms_by_date, horizon, 1, kInfinity);
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<double> adjusted(p_values.begin(), p_values.end());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    if (!std::isnan(p_values[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, static_cast<double>(order.size() - i) * p_values[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

PairedDecisions mcnemar(std::span<const double> truth, std::span<const double> decision_a, std::span<const double> decision_b) {
  require(truth.size() == decision_a.size() && truth.size() == decision_b.size());
  PairedDecisions result{};
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const bool a = decision_a[i] == truth[i], b = decision_b[i] == truth[i];
    result.only_a_right += a && !b;
    result.only_b_right += b && !a;
  }
  const auto fewer = static_cast<double>(std::min(result.only_a_right, result.only_b_right));
  const auto both = static_cast<double>(result.only_a_right + result.only_b_right);
  result.p_two_sided = std::min(1.0, 2 * binomial_cdf(fewer, both, 0.5));
  return result;
}

double smallest_effect(double standard_error, double df, double level, double power) {
  return (student_t_quantile(1 - level / 2, df) + student_t_quantile(power, df)) * standard_error;
}

}  // namespace assay::stats
