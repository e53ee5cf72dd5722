// A run's stored summary as the short table that people read. Used by run, runs show, rerun and reveal.
#pragma once

#include <string>

#include "cli/console.hpp"

namespace assay::cli {

enum class Warnings { shown, told_already };

// `summary` is the JSON that the runner stored. A run has said its warnings before it began.
std::string result_text(const std::string& summary, const Console& console, Warnings warnings = Warnings::shown);
// Parts of it: whether its criteria are met, and what every page about the run has to say; the latter in a few words for lists.
std::string accept_text(const std::string& summary);
std::string stamps_text(const std::string& summary);
std::string brief_stamps(const std::string& summary);

}  // namespace assay::cli
