// Simulated loan applicants whose true default probabilities are known, so that the best possible AUC is known: the source `sim.credit`.
// Used by experiments, tests and the tutorial. Not meant to look like any bank's book. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/frame.hpp"

namespace assay::data {

struct CreditOptions {
  std::int64_t rows = 30'000;  // 10 .. 100'000'000
  double default_rate = 0.22;  // mean true probability, 0.001 .. 0.999
  double nonlinearity = 1.0;   // 0: the log-odds are linear in the columns below; 1: a network gains clearly; 0 .. 3
  double signal = 1.0;         // scale of the log-odds; 0: nothing to find; 0 .. 5
  double missing = 0.0;        // share of cells missing (completely at random) in income, employment_years and debt_to_income; 0 .. 0.9
  std::uint64_t seed = 1;
};

// Columns: income, loan_amount, debt_to_income, utilisation, credit_age (reals), age, employment_years, late_payments (integers),
// home {mortgage, own, rent}, purpose {car, education, home, other}, segment {branch, broker, online} (categories), guarantor (boolean),
// sex {female, male} (category, meant as protected; no effect of its own), default (integer 0/1, the target).
// The formula of the log-odds stands in simulate_credit.cpp and in docs/design/simulated_sources.md.
struct SimulatedCredit {
  Frame frame;                      // a plain table
  std::vector<double> probability;  // the true P(default = 1), per row
  double best_auc = 0;              // expected_auc(probability)
};

// Throws Error(usage) where an option is out of range.
SimulatedCredit simulate_credit(const CreditOptions& options);

// The AUC that ranking by the true probabilities is expected to reach when each label is drawn from its own probability:
// sum over pairs p_i (1 - p_j) [p_i > p_j, ties 1/2] / sum over pairs i != j of p_i (1 - p_j). No ranking can be expected to do better.
double expected_auc(std::span<const double> probability);

}  // namespace assay::data
