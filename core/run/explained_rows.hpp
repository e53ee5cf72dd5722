// Which rows, metrics, grids and words an explanation uses: the rules behind the methods of explainer. Used by it alone. Pure functions of
// a fit and its rows.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "run/explained_fit.hpp"
#include "train/scorer.hpp"

namespace assay::run {

using Places = ExplainedFit::Places;

std::vector<std::int64_t> own_numbers(std::size_t count);                             // 0, 1, ...
Places drawn_places(std::int64_t all, std::int64_t count, const SeedTree& seed);      // without repetition, ascending
std::int64_t place_of(const ExplainedFit& fit, std::int64_t source_row);              // among the test rows
std::vector<std::int64_t> source_rows(const ExplainedFit& fit, const Places& which);  // of test rows
std::vector<double> column_means(const explain::Rows& rows);
std::int64_t most_frequent(const std::vector<std::int64_t>& values);  // the smallest of equals

std::int64_t class_number(const ExplainedFit& fit, const std::string& name);  // -1: none was named
std::string decision_of(const ExplainedFit& fit, std::span<const double> forecast);
Places train_of_class(const ExplainedFit& fit, std::int64_t number);
std::string typical_text(const ExplainedFit& fit, std::size_t feature, const Places& train);  // the median, or the most frequent level
// For each feature the protected column that it goes together with (association of 0.5 or more over train rows), or "".
std::vector<std::string> goes_with_protected(const ExplainedFit& fit);

// Permutation: which rows are judged (of many a sample, with time the last ones), by what, and who gives to whom.
Places judged_places(const ExplainedFit& fit, std::int64_t most, const SeedTree& seed);
train::Scorer scorer_named(const ExplainedFit& fit, const std::string& name, const plugin::ComponentMaker& maker);
struct Shuffling {
  std::string rule;  // in words
  std::function<std::vector<std::int64_t>(const SeedTree&)> donors;
};
Shuffling shuffling_of(const ExplainedFit& fit, const Places& rows);

// Values of a feature that dependence is shown at: train rows that have them.
struct Grid {
  Places train;
  std::vector<std::string> text;
};
Grid grid_of(const ExplainedFit& fit, std::size_t feature, std::int64_t numbers, std::int64_t levels);

// Inputs that say almost the same share what they are worth.
std::vector<std::string> warnings_of(const ExplainedFit& fit);

// The fit must forecast what the run stored; a small difference (another processor) is a note. Throws Error(failed) where it is large.
void check_forecasts(const store::Store& store, const ExplainedFit& fit, const RunContext& context);

}  // namespace assay::run
