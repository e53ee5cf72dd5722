// What an experiment's data and inputs look like, as numbers that a report can draw: facts and histograms of columns, what is missing when,
// which inputs go together. Made by the runner once a run, kept in the store. Sealed rows are left out. Pure; one thread.
#pragma once

#include <string>

#include "pipeline/dataset.hpp"
#include "pipeline/split.hpp"

namespace assay::run {

std::string data_look(const pipeline::Dataset& dataset, const pipeline::Folds& folds);  // JSON: docs/design/audit.md

}  // namespace assay::run
