// Weighted means over scored rows: what nearly every metric is. Used by this plugin's metrics only. Pure.
#pragma once

#include <assay/metric.hpp>
#include <limits>

namespace metrics {

inline constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

inline double weight_of(const assay::Scored& rows, std::size_t i) { return rows.weight().empty() ? 1.0 : rows.weight()[i]; }

inline double ratio(double part, double whole) { return whole > 0 ? part / whole : kUndefined; }

// Mean of term(i) over the rows; undefined without rows (or without weight).
template <class Term>
double mean(const assay::Scored& rows, Term term) {
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < rows.truth().size(); ++i) {
    sum += weight_of(rows, i) * term(i);
    total += weight_of(rows, i);
  }
  return ratio(sum, total);
}

}  // namespace metrics
