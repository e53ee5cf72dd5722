// The fits of a run as people read them: how each ended, what it logged, what its model tells of itself (weights as a table). Used by
// `runs show`. Pure but for reading the store.
#pragma once

#include <string>

#include "cli/console.hpp"
#include "store/store.hpp"

namespace assay::cli {

std::string fits_text(const store::Store& store, store::RunId id, const Console& console);

}  // namespace assay::cli
