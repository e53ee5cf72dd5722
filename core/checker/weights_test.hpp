// Whether a model that says it takes weights of rows heeds them. One of the model tests; in the child process only.
#pragma once

#include "checker/subject.hpp"

namespace assay::checker {

Outcome weights(Subject& subject);

}  // namespace assay::checker
