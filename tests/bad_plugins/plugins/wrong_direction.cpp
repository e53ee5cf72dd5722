// an error that claims to be better when higher
#include "squared.hpp"

struct Bad : Squared {
  double score(const assay::Scored& s) const { return Squared::score(s); }
};

ASSAY_PLUGIN(assay::metric<Bad>("bad.wrong_direction", "1.0.0", "an error that claims to be better when higher")
                 .higher_is_better()
                 .tasks(assay::Task::regression))
