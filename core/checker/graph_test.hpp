// Whether the graph that a model tells (model.graph/1) computes its own forecasts. One of the model tests; in the child process only.
#pragma once

#include "checker/subject.hpp"

namespace assay::checker {

Outcome graph_of_forecasts(Subject& subject);

}  // namespace assay::checker
