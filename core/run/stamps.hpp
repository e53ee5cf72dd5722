// What no check can mend and every page about a result therefore has to say (rules.md 21). Used by the runner and reveal, which put it into
// their summaries. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "config/experiment.hpp"

namespace assay::run {

// "stamps" of a summary: objects with "stamp" (a few words, for lists) and "text".
nlohmann::ordered_json stamps_json(const config::Experiment& experiment);

}  // namespace assay::run
