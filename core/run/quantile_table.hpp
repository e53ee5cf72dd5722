// How often outcomes lay at or below a model's quantiles: what a reader holds beside the levels. Used by summary. Pure, thread-safe.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "train/forecasts.hpp"

namespace assay::run {

// {"levels": [...], "at_or_below": [share of rows for each level], "width": of the outermost levels, mean over rows}. The set has
// quantiles.
nlohmann::ordered_json quantile_json(const train::ForecastSet& set);

}  // namespace assay::run
