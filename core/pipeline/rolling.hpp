// Rolling functions over one run of rows in time order: the cost of a row does not grow with the window (quantile, median and rank: with
// its logarithm), and the digits are those of summing each window anew. Used by the expression plan; its header has the rules for missing
// values and ties. Missing is NaN. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <span>

#include "pipeline/expression.hpp"

namespace assay::pipeline {

struct Window {
  Op op = Op::mean;
  std::int64_t rows = 1;
  std::int64_t min_count = 1;
  double share = 0.5;  // of a quantile
};

// out[i] = op of x[i-rows+1 .. i] (and y, of corr and cov). All spans have one size; out overlaps neither. out[i] depends on x[0..i] and
// y[0..i] alone, bit for bit.
void rolling(const Window& window, std::span<const double> x, std::span<const double> y, std::span<double> out);

// The part of it for median, quantile and rank.
void rolling_order(const Window& window, std::span<const double> x, std::span<double> out);

}  // namespace assay::pipeline
