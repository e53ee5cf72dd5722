// Prepares every fold of an experiment (a part of its rows where that is enough) and keeps nothing: what the rows of a fold contradict
// becomes diagnostics before anything is trained. Used by `assay check`. One thread.
#pragma once

#include "base/diagnostic.hpp"
#include "config/experiment.hpp"
#include "plugin/registry.hpp"
#include "run/experiment_data.hpp"

namespace assay::run {

void check_folds(const config::Experiment& experiment, const ExperimentData& data, const plugin::Registry& registry,
                 Diagnostics& diagnostics);

}  // namespace assay::run
