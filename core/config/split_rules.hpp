// What must fit together in `split`, as far as it can be known without data: kinds and time, groups, shares and spans. Used by
// experiment_rules. Gathers all mistakes. Thread-safe.
#pragma once

#include "base/diagnostic.hpp"
#include "config/checker.hpp"
#include "config/experiment.hpp"
#include "config/experiment_rules.hpp"

namespace assay::config {

void check_split_rules(const Experiment& experiment, const Checked& checked, Known time, Diagnostics& diagnostics);

}  // namespace assay::config
