#include "stats/roc.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "stats/correlation.hpp"
#include "stats/distributions.hpp"

namespace assay::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Structural components are multiples of 1 / (2 n): a standard error below this is rounding.
constexpr double kNoError = 1e-14;

bool is_positive(double truth) { return truth > 0.5; }

void require_equal_lengths(std::size_t truth, std::size_t score, std::span<const double> weight) {
  if (truth != score || (!weight.empty() && weight.size() != truth)) {
    throw std::invalid_argument("ROC: truth, score and weights need one length");
  }
}

// Walks through the rows by ascending score and gives visit(positive weight, negative weight) for each set of equal scores.
template <class Visit>
void for_each_tie(std::span<const double> truth, std::span<const double> score, std::span<const double> weight, Visit visit) {
  const auto order = ascending_order(score);
  for (std::size_t first = 0, next = 0; first < order.size(); first = next) {
    double positive = 0, negative = 0;
    for (next = first; next < order.size() && score[order[next]] == score[order[first]]; ++next) {
      const auto row = order[next];
      (is_positive(truth[row]) ? positive : negative) += weight.empty() ? 1.0 : weight[row];
    }
    visit(positive, negative);
  }
}

// DeLong's structural components, centred on nothing: for each positive the share of negatives that it beats, and the other way round.
struct Components {
  std::vector<double> of_positives, of_negatives;
  double auc = kNan;
};

Components components(std::span<const double> truth, std::span<const double> score) {
  std::vector<double> positives, negatives;
  for (std::size_t i = 0; i < truth.size(); ++i) (is_positive(truth[i]) ? positives : negatives).push_back(score[i]);
  Components result;
  if (positives.empty() || negatives.empty()) return result;
  std::vector<double> all(positives);
  all.insert(all.end(), negatives.begin(), negatives.end());
  const auto rank_all = midranks(all), rank_positive = midranks(positives), rank_negative = midranks(negatives);
  const auto m = static_cast<double>(positives.size()), n = static_cast<double>(negatives.size());
  double rank_sum = 0;
  for (std::size_t i = 0; i < positives.size(); ++i) {
    rank_sum += rank_all[i];
    result.of_positives.push_back((rank_all[i] - rank_positive[i]) / n);
  }
  for (std::size_t j = 0; j < negatives.size(); ++j) {
    result.of_negatives.push_back(1 - (rank_all[positives.size() + j] - rank_negative[j]) / m);
  }
  result.auc = (rank_sum - m * (m + 1) / 2) / (m * n);
  return result;
}

// Variance of the mean of the values; NaN below two of them.
double variance_of_mean(std::span<const double> values) {
  if (values.size() < 2) return kNan;
  const auto n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return squares / (n - 1) / n;
}

std::vector<double> subtract(std::span<const double> a, std::span<const double> b) {
  std::vector<double> result(a.begin(), a.end());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] -= b[i];
  return result;
}

}  // namespace

double auc(std::span<const double> truth, std::span<const double> score, std::span<const double> weight) {
  require_equal_lengths(truth.size(), score.size(), weight);
  double wins = 0, positives = 0, negatives = 0;
  for_each_tie(truth, score, weight, [&](double positive, double negative) {
    wins += positive * (negatives + 0.5 * negative);
    positives += positive;
    negatives += negative;
  });
  return positives > 0 && negatives > 0 ? wins / (positives * negatives) : kNan;
}

double ks(std::span<const double> truth, std::span<const double> score, std::span<const double> weight) {
  require_equal_lengths(truth.size(), score.size(), weight);
  double positives = 0, negatives = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) (is_positive(truth[i]) ? positives : negatives) += weight.empty() ? 1.0 : weight[i];
  if (!(positives > 0) || !(negatives > 0)) return kNan;
  double below_positive = 0, below_negative = 0, distance = 0;
  for_each_tie(truth, score, weight, [&](double positive, double negative) {
    below_positive += positive;
    below_negative += negative;
    distance = std::max(distance, std::abs(below_positive / positives - below_negative / negatives));
  });
  return distance;
}

AucEstimate delong(std::span<const double> truth, std::span<const double> score) {
  require_equal_lengths(truth.size(), score.size(), {});
  const auto parts = components(truth, score);
  const auto positives = std::count_if(truth.begin(), truth.end(), is_positive);
  return {.auc = parts.auc,
          .variance = variance_of_mean(parts.of_positives) + variance_of_mean(parts.of_negatives),
          .positives = positives,
          .negatives = static_cast<std::int64_t>(truth.size()) - positives};
}

AucInterval delong_interval(const AucEstimate& estimate, double level) {
  const double a = estimate.auc, error = std::sqrt(estimate.variance), z = normal_quantile(0.5 + level / 2);
  if (!(a > 0 && a < 1)) return {std::clamp(a - z * error, 0.0, 1.0), std::clamp(a + z * error, 0.0, 1.0)};
  const double logit = std::log(a / (1 - a)), reach = z * error / (a * (1 - a));
  return {1 / (1 + std::exp(reach - logit)), 1 / (1 + std::exp(-reach - logit))};
}

AucComparison delong_paired(std::span<const double> truth, std::span<const double> score_a, std::span<const double> score_b) {
  require_equal_lengths(truth.size(), score_a.size(), {});
  require_equal_lengths(truth.size(), score_b.size(), {});
  const auto a = components(truth, score_a), b = components(truth, score_b);
  AucComparison result{};
  result.auc_a = a.auc;
  result.auc_b = b.auc;
  result.difference = a.auc - b.auc;
  // The variance of the difference is that of the components' differences: no cancellation between nearly equal models.
  const double variance =
      variance_of_mean(subtract(a.of_positives, b.of_positives)) + variance_of_mean(subtract(a.of_negatives, b.of_negatives));
  const bool no_error = variance < kNoError * kNoError;
  const bool alike = no_error && std::abs(result.difference) < kNoError;
  result.standard_error = no_error ? 0 : std::sqrt(variance);
  result.statistic = alike ? 0 : no_error ? kNan : result.difference / result.standard_error;
  result.p_two_sided = alike ? 1 : normal_two_sided(result.statistic);
  return result;
}

}  // namespace assay::stats
