#include "stats/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "stats/correlation.hpp"

namespace assay::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kNearestToCertain = 1e-7;
constexpr int kMostSteps = 100;

bool is_positive(double truth) { return truth > 0.5; }

void require_equal_lengths(std::span<const double> truth, std::span<const double> other, std::span<const double> weight) {
  if (truth.size() != other.size() || (!weight.empty() && weight.size() != truth.size())) {
    throw std::invalid_argument("calibration: truth, probabilities and weights need one length");
  }
}

double logistic(double z) { return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z)); }

// log(1 + exp(z)) without overflow.
double softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

// The data of one fit, and the likelihood with its derivatives at (intercept, slope).
struct Line {
  std::span<const double> truth, x, weight;

  double weight_of(std::size_t i) const { return weight.empty() ? 1.0 : weight[i]; }
  double loss(double a, double b) const {
    double total = 0, mass = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const double z = a + b * x[i];
      total += weight_of(i) * (is_positive(truth[i]) ? softplus(-z) : softplus(z));
      mass += weight_of(i);
    }
    return total / mass;
  }
  struct Slopes {
    double a = 0, b = 0;            // gradient of the log-likelihood
    double aa = 0, ab = 0, bb = 0;  // information matrix
    double determinant() const { return aa * bb - ab * ab; }
  };
  Slopes slopes(double a, double b) const {
    Slopes s;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const double p = logistic(a + b * x[i]), w = weight_of(i), v = w * p * (1 - p);
      const double residual = w * ((is_positive(truth[i]) ? 1 : 0) - p);
      s.a += residual;
      s.b += residual * x[i];
      s.aa += v;
      s.ab += v * x[i];
      s.bb += v * x[i] * x[i];
    }
    return s;
  }
};

LogisticLine no_fit(int steps) { return {kNan, kNan, kNan, kNan, kNan, steps, false}; }

// Newton on the intercept alone, `offset` given: the log-odds to add so that the mean probability is the observed rate.
void fit_intercept(const Line& data, double& intercept, double& error) {
  intercept = error = kNan;
  double a = 0;
  for (int step = 0; step < kMostSteps; ++step) {
    const auto s = data.slopes(a, 1);
    if (!(s.aa > 0)) return;
    // The score falls in `a`; the step is bounded because far out the curvature is nearly nothing.
    const double move = std::clamp(s.a / s.aa, -2.0, 2.0);
    a += move;
    if (std::abs(move) <= 1e-10 * (1 + std::abs(a))) {
      intercept = a;
      error = 1 / std::sqrt(data.slopes(a, 1).aa);
      return;
    }
  }
}

ReliabilityBin make_bin(std::span<const std::int64_t> rows, std::span<const double> truth, std::span<const double> probability) {
  ReliabilityBin bin{};
  bin.count = static_cast<std::int64_t>(rows.size());
  const auto n = static_cast<double>(rows.size());
  bin.lowest = probability[rows.front()];
  bin.highest = probability[rows.back()];
  for (const auto row : rows) {
    bin.mean_probability += probability[row] / n;
    bin.observed_rate += is_positive(truth[row]) ? 1 / n : 0;
  }
  constexpr double z = 1.959963984540054;  // normal quantile at 0.975
  const double p = bin.observed_rate, centre = p + z * z / (2 * n), reach = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  bin.observed_low = std::max(0.0, (centre - reach) / (1 + z * z / n));
  bin.observed_high = std::min(1.0, (centre + reach) / (1 + z * z / n));
  return bin;
}

}  // namespace

LogisticLine fit_logistic(std::span<const double> truth, std::span<const double> x, std::span<const double> weight) {
  require_equal_lengths(truth, x, weight);
  const Line data{truth, x, weight};
  double positives = 0, total = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    total += data.weight_of(i);
    if (is_positive(truth[i])) positives += data.weight_of(i);
  }
  if (!(positives > 0) || !(positives < total)) return no_fit(0);
  double a = std::log(positives / (total - positives)), b = 0, loss = data.loss(a, b);
  for (int step = 1; step <= kMostSteps; ++step) {
    const auto s = data.slopes(a, b);
    const double determinant = s.determinant();
    // Constant x, or probabilities that have all run to 0 and 1 (separable classes): no curvature is left to divide by.
    if (!(determinant > 1e-13 * s.aa * s.bb) || s.aa < 1e-9 * total) return no_fit(step);
    double move_a = (s.bb * s.a - s.ab * s.b) / determinant, move_b = (s.aa * s.b - s.ab * s.a) / determinant;
    double next = data.loss(a + move_a, b + move_b);
    for (int halving = 0; halving < 40 && !(next <= loss + 1e-15); ++halving) {
      move_a /= 2;
      move_b /= 2;
      next = data.loss(a + move_a, b + move_b);
    }
    a += move_a;
    b += move_b;
    loss = next;
    if (std::abs(move_a) <= 1e-10 * (1 + std::abs(a)) && std::abs(move_b) <= 1e-10 * (1 + std::abs(b))) {
      const auto at_fit = data.slopes(a, b);
      const double d = at_fit.determinant();
      return {a, b, std::sqrt(at_fit.bb / d), std::sqrt(at_fit.aa / d), loss, step, true};
    }
  }
  return no_fit(kMostSteps);
}

