// score calls abort
#include "faults.hpp"
#include "squared.hpp"

struct Bad : Squared {
  double score(const assay::Scored& s) const {
    faults::aborts();
    return Squared::score(s);
  }
};

ASSAY_PLUGIN(assay::metric<Bad>("bad.metric_aborts", "1.0.0", "score calls abort").lower_is_better().tasks(assay::Task::regression))
