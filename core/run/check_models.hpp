// Begins every model of an experiment as a run would, and trains none: settings that do not fit the task, the inputs or the outputs become
// diagnostics before anything is run. Used by `assay check`. One thread.
#pragma once

#include "base/diagnostic.hpp"
#include "plugin/registry.hpp"
#include "run/experiment_data.hpp"

namespace assay::run {

// On the newest rows of the first fold that can be prepared. A model whose values are searched is left to its trials.
void check_models(const config::Experiment& experiment, const ExperimentData& data, const plugin::Registry& registry,
                  Diagnostics& diagnostics);

}  // namespace assay::run
