// The fits of a run as people read them: how each ended, what it logged, what its model tells of itself (weights as a table). Used by
// `runs show`. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/console.hpp"
#include "store/store.hpp"

namespace assay::cli {

std::string fits_text(const std::vector<store::UnitRecord>& units, const Console& console);

}  // namespace assay::cli
