// Which inputs a selection left to the models, fold by fold: kept with each fit, summed up for the run. Used by the runner. Pure.
#pragma once

#include <span>
#include <string>

#include "pipeline/prepare.hpp"

namespace assay::run {

// What one fit's preparation kept and left out, as JSON text; "null" where its file selects nothing.
std::string selection_of(const pipeline::FittedPreparation& preparation);

// Of the folds' selections: {"inputs": [{"name", "folds"}], "folds": N, "kept": [[names]], "stability": x or null}; most often kept first.
std::string selection_summary(std::span<const std::string> selections);

}  // namespace assay::run
