// score touches memory that is not there
#include "faults.hpp"
#include "squared.hpp"

struct Bad : Squared {
  double score(const assay::Scored& s) const {
    faults::segfaults();
    return Squared::score(s);
  }
};

ASSAY_PLUGIN(assay::metric<Bad>("bad.metric_segfaults", "1.0.0", "score touches memory that is not there")
                 .lower_is_better()
                 .tasks(assay::Task::regression))
