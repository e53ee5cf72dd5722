#include "stats/decisions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "stats/correlation.hpp"

namespace assay::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool is_positive(double value) { return value > 0.5; }

void require(bool equal_lengths) {
  if (!equal_lengths) throw std::invalid_argument("decisions: truth, the other columns and weights need one length");
}

double ratio(double part, double whole) { return whole > 0 ? part / whole : kNan; }

// Weights of what is decided 1 (hits: truth 1, false alarms: truth 0) against all positives and negatives.
double score_of(ThresholdRule by, double hits, double false_alarms, double positives, double negatives) {
  switch (by) {
    case ThresholdRule::accuracy:
      return ratio(hits + negatives - false_alarms, positives + negatives);
    case ThresholdRule::f1:
      return positives > 0 ? 2 * hits / (positives + hits + false_alarms) : kNan;
    case ThresholdRule::youden:
      return ratio(hits, positives) - ratio(false_alarms, negatives);
  }
  return kNan;
}

// Largest minus smallest of the defined rates; NaN below two of them.
double spread(std::span<const GroupRates> groups, double GroupRates::*rate) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  int defined = 0;
  for (const auto& g : groups) {
    if (std::isnan(g.*rate)) continue;
    low = std::min(low, g.*rate);
    high = std::max(high, g.*rate);
    ++defined;
  }
  return defined < 2 ? kNan : high - low;
}

struct Counts {
  double rows = 0, positives = 0, selected = 0, hits = 0;
};

GroupRates rates(std::int64_t group, const Counts& c) {
  const double negatives = c.rows - c.positives, false_alarms = c.selected - c.hits;
  return {.group = group,
          .count = static_cast<std::int64_t>(c.rows),
          .positives = static_cast<std::int64_t>(c.positives),
          .base_rate = ratio(c.positives, c.rows),
          .selection_rate = ratio(c.selected, c.rows),
          .true_positive_rate = ratio(c.hits, c.positives),
          .false_positive_rate = ratio(false_alarms, negatives),
          .precision = ratio(c.hits, c.selected),
          .accuracy = ratio(c.hits + negatives - false_alarms, c.rows)};
}

}  // namespace

Threshold best_threshold(std::span<const double> truth, std::span<const double> probability, ThresholdRule by,
                         std::span<const double> weight) {
  require(truth.size() == probability.size() && (weight.empty() || weight.size() == truth.size()));
  const auto order = ascending_order(probability);
  const auto weight_of = [&](std::int64_t row) { return weight.empty() ? 1.0 : weight[row]; };
  double positives = 0, negatives = 0;
  for (const auto row : order) (is_positive(truth[row]) ? positives : negatives) += weight_of(row);
  Threshold best{kNan, kNan};
  const auto offer = [&](double value, double hits, double false_alarms) {
    const double score = score_of(by, hits, false_alarms, positives, negatives);
    const double distance = std::abs(value - 0.5), best_distance = std::abs(best.value - 0.5);
    // Sums of the same weights in another order differ by rounding: such scores count as equal.
    const double slack = 1e-12 * (1 + std::abs(best.score));
    const bool better = std::isnan(best.score) ? !std::isnan(score) : score > best.score + slack;
    const bool equal = std::abs(score - best.score) <= slack;
    if (better || (equal && (distance < best_distance || (distance == best_distance && value > best.value)))) best = {value, score};
  };
  if (order.empty()) return best;
  // Everything is decided 1 below the smallest probability; then one set of equal probabilities after another falls to 0.
  double hits = positives, false_alarms = negatives;
  offer(0, hits, false_alarms);
  for (std::size_t first = 0, next = 0; first < order.size(); first = next) {
    const double here = probability[order[first]];
    for (next = first; next < order.size() && probability[order[next]] == here; ++next) {
      (is_positive(truth[order[next]]) ? hits : false_alarms) -= weight_of(order[next]);
    }
    if (next == order.size()) {
      offer(here < 1 ? 0.5 * (here + 1) : std::nextafter(here, std::numeric_limits<double>::infinity()), 0, 0);
    } else {
      const double after = probability[order[next]], middle = 0.5 * (here + after);
      offer(middle > here ? middle : after, hits, false_alarms);  // neighbouring doubles have no middle
    }
  }
  return best;
}

Fairness fairness(std::span<const double> truth, std::span<const double> decision, std::span<const std::int64_t> group) {
  require(truth.size() == decision.size() && truth.size() == group.size());
  std::map<std::int64_t, Counts> counted;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    auto& c = counted[group[i]];
    ++c.rows;
    c.positives += is_positive(truth[i]);
    c.selected += is_positive(decision[i]);
    c.hits += is_positive(truth[i]) && is_positive(decision[i]);
  }
  Fairness result{};
  for (const auto& [code, counts] : counted) result.groups.push_back(rates(code, counts));
  result.demographic_parity_difference = spread(result.groups, &GroupRates::selection_rate);
  result.true_positive_rate_difference = spread(result.groups, &GroupRates::true_positive_rate);
  result.false_positive_rate_difference = spread(result.groups, &GroupRates::false_positive_rate);
  const double t = result.true_positive_rate_difference, f = result.false_positive_rate_difference;
  result.equalised_odds_difference = std::isnan(t) ? f : std::isnan(f) ? t : std::max(t, f);
  result.demographic_parity_ratio = kNan;
  if (result.groups.size() >= 2) {
    const auto [low, high] = std::minmax_element(result.groups.begin(), result.groups.end(),
                                                 [](const auto& a, const auto& b) { return a.selection_rate < b.selection_rate; });
    result.demographic_parity_ratio = ratio(low->selection_rate, high->selection_rate);
  }
  return result;
}

}  // namespace assay::stats
