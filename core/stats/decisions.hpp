// From probabilities to decisions: the best threshold on given rows, and what decisions do to groups of people.
// Used by the evaluation (threshold: {rows, by}) and the fairness table. The rule everywhere: decide 1 where probability >= threshold.
// Unequal lengths throw std::invalid_argument; what is undefined is NaN. All functions are pure and may run on any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace assay::stats {

enum class ThresholdRule { accuracy, f1, youden };  // youden: TPR - FPR

struct Threshold {
  double value, score;  // score: the rule's value at the threshold
};
// Candidates lie midway between neighbouring distinct probabilities, so equal probabilities are decided alike; "all 1" is the threshold 0
// and "none" lies above the largest. Of equally good ones the nearest to 0.5 is taken, then the larger. NaN without rows, and where the
// rule is undefined on all candidates (f1 without positives, youden with one class).
Threshold best_threshold(std::span<const double> truth, std::span<const double> probability, ThresholdRule by,
                         std::span<const double> weight = {});

struct GroupRates {
  std::int64_t group, count, positives;
  double base_rate;                                // share of truth = 1
  double selection_rate;                           // share of decision = 1
  double true_positive_rate, false_positive_rate;  // NaN where the group has no positives, or no negatives
  double precision;                                // NaN where nothing was selected
  double accuracy;
};
struct Fairness {
  std::vector<GroupRates> groups;        // by group code, ascending
  double demographic_parity_difference;  // largest - smallest selection rate
  double demographic_parity_ratio;       // smallest / largest; NaN where no group is selected at all
  double true_positive_rate_difference;  // equal opportunity; over groups where it is defined
  double false_positive_rate_difference;
  double equalised_odds_difference;  // the larger of the two
};
// truth and decision are 0 or 1; group holds codes. Differences need two groups with a defined rate, else NaN.
Fairness fairness(std::span<const double> truth, std::span<const double> decision, std::span<const std::int64_t> group);

}  // namespace assay::stats
