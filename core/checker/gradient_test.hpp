// Whether the slopes that a model tells (model.gradient/1) are those of its own forecasts. One of the model tests; in the child process
// only.
#pragma once

#include "checker/subject.hpp"

namespace assay::checker {

Outcome slopes_of_forecasts(Subject& subject);

}  // namespace assay::checker
