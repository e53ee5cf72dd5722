// Tables that credit results come with: calibration, metrics by segment, and what the decisions do to protected groups. Used by summary.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "pipeline/dataset.hpp"
#include "train/forecasts.hpp"
#include "train/scorer.hpp"

namespace assay::run {

// {"slope", "slope_error", "intercept", "intercept_error", "mean_probability", "observed_rate", "bins": [...]}
nlohmann::ordered_json calibration_json(const train::ForecastSet& set);

// {COLUMN: {LEVEL: {"rows", METRIC: value, ...}}}; number columns are cut at their quartiles.
nlohmann::ordered_json segments_json(const std::vector<std::string>& columns, const std::vector<train::Scorer>& scorers,
                                     const train::ForecastSet& set, const pipeline::Dataset& dataset);

// {COLUMN: {"groups": {LEVEL: {...}}, "demographic_parity_ratio", "equalised_odds_difference", ...}} for the protected columns.
nlohmann::ordered_json fairness_json(const train::ForecastSet& set, const pipeline::Dataset& dataset);

}  // namespace assay::run
