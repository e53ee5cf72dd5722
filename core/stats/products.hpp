// Sums of products of columns, in blocks that stay in the processor's cache: what correlations of many columns and least squares cost their
// time for. Used by selections and by l1_path. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace assay::stats {

using Column = std::span<const double>;

// A symmetric matrix, row by row: the sum over rows of one column times another, each row weighed where there are weights. Columns of one
// length, no NaN. Each sum is made over the same blocks, whatever the other columns are.
std::vector<double> products(std::span<const Column> columns, std::span<const double> weight = {});

// One line for each column of `a`: the sums of its products with each of `b`.
std::vector<double> cross_products(std::span<const Column> a, std::span<const Column> b);

}  // namespace assay::stats
