// What `evaluate.quantiles` needs, as far as it can be known without data: levels in order, a regression, models that give quantiles; and
// that metrics of quantiles have some. Used by experiment_rules. Gathers all mistakes. Thread-safe.
#pragma once

#include "base/diagnostic.hpp"
#include "config/builtin_components.hpp"
#include "config/checker.hpp"
#include "config/experiment.hpp"

namespace assay::config {

void check_quantile_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics);

}  // namespace assay::config
