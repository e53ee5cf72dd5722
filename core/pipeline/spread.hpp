// Centre and spread of the values of one column, as preparation steps learn them. Missing values are taken out before. Used by the steps
// only. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace assay::pipeline {

struct Spread {
  double centre = 0, width = 0;
};
// standard and z_score: mean and population deviation; min_max; robust: median and quartile range; mad: scaled median absolute deviation.
Spread spread_by(const std::string& method, std::vector<double> values);

double quantile_of(const std::vector<double>& sorted, double q);  // linear between order statistics: Hyndman and Fan's type 7
double mean_of(const std::vector<double>& values);

// The values of flagged rows that are there.
std::vector<double> present(std::span<const double> values, std::span<const std::uint8_t> flags);

}  // namespace assay::pipeline
