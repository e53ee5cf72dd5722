// gives a number for no rows at all
#include "squared.hpp"

struct Bad : Squared {
  double score(const assay::Scored& s) const { return s.truth().empty() ? 0 : Squared::score(s); }
};

ASSAY_PLUGIN(
    assay::metric<Bad>("bad.made_up", "1.0.0", "gives a number for no rows at all").lower_is_better().tasks(assay::Task::regression))
