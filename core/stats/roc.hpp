// How well a score orders two classes: AUC, credit KS, DeLong's variance and paired test. Used by the metrics and by the verdict.
// truth is 1 for the positive class (anything above 0.5) and 0 for the other; a higher score means "more positive".
// One class only: NaN. Unequal lengths throw std::invalid_argument. All functions are pure and may run on any thread.
#pragma once

#include <cstdint>
#include <span>

namespace assay::stats {

// P(score of a positive > score of a negative) + P(equal) / 2: the area under the ROC curve, ties counted half (Mann-Whitney).
double auc(std::span<const double> truth, std::span<const double> score, std::span<const double> weight = {});

// Largest distance between the two classes' score distributions: max over thresholds of |TPR - FPR| (Kolmogorov-Smirnov, as credit uses
// it).
double ks(std::span<const double> truth, std::span<const double> score, std::span<const double> weight = {});

struct AucEstimate {
  double auc, variance;  // variance NaN where a class has fewer than two rows
  std::int64_t positives, negatives;
};
// DeLong, DeLong & Clarke-Pearson (1988), by the midrank algorithm of Sun & Xu (2014): O(n log n).
AucEstimate delong(std::span<const double> truth, std::span<const double> score);

struct AucInterval {
  double low, high;
};
// On the logit scale, so that it stays inside (0, 1); at an AUC of exactly 0 or 1 the logit is undefined and the plain interval, clipped,
// is given.
AucInterval delong_interval(const AucEstimate& estimate, double level = 0.95);

struct AucComparison {
  double auc_a, auc_b;
  double difference;      // auc_a - auc_b
  double standard_error;  // of the difference, pairing counted
  double statistic;       // difference / standard_error, standard normal under equal AUC
  double p_two_sided;     // no error and no difference: statistic 0, p 1; no error but a difference: both NaN
};
// Two scores of the same rows.
AucComparison delong_paired(std::span<const double> truth, std::span<const double> score_a, std::span<const double> score_b);

}  // namespace assay::stats
