// among equal forecasts the last row wins
#include "squared.hpp"

struct Bad : Squared {
  double score(const assay::Scored& s) const {
    if (s.truth().empty()) return std::numeric_limits<double>::quiet_NaN();
    std::size_t best = 0;
    for (std::size_t i = 0; i < s.truth().size(); ++i) best = s.value()[i] >= s.value()[best] ? i : best;
    return Squared::score(s) + 1e-3 * s.truth()[best];
  }
};

ASSAY_PLUGIN(assay::metric<Bad>("bad.breaks_ties", "1.0.0", "among equal forecasts the last row wins")
                 .lower_is_better()
                 .tasks(assay::Task::regression))
