// What must fit together in an experiment, as far as it can be known without data: model and task, validation rows and who needs them,
// time and splits, columns that contradict each other, accept criteria. Used by experiment_reader. Gathers all mistakes. Thread-safe.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/diagnostic.hpp"
#include "config/builtin_components.hpp"
#include "config/checker.hpp"
#include "config/experiment.hpp"

namespace assay::config {

// Rules whose keys are bad already (checked.bad) are left out.
void check_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics);

// Keys that count with a model only.
inline constexpr std::array<std::string_view, 7> kModelKeys{"target", "train", "evaluate", "prepare", "select", "protected", "inputs"};

enum class Known { no, yes, unknown };
Known has_entities(const Experiment& experiment);
Known has_time(const Experiment& experiment);  // unknown: a plugin's source
bool has_validation(const SplitSpec& split);
// Limits that only a worker process can be held to: a warning for each one given with another isolation. Called once --isolation is known.
void warn_of_limits(const Experiment& experiment, Diagnostics& diagnostics);

}  // namespace assay::config
