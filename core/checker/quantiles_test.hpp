// Whether a regression's quantiles (model.quantiles/1) can be true, and are the same however they are asked for. One of the model tests; in
// the child process only.
#pragma once

#include "checker/subject.hpp"

namespace assay::checker {

Outcome quantiles_of_forecasts(Subject& subject);

}  // namespace assay::checker
