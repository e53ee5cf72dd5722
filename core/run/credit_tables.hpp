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

// {COLUMN: {LEVEL: {"rows", METRIC: value, ...}}}, put into `json`; number columns are cut at their quartiles. horizon: of several, in
// rows.
void segments_json(nlohmann::ordered_json& json, const std::vector<std::string>& columns, const std::vector<train::Scorer>& scorers,
                   const train::ForecastSet& set, const pipeline::Dataset& dataset, std::int64_t horizon);

// {COLUMN: {"groups": {LEVEL: {...}}, "demographic_parity_ratio", "equalised_odds_difference", ...}} for the protected columns.
nlohmann::ordered_json fairness_json(const train::ForecastSet& set, const pipeline::Dataset& dataset);

}  // namespace assay::run
