// Midranks and correlations. Used by the metrics (ic, rank_ic), by ROC statistics and by tests.
// NaN inputs are a caller's mistake (the host hands none over); unequal lengths throw std::invalid_argument.
// All functions are pure and may run on any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace assay::stats {

// Row numbers by ascending value; equal values keep their order.
std::vector<std::int64_t> ascending_order(std::span<const double> values);

// Ranks 1..n; tied values share the mean of the ranks that they cover.
std::vector<double> midranks(std::span<const double> values);

// Product-moment correlation in two passes, in [-1, 1]. NaN where it is undefined: fewer than two rows or a constant side.
double pearson(std::span<const double> x, std::span<const double> y, std::span<const double> weight = {});

// Spearman's rho: pearson of midranks. With weights, the ranks are unweighted and the correlation of the ranks is weighted.
double spearman(std::span<const double> x, std::span<const double> y, std::span<const double> weight = {});

}  // namespace assay::stats
