// From a checked tree of keys to an Experiment: defaults that hang on other keys, paths made absolute, places kept.
// Used by experiment_reader. Judges nothing: what does not fit together is for experiment_rules. Thread-safe (no state).
#pragma once

#include <filesystem>

#include "config/checker.hpp"
#include "config/experiment.hpp"

namespace assay::config {

// `checked.value` must be a map. Relative paths start in the folder of the file that they stand in. Paths made relative to `file` again go
// back into `checked`, for the canonical text.
Experiment fill_experiment(Checked& checked, const std::filesystem::path& file, const JoinedCatalogue& catalogue);

}  // namespace assay::config
