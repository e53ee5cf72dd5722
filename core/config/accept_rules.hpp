// Criteria of `accept`: their grammar, and whether the names in them are reported by this experiment. Used by experiment_rules and
// experiment_reader. Gathers all mistakes. Thread-safe.
#pragma once

#include <optional>
#include <string>

#include "base/diagnostic.hpp"
#include "config/builtin_components.hpp"
#include "config/checker.hpp"
#include "config/experiment.hpp"

namespace assay::config {

// "auc.low > 0.7" in its parts; nothing where it is no comparison. Names are not looked up here.
std::optional<AcceptSpec> parse_accept(const std::string& text, const Place& place);
void check_accept_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics);

}  // namespace assay::config
