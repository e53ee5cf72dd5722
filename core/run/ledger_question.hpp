// What a run is in the trial ledger: which question its scored rows ask, and which configuration it is. Used by the runner, by `reveal` and
// by searches. Pure functions.
#pragma once

#include <span>
#include <string>

#include "run/experiment_data.hpp"
#include "store/ledger.hpp"

namespace assay::run {

// The question that the test rows of these folds ask of the data.
store::Question question_of(const ExperimentData& data, std::span<const pipeline::Fold> folds);
inline store::Question scored_question(const ExperimentData& data) { return question_of(data, data.folds.folds); }
inline store::Question sealed_question(const ExperimentData& data) { return question_of(data, {&*data.folds.sealed, 1}); }

// Of the resolved experiment without seed, name and resources.
std::string configuration_hash(const config::Experiment& experiment);

}  // namespace assay::run
