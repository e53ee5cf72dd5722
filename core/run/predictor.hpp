// A stored model applied to new data: features, the preparation that was fitted on its train rows, the model's saved state. Used by
// `assay predict`. Loading runs no code from the bundle, and nothing is fitted. One thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "run/stored_fit.hpp"

namespace assay::run {

struct PredictRequest {
  FitChoice fit;
  std::filesystem::path data;  // a CSV file with the columns that the experiment reads; the target may be absent
};

struct PredictResult {
  std::string model;
  std::int64_t fold = 0, outputs = 1;
  std::vector<std::int64_t> horizons;    // of the outputs, in rows; empty: there is one
  std::vector<std::string> classes;      // empty for regression
  double threshold = 0.5;                // binary
  std::vector<std::int64_t> row;         // 0-based row of the file
  std::vector<TimeNs> known_at;          // empty without time
  std::vector<std::string> entity;       // empty without
  std::vector<double> value;             // rows x outputs, NaN: could not be forecast
  std::vector<double> levels, quantile;  // rows x levels; empty where the model gives none
  std::vector<std::string> notes;
};

// Nothing where `diagnostics` has errors. Throws Error: no such model or fold, no bundle, a changed plugin.
std::optional<PredictResult> predict(const store::Store& store, const PredictRequest& request, const RunContext& context,
                                     Diagnostics& diagnostics);

}  // namespace assay::run
