// divides by the spread of the forecasts
#include <algorithm>
#include "squared.hpp"
struct Bad : Squared {
  double score(const assay::Scored& s) const {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const double value : s.value()) low = std::min(low, value), high = std::max(high, value);
    return s.truth().empty() ? assay::kMissing : Squared::score(s) * (high > low ? 1 : std::numeric_limits<double>::infinity());
  }
};

ASSAY_PLUGIN(
    assay::metric<Bad>("bad.infinite", "1.0.0", "divides by the spread of the forecasts").lower_is_better().tasks(assay::Task::regression))
