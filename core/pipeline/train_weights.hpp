// What train rows weigh, and train rows drawn anew by class, with the way back for forecasts. Used by fold_data, run (which brings
// forecasts back) and evaluation by weights. Pure functions: the same seed gives the same rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "config/experiment.hpp"
#include "pipeline/dataset.hpp"

namespace assay::pipeline {

// Average uniqueness of labels (Lopez de Prado 2018, ch. 4.3 and 4.4): at each of its entity's times from a row to its label's end, one
// over the number of the given rows' labels of the entity that cover the time; the mean of that. rows ascending; one value a row.
std::vector<double> average_uniqueness(const Dataset& dataset, std::span<const std::int64_t> rows);

// Linear in the cumulative `amount` over time (ch. 4.11), 1 for the newest time; at the oldest `oldest`, or, below 0, nothing for that
// share of the oldest. Rows of one time weigh the same.
std::vector<double> linear_decay(std::span<const TimeNs> time, std::span<const double> amount, double oldest);

// The product of what the file asks for, with a mean of 1. Throws PreparationError where all weights are zero.
std::vector<double> train_weights(const config::TrainSpec::SampleWeight& spec, const Dataset& dataset, std::span<const std::int64_t> rows);

struct Resampled {
  std::vector<std::int64_t> rows;  // places among the given ones, ascending, some several times
  std::vector<double> way_back;    // by class: its share of all weight before / after; empty where nothing changed
};
// weight: one a row, or empty. under: every class keeps at most (rows of the rarest) / ratio, drawn without replacement. over: a class
// with less than ratio * (rows of the most frequent) gets further ones of its own, drawn with replacement.
Resampled resample(const config::TrainSpec::Resample& spec, std::span<const double> y, std::span<const double> weight, std::size_t classes,
                   SeedTree seed);

// Probabilities learned under other shares of the classes, as they are under the shares before: p_k q_k / sum_j p_j q_j with q = way_back
// (Saerens, Latinne & Decaestecker 2002, eq. 4). One output: of class 1. For two classes it is monotone, so no order changes.
void bring_back(std::span<double> probabilities, std::int64_t outputs, std::span<const double> way_back);

}  // namespace assay::pipeline
