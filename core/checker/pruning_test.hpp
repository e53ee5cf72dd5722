// Whether a model that can be pruned (model.prune/1) reaches its share, keeps it and goes on from it. One of the model tests; in the child
// process only.
#pragma once

#include "checker/subject.hpp"

namespace assay::checker {

Outcome prunes(Subject& subject);

}  // namespace assay::checker
