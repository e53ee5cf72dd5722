// score takes memory without end
#include "faults.hpp"
#include "squared.hpp"

struct Bad : Squared {
  double score(const assay::Scored& s) const {
    faults::eats_memory();
    return Squared::score(s);
  }
};

ASSAY_PLUGIN(assay::metric<Bad>("bad.metric_eats_memory", "1.0.0", "score takes memory without end")
                 .lower_is_better()
                 .tasks(assay::Task::regression))
