// Whether a model that learns several horizons in one fit (model.horizons/1) keeps them apart. One of the model tests; in the child process
// only.
#pragma once

#include "checker/subject.hpp"

namespace assay::checker {

Outcome horizons_apart(Subject& subject);

}  // namespace assay::checker
