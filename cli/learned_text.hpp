// What a run's fitted features found on the folds' train rows (feature.report/1): information values, bins, levels. Reports are any JSON;
// those that are objects by column, with numbers and lists of flat objects, become tables. Used by `runs show`. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/console.hpp"
#include "store/store.hpp"

namespace assay::cli {

// [{"fold": 1, "found": {FEATURE: its report}}, ...]; a fold's features are the same for all models and repeats. Empty: none told anything.
nlohmann::ordered_json learned_features(const std::vector<store::UnitRecord>& units);

// Single values side by side by fold; lists of the last fold only, as far as they are short.
std::string learned_text(const nlohmann::ordered_json& learned, const Console& console);

}  // namespace assay::cli
