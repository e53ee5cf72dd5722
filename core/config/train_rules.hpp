// What must fit together in `train`, as far as it can be known without data: weights of classes and rows, and what counts for models that
// are trained in epochs alone. Used by experiment_rules. Gathers all mistakes. Thread-safe.
#pragma once

#include "base/diagnostic.hpp"
#include "config/builtin_components.hpp"
#include "config/checker.hpp"
#include "config/experiment.hpp"
#include "config/experiment_rules.hpp"

namespace assay::config {

void check_train_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue& catalogue, Known time,
                       Diagnostics& diagnostics);

}  // namespace assay::config
