// What network pruning came to, as the table that people read: a line for each share that was taken away. Used by result_text.
#pragma once

#include <string>

#include "cli/text_table.hpp"

namespace assay::cli {

// pruning: "network_pruning" of a run's summary.
std::string pruning_text(const Json& pruning, const Console& console);

}  // namespace assay::cli
