// Which inputs each column that a preparation gives was made from: `EDUCATION=2` from EDUCATION, `pc_1` from all that went into it. Used by
// run, which explains forecasts by the columns as the user named them. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include "pipeline/prepare.hpp"

namespace assay::pipeline {

// For each of outputs(), places in inputs(), ascending.
std::vector<std::vector<std::size_t>> origins(const FittedPreparation& preparation);

// Whether what it makes of a row depends on other rows.
bool looks_around(const FittedPreparation& preparation);

}  // namespace assay::pipeline