Calibration calibration(std::span<const double> truth, std::span<const double> probability, std::span<const double> weight) {
  require_equal_lengths(truth, probability, weight);
  std::vector<double> logit(probability.size());
  double mass = 0, rate = 0, mean = 0;
  for (std::size_t i = 0; i < logit.size(); ++i) {
    const double p = std::clamp(probability[i], kNearestToCertain, 1 - kNearestToCertain);
    logit[i] = std::log(p / (1 - p));
    const double w = weight.empty() ? 1.0 : weight[i];
    mass += w;
    mean += w * probability[i];
    rate += is_positive(truth[i]) ? w : 0;
  }
  Calibration result{.line = fit_logistic(truth, logit, weight),
                     .in_the_large = kNan,
                     .in_the_large_error = kNan,
                     .mean_probability = mean / mass,
                     .observed_rate = rate / mass};
  if (rate > 0 && rate < mass) fit_intercept(Line{truth, logit, weight}, result.in_the_large, result.in_the_large_error);
  return result;
}

std::vector<ReliabilityBin> reliability_table(std::span<const double> truth, std::span<const double> probability, std::int64_t bins,
                                              Bins kind) {
  require_equal_lengths(truth, probability, {});
  if (bins < 1) throw std::invalid_argument("reliability table: at least one bin is needed");
  const auto order = ascending_order(probability);
  const auto n = static_cast<std::int64_t>(order.size());
  // The bin that a row's probability, or its place in the order, calls for.
  const auto wanted = [&](std::int64_t i) {
    const double share = kind == Bins::equal_width ? probability[order[i]] : static_cast<double>(i) / static_cast<double>(n);
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(share * static_cast<double>(bins)), 0, bins - 1);
  };
  std::vector<ReliabilityBin> table;
  for (std::int64_t first = 0, next = 0; first < n; first = next) {
    const auto bin = wanted(first);
    for (next = first + 1; next < n; ++next) {
      if (wanted(next) != bin && probability[order[next]] != probability[order[next - 1]]) break;
    }
    table.push_back(make_bin(std::span(order).subspan(first, next - first), truth, probability));
  }
  return table;
}

double expected_calibration_error(std::span<const ReliabilityBin> table) {
  double total = 0, gap = 0;
  for (const auto& bin : table) {
    total += static_cast<double>(bin.count);
    gap += static_cast<double>(bin.count) * std::abs(bin.observed_rate - bin.mean_probability);
  }
  return total > 0 ? gap / total : kNan;
}

BrierParts brier_parts(std::span<const double> truth, std::span<const double> probability) {
  require_equal_lengths(truth, probability, {});
  if (truth.empty()) return {kNan, kNan, kNan, kNan};
  const auto order = ascending_order(probability);
  const auto n = static_cast<double>(truth.size());
  const double rate = static_cast<double>(std::count_if(truth.begin(), truth.end(), is_positive)) / n;
  BrierParts parts{.brier = 0, .reliability = 0, .resolution = 0, .uncertainty = rate * (1 - rate)};
  for (std::size_t first = 0, next = 0; first < order.size(); first = next) {
    const double p = probability[order[first]];
    double positives = 0;
    for (next = first; next < order.size() && probability[order[next]] == p; ++next) positives += is_positive(truth[order[next]]);
    const auto count = static_cast<double>(next - first);
    const double observed = positives / count;
    parts.brier += (positives * (1 - p) * (1 - p) + (count - positives) * p * p) / n;
    parts.reliability += count * (p - observed) * (p - observed) / n;
    parts.resolution += count * (observed - rate) * (observed - rate) / n;
  }
  return parts;
}

}  // namespace assay::stats
