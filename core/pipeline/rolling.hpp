// Rolling functions over one entity's values in time order: O(n) whatever the window, and numerically as good as summing each window
// anew. Used by the expression plan. Missing is NaN. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <span>

#include "pipeline/expression.hpp"

namespace assay::pipeline {

// out[i] = op of the present values among x[i-window+1 .. i]; NaN where fewer than min_count are present (std and var: fewer than two).
// op: mean, std_dev, var, sum, min or max. out and x have one size and do not overlap. out[i] depends on x[0..i] alone, bit for bit.
void rolling(Op op, std::span<const double> x, std::int64_t window, std::int64_t min_count, std::span<double> out);

}  // namespace assay::pipeline
