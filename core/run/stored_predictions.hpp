// A unit's forecasts of one set of rows as the store keeps them: rows that could not be forecast among the others, of several horizons each
// by itself with its own truth. Used by unit_runner. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pipeline/fold_data.hpp"
#include "store/records.hpp"

namespace assay::run {

struct ForecastPart {
  std::string name;  // test | validation | ...
  const pipeline::FoldPart& rows;
  std::span<const double> values;  // rows x outputs
  std::int64_t outputs;            // of several horizons one each
  const std::vector<double>& levels;
  std::vector<double> quantile;  // rows x levels; empty: none
};
std::vector<store::Predictions> stored_predictions(const pipeline::Dataset& dataset, const ForecastPart& part);

}  // namespace assay::run
