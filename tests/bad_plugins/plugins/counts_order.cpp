// weighs later rows more
#include "squared.hpp"

struct Bad : Squared {
  double score(const assay::Scored& s) const {
    double sum = 0;
    for (std::size_t i = 0; i < s.truth().size(); ++i)
      sum += static_cast<double>(i + 1) * (s.value()[i] - s.truth()[i]) * (s.value()[i] - s.truth()[i]);
    const auto n = static_cast<double>(s.truth().size());
    return n > 0 ? sum / (n * n) : std::numeric_limits<double>::quiet_NaN();
  }
};

ASSAY_PLUGIN(assay::metric<Bad>("bad.counts_order", "1.0.0", "weighs later rows more").lower_is_better().tasks(assay::Task::regression))
