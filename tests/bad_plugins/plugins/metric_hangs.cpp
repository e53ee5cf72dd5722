// score never comes back and never asks
#include "faults.hpp"
#include "squared.hpp"

struct Bad : Squared {
  double score(const assay::Scored& s) const {
    faults::hangs();
    return Squared::score(s);
  }
};

ASSAY_PLUGIN(assay::metric<Bad>("bad.metric_hangs", "1.0.0", "score never comes back and never asks")
                 .lower_is_better()
                 .tasks(assay::Task::regression))
