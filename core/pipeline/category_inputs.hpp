// Warns of text among the inputs that no one_hot step takes: a model then sees the levels' codes as if they were amounts. Often one stray
// cell made text of a column of numbers. Used by run when an experiment is checked and run. Pure.
#pragma once

#include "base/diagnostic.hpp"
#include "config/experiment.hpp"
#include "pipeline/dataset.hpp"

namespace assay::pipeline {

// A warning for each such column, with the first offending row and the mend. as_categories: every model learns them as categories; then
// only columns of numbers that a few cells made text are warned of.
void warn_of_categories(const config::Experiment& experiment, const Dataset& dataset, bool as_categories, Diagnostics& diagnostics);

}  // namespace assay::pipeline
