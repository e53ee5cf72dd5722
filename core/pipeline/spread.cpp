#include "pipeline/spread.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace assay::pipeline {

namespace {

constexpr double kMadToDeviation = 1.482602218505602;  // 1 / the normal distribution's 0.75 quantile

Spread deviation(const std::vector<double>& values) {  // two passes, so that large offsets cost no digits
  const double mean = mean_of(values);
  double squares = 0, rest = 0;
  for (const double x : values) {
    squares += (x - mean) * (x - mean);
    rest += x - mean;
  }
  const double n = static_cast<double>(values.size());
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  if (*least == *greatest) return {*least, 0};  // rounding in the mean must not look like spread
  return {mean, std::sqrt(std::max(0.0, squares - rest * rest / n) / n)};
}

}  // namespace

double quantile_of(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double x : values) sum += x;
  return sum / static_cast<double>(values.size());
}

Spread spread_by(const std::string& method, std::vector<double> values) {
  if (method == "standard" || method == "z_score") return deviation(values);
  std::sort(values.begin(), values.end());
  if (method == "min_max") return {values.front(), values.back() - values.front()};
  const double median = quantile_of(values, 0.5);
  if (method == "robust") return {median, quantile_of(values, 0.75) - quantile_of(values, 0.25)};
  ASSAY_CHECK(method == "mad", "a way to measure spread that no step declares");
  for (double& x : values) x = std::fabs(x - median);
  std::sort(values.begin(), values.end());
  return {median, kMadToDeviation * quantile_of(values, 0.5)};
}

std::vector<double> present(std::span<const double> values, std::span<const std::uint8_t> flags) {
  std::vector<double> result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (flags[i] != 0 && !std::isnan(values[i])) result.push_back(values[i]);
  }
  return result;
}

}  // namespace assay::pipeline
