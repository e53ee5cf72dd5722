#include "stats/correlation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace assay::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void require_equal_lengths(std::span<const double> x, std::span<const double> y, std::span<const double> weight) {
  if (x.size() != y.size() || (!weight.empty() && weight.size() != x.size())) {
    throw std::invalid_argument("correlation: the two sides and the weights need one length");
  }
}

// Below this share of the mean a spread is rounding, not variation; dividing by it would make up a correlation.
constexpr double kNearlyConstant = 1e-13;

}  // namespace

std::vector<std::int64_t> ascending_order(std::span<const double> values) {
  if (std::is_sorted(values.begin(), values.end())) {  // as the bootstrap hands rows over
    std::vector<std::int64_t> order(values.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    return order;
  }
  std::vector<std::pair<double, std::int64_t>> keyed(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) keyed[i] = {values[i], static_cast<std::int64_t>(i)};
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::int64_t> order(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) order[i] = keyed[i].second;
  return order;
}

std::vector<double> midranks(std::span<const double> values) {
  const auto order = ascending_order(values);
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first + 1;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const double rank = 0.5 * static_cast<double>(first + 1 + last);
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = rank;
    first = last;
  }
  return ranks;
}

double pearson(std::span<const double> x, std::span<const double> y, std::span<const double> weight) {
  require_equal_lengths(x, y, weight);
  const auto weight_of = [&](std::size_t i) { return weight.empty() ? 1.0 : weight[i]; };
  double total = 0, mean_x = 0, mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    total += weight_of(i);
    mean_x += weight_of(i) * x[i];
    mean_y += weight_of(i) * y[i];
  }
  if (!(total > 0)) return kNan;
  mean_x /= total;
  mean_y /= total;
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double dx = x[i] - mean_x, dy = y[i] - mean_y;
    xx += weight_of(i) * dx * dx;
    yy += weight_of(i) * dy * dy;
    xy += weight_of(i) * dx * dy;
  }
  const auto constant = [&](double squares, double mean) { return !(std::sqrt(squares / total) > kNearlyConstant * std::abs(mean)); };
  if (constant(xx, mean_x) || constant(yy, mean_y)) return kNan;
  return std::clamp(xy / (std::sqrt(xx) * std::sqrt(yy)), -1.0, 1.0);
}

double spearman(std::span<const double> x, std::span<const double> y, std::span<const double> weight) {
  require_equal_lengths(x, y, weight);
  return pearson(midranks(x), midranks(y), weight);
}

}  // namespace assay::stats
