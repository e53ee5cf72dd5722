// Is one forecast better than another, or is it chance? Tests on losses by date, several tests at once, and what a sample could have shown.
// Used by the verdict. Panels first average the loss difference by date (mean_by_key): rows of one date are no independent evidence.
// Unequal lengths throw std::invalid_argument; what is undefined is NaN. All functions are pure and may run on any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace assay::stats {

struct KeyedMeans {
  std::vector<std::int64_t> key;    // distinct, ascending
  std::vector<double> mean;         // of the values with that key
  std::vector<std::int64_t> count;  // how many
};
KeyedMeans mean_by_key(std::span<const double> values, std::span<const std::int64_t> key);

enum class LagWeights {
  flat,     // all 1, as Diebold & Mariano (1995) have it; can be negative
  bartlett  // 1 - k / (lags + 1), Newey & West (1987); never negative
};
// Long-run variance of a series around its mean: gamma(0) + 2 sum of weighted autocovariances up to `lags`, each divided by n.
double long_run_variance(std::span<const double> series, std::int64_t lags, LagWeights weights);

struct ForecastTest {
  std::int64_t n;         // dates
  double mean;            // mean difference: positive = A loses more than B (B is better)
  double standard_error;  // of the mean, small-sample correction included
  double statistic, df;   // df infinite where the normal is used
  double p_two_sided;
  double p_b_better;       // one-sided
  double smallest_effect;  // mean difference that a 5 % two-sided test would have found with probability 0.8
  bool used_bartlett;      // the flat variance was not positive, so the Bartlett one stands in
};
// Diebold & Mariano (1995) with the correction of Harvey, Leybourne & Newbold (1997): HAC lag horizon - 1, factor
// sqrt((n + 1 - 2h + h(h - 1)/n) / n), Student t with n - 1 degrees of freedom. One loss a date, in time order. n < 2, or n too short for
// the horizon (n <= horizon): NaN. No difference on any date: statistic 0, p 1; the same nonzero difference on each date: NaN.
ForecastTest diebold_mariano(std::span<const double> loss_a, std::span<const double> loss_b, std::int64_t horizon = 1);
ForecastTest diebold_mariano(std::span<const double> loss_difference, std::int64_t horizon = 1);

// Clark & West (2007), squared error, `small` nested in `large`: mean of (y - small)^2 - (y - large)^2 + (small - large)^2. Read p_b_better
// (one-sided, standard normal): the larger model helps. HAC lag horizon - 1. With panels, pass clark_west_terms through mean_by_key.
std::vector<double> clark_west_terms(std::span<const double> truth, std::span<const double> small, std::span<const double> large);
ForecastTest clark_west(std::span<const double> terms_by_date, std::int64_t horizon = 1);

// Holm (1979): adjusted p-values in the order given; compare each with the family's level. NaN stays NaN and counts as no test.
std::vector<double> holm(std::span<const double> p_values);

struct PairedDecisions {
  std::int64_t only_a_right, only_b_right;
  double p_two_sided;  // exact binomial, not the chi-square approximation
};
// McNemar (1947) on two classifiers' decisions for the same rows.
PairedDecisions mcnemar(std::span<const double> truth, std::span<const double> decision_a, std::span<const double> decision_b);

// The difference that a two-sided test at `level` finds with probability `power`: (t(1 - level/2) + t(power)) * standard_error. df
// infinite: normal.
double smallest_effect(double standard_error, double df, double level = 0.05, double power = 0.8);

}  // namespace assay::stats
