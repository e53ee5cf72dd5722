// A run's stored summary as the short table that people read. Used by run, runs show, rerun and reveal.
#pragma once

#include <string>

#include "cli/console.hpp"

namespace assay::cli {

// `summary` is the JSON that the runner stored.
std::string result_text(const std::string& summary, const Console& console);

}  // namespace assay::cli
