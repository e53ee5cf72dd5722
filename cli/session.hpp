// What the verbs that run something share: reading an experiment with its plugins, the run context, Ctrl-C. Used by run, check, rerun,
// reveal and predict.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cli/console.hpp"
#include "cli/verb.hpp"
#include "config/experiment.hpp"
#include "plugin/registry.hpp"
#include "run/runner.hpp"
#include "run/stored_fit.hpp"

namespace assay::cli {

// Set by Ctrl-C and SIGTERM once catch_interrupts() was called; a second Ctrl-C ends the process at once.
const std::atomic<bool>& interrupted();
void catch_interrupts();

struct OpenedExperiment {
  config::SourceTexts sources;
  std::unique_ptr<plugin::Registry> registry;
  std::optional<config::Experiment> experiment;
  config::Experiment sketch;  // as far as the file can be read, where it has mistakes
  std::string original;
};

// Reads the file with --set, --plugins, --isa from the arguments; mistakes are in `diagnostics`. The plugins that the file itself names
// are found in a first reading.
OpenedExperiment open_experiment(const std::filesystem::path& file, const Arguments& arguments, Diagnostics& diagnostics);

// --workers and --isolation over what the file says; limits that then hold nothing are warned of. Throws Error(usage).
void override_resources(config::Experiment& experiment, const Arguments& arguments, Diagnostics& diagnostics);

// The plugins that a stored run's file named, and those of the search path.
std::unique_ptr<plugin::Registry> registry_of(const store::RunRecord& run, const Arguments& arguments);

// Which fit of the run named first, by --model, --fold and --repeat.
run::FitChoice fit_choice(const store::Store& store, const Arguments& arguments);

run::RunContext run_context(const plugin::Registry& registry, const std::filesystem::path& store, Console& console);

// What a verb found out about an experiment's data, kept beside the runs of the same file on the same data; newest of a kind. Where there
// is no store none is made.
void keep_look(const std::string& kind, const config::Experiment& experiment, const std::string& data_hash, const std::string& json,
               const Arguments& arguments, Console& console);

// Options that several verbs have.
Option set_option();
Option plugins_option();
Option isa_option();
Option store_option();
Option json_option();
Option model_option();  // of verbs that take one fit of a run
Option fold_option();
Option repeat_option();

}  // namespace assay::cli
