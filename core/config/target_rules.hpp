// What must fit together in `target`, as far as it can be known without data: one of column, expression and label, and several horizons.
// Used by experiment_rules. Gathers all mistakes. Thread-safe.
#pragma once

#include "base/diagnostic.hpp"
#include "config/checker.hpp"
#include "config/experiment.hpp"
#include "config/experiment_rules.hpp"

namespace assay::config {

void check_target_rules(const Experiment& experiment, const Checked& checked, Known time, Diagnostics& diagnostics);

}  // namespace assay::config
