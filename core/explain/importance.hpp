// What a score loses when a feature is shuffled, and how a forecast follows one feature: permutation importance (Breiman 2001), partial
// dependence (Friedman 2001) with its curves for single rows (Goldstein et al. 2015). Used by run. Pure apart from the functions that are
// handed in; the bits do not depend on the number of threads.
#pragma once

#include "base/random.hpp"
#include "explain/rows.hpp"

namespace assay::explain {

// A model's forecasts of the rows, as many numbers a row as it has outputs.
using Forecast = Score;
using ForecastMaker = ScoreMaker;
using Judge = std::function<double(std::span<const double> forecasts)>;  // of all rows, larger is better; from any thread

struct Importance {
  double whole = 0;                        // the judgement of the rows as they are
  std::vector<std::vector<double>> drops;  // [feature][draw]: by how much it fell
};

// donors[draw][row]: whose values the row gets. All features of a draw get theirs from the same rows.
Importance permutation_importance(const Rows& rows, std::span<const Feature> features, std::span<const std::vector<std::int64_t>> donors,
                                  const ForecastMaker& maker, const Judge& judge, const Work& work);

struct Drop {                      // a feature's drops in short
  double mean = 0, deviation = 0;  // over draws; NaN with one
  double low = 0, high = 0;        // where the mean over all possible draws lies: Student's t
};
Drop summary_of(std::span<const double> drops, double confidence);

// Who gives to whom. Of rows with one key (a date) each gives to another of them; keys: empty, or one for each row.
std::vector<std::int64_t> donors_within(std::int64_t rows, std::span<const std::int64_t> keys, Random random);
// Rows in time order: stretches of `length` change places.
std::vector<std::int64_t> donors_by_stretches(std::int64_t rows, std::int64_t length, Random random);

struct Dependence {
  std::vector<std::vector<double>> curve;  // [grid][row]: the row's forecast with the feature as the grid's row has it
  std::vector<double> mean;                // over the rows
};
// grid: rows that the feature's values are taken from.
Dependence partial_dependence(const Rows& rows, const Feature& feature, const Rows& grid, const ScoreMaker& maker, const Work& work);

}  // namespace assay::explain
