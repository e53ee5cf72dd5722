// score writes to its input
#include "faults.hpp"
#include "squared.hpp"

struct Bad : Squared {
  double score(const assay::Scored& s) const {
    faults::writes_input(s.truth().data());
    return Squared::score(s);
  }
};

ASSAY_PLUGIN(
    assay::metric<Bad>("bad.metric_writes_input", "1.0.0", "score writes to its input").lower_is_better().tasks(assay::Task::regression))
