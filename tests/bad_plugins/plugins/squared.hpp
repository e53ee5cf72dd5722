// A well-behaved metric, the mean squared error: the bad metrics derive from it and break one promise each.
#pragma once

#include <assay/metric.hpp>

#include <cmath>
#include <limits>

struct Squared {
  double score(const assay::Scored& s) const {
    double sum = 0, weights = 0;
    for (std::size_t i = 0; i < s.truth().size(); ++i) {
      const double weight = s.weight().empty() ? 1 : s.weight()[i], miss = s.value()[i] - s.truth()[i];
      sum += weight * miss * miss;
      weights += weight;
    }
    return weights > 0 ? sum / weights : std::numeric_limits<double>::quiet_NaN();
  }
};
