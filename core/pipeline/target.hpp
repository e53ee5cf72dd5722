// From a target column to labels: values or class numbers, label intervals, and what was known of earlier labels. Used by build_dataset.
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "config/experiment.hpp"
#include "data/column.hpp"
#include "pipeline/dataset.hpp"

namespace assay::pipeline {

struct TargetValues {
  std::vector<double> y;  // empty after a mistake
  std::vector<std::string> classes;
  std::vector<std::string> notes;
};
// Values of regression; class numbers of binary (0 and 1, or `positive` = 1) and multiclass (distinct values in ascending or level order).
// horizon: of several, for messages.
TargetValues read_target(const config::TargetSpec& spec, const data::Column& column, Diagnostics& diagnostics, std::int64_t horizon = 0);

// Fills label_start and label_end from lead_rows and a declared horizon, which may lengthen but not shorten them (rules.md 1).
void label_times(Dataset& dataset, const config::TargetSpec& spec, Diagnostics& diagnostics);

// Of several horizons: `y` is missing where a row lacks a label of one.
void keep_common_labels(Dataset& dataset);
// Fills label_end and last_known_target of each from its lead_rows, and the dataset's own label_start and label_end.
void horizon_times(Dataset& dataset);

// One line each where an expression is a return of prices: raw prices hold splits and dividends, and a return from a price that is past
// when the row is known cannot be traded. The expression must be a good one.
std::vector<std::string> notes_of_returns(const config::Experiment& experiment, const std::string& expression);

}  // namespace assay::pipeline
