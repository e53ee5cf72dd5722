// Do predicted probabilities mean what they say? Calibration line, reliability table and the parts of the Brier score, for two classes.
// Used by the evaluation of credit results and by reports. truth is 0 or 1 (above 0.5 counts as 1).
// Unequal lengths throw std::invalid_argument; what is undefined is NaN. All functions are pure and may run on any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace assay::stats {

// Logistic regression of truth on one variable, by Newton's method with step halving.
struct LogisticLine {
  double intercept, slope;
  double intercept_error, slope_error;  // standard errors from the information matrix
  double log_loss;                      // mean, at the fit
  std::int64_t iterations;
  bool converged;  // false where the classes are separable (no finite fit), x is constant or one class is missing: the numbers are then NaN
};
LogisticLine fit_logistic(std::span<const double> truth, std::span<const double> x, std::span<const double> weight = {});

// Cox's recalibration (1958): truth on logit(probability). Perfect is slope 1, intercept 0; slope < 1 = probabilities too extreme.
// Probabilities are first moved into [1e-7, 1 - 1e-7] (a float32 network says exactly 0 and 1 beyond that).
struct Calibration {
  LogisticLine line;
  double in_the_large, in_the_large_error;  // intercept with the slope held at 1: log-odds by which the level is off
  double mean_probability, observed_rate;
};
Calibration calibration(std::span<const double> truth, std::span<const double> probability, std::span<const double> weight = {});

enum class Bins {
  equal_width,  // [0, 1] in equal parts; empty bins are left out
  equal_count   // by quantiles; equal probabilities never fall into two bins, so bins may be fewer and uneven
};
struct ReliabilityBin {
  double lowest, highest;  // probabilities in the bin
  double mean_probability, observed_rate;
  double observed_low, observed_high;  // Wilson's 95 % interval (1927)
  std::int64_t count;
};
std::vector<ReliabilityBin> reliability_table(std::span<const double> truth, std::span<const double> probability, std::int64_t bins = 10,
                                              Bins kind = Bins::equal_count);
// Mean |observed - predicted| over the bins, weighted by count (ECE).
double expected_calibration_error(std::span<const ReliabilityBin> table);

// Murphy (1973) over groups of equal probabilities: brier = reliability - resolution + uncertainty, exactly.
struct BrierParts {
  double brier, reliability, resolution, uncertainty;
};
BrierParts brier_parts(std::span<const double> truth, std::span<const double> probability);

}  // namespace assay::stats
