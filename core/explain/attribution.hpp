// How much each feature moves a row's score away from a reference: exact Shapley values of linear scores, sampled ones of any, integrated
// gradients. Used by run. What the methods mean and when they mislead: docs/explaining.md. Pure apart from the score that is handed in;
// the bits do not depend on the number of threads.
#pragma once

#include "base/random.hpp"
#include "explain/rows.hpp"

namespace assay::explain {

struct Attributions {
  std::vector<double> score, base;  // of each row; base: the reference's score
  std::vector<double> value;        // rows x features: for each row they add up to score - base
  std::vector<double> error;        // standard errors of value, where it was sampled; else empty
  std::vector<double> gap;          // score - base less the sum of value, of each row
};

// Lundberg and Lee (2017): of a linear score with features that are independent of each other, slope x (value - mean). mean: of each
// place, over the reference's rows.
Attributions linear_shapley(const Rows& rows, std::span<const double> score, std::span<const double> slope, std::span<const double> mean,
                            std::span<const Feature> features);

// Strumbelj and Kononenko (2014): features change one by one, in random order, from a background row's to the row's own. Every background
// row is used once in an order and once in the reverse one, so that the values add up to score - base but for rounding; base is the
// background's mean score. ids: whose draws belong to which row, so that a row alone gets what it gets among others.
Attributions sampled_shapley(const Rows& rows, const Rows& background, std::span<const Feature> features, std::span<const std::int64_t> ids,
                             const SeedTree& seed, const ScoreMaker& maker, const Work& work);

// Sundararajan, Taly and Yan (2017): slopes on the straight way from `baseline` to each row, at the middles of `steps` pieces of equal
// length. A feature's value is the sum over its places; `by_place` (rows x width), where it is asked for, has them one by one. A slope
// that is NaN makes all of its row NaN.
Attributions integrated_gradients(const Rows& rows, std::span<const double> baseline, std::span<const Feature> features, int steps,
                                  const SlopeMaker& maker, const Work& work, std::vector<double>* by_place = nullptr);

// The features that push a row's score up, the strongest first; none that pushes it down.
std::vector<std::size_t> pushes(std::span<const double> value);

}  // namespace assay::explain
