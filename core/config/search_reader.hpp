// The keys `search`, `trial` and `backtest`: from checked values to their structs, and what of them must fit the rest of the file.
// Used by experiment_reader. Gathers all mistakes. Thread-safe (no state).
#pragma once

#include <filesystem>

#include "base/diagnostic.hpp"
#include "config/builtin_components.hpp"
#include "config/checker.hpp"
#include "config/experiment.hpp"

namespace assay::config {

// Leave nothing behind where the file has no such key or it is not sound. read_search comes after everything that it may search.
void read_search(const Checked& checked, const std::filesystem::path& file, const JoinedCatalogue& catalogue, Experiment& experiment);
void read_trial(const Checked& checked, Experiment& experiment);
void read_backtest(const Checked& checked, const std::filesystem::path& file, Experiment& experiment);

void check_search_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics);
void check_backtest_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics);

// Tries the ends of every range in an otherwise sound experiment: what a trial could not be is said before any trial runs.
void check_space(const Experiment& experiment, const Catalogue& catalogue, Diagnostics& diagnostics);

}  // namespace assay::config
