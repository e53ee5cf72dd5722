// From an experiment file to a checked Experiment: layers (extends, variables, --set), strict keys, types and ranges, then what must fit
// together. All mistakes of a file are gathered in one go. Used by cli and run. Reads the experiment files, looks whether paths exist, and
// opens no data. Thread-safe (no state).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.hpp"
#include "config/component_spec.hpp"
#include "config/document.hpp"
#include "config/experiment.hpp"

namespace assay::config {

struct ReadOptions {
  std::vector<std::string> sets;                                                   // "model.hidden=128", in the order given
  std::function<std::optional<std::string>(const std::string& name)> environment;  // empty: the process's
  const Catalogue* catalogue = nullptr;                                            // plugins; null: their components pass unchecked
  SourceTexts* sources = nullptr;                                                  // gets every text read, for the printer
  Experiment* sketch = nullptr;  // gets what could be read, whatever the mistakes; empty where there is no tree of keys
  bool check_paths = true;       // data.path and plugins must exist
};

// Nothing where `diagnostics` has errors after it. Places name files as `path` was given.
std::optional<Experiment> read_experiment(const std::filesystem::path& path, const ReadOptions& options, Diagnostics& diagnostics);

// The same from text. `file` names it in messages, and relative paths start in its folder.
std::optional<Experiment> read_experiment_text(const std::string& text, const std::filesystem::path& file, const ReadOptions& options,
                                               Diagnostics& diagnostics);

// An experiment back from Experiment::resolved as the store keeps it: nothing is inherited or substituted again (a "${" in a value is
// just text). `folder` is where relative paths start. Throws Error(failed) where the text does not read back: it was not written by us,
// or a plugin has changed its parameters.
Experiment experiment_from_resolved(const std::string& resolved, const std::filesystem::path& folder, const std::string& name,
                                    const Catalogue* catalogue);

// The experiment with other values, without its search: what a trial runs. The experiment's text is read once, for as many trials as there
// are; the catalogue must outlive this. Thread-safe: `with` changes nothing.
class Variations {
 public:
  Variations(const Experiment& experiment, const Catalogue& catalogue);

  // `values`: dotted path and YAML text. Nothing, with the reason in `diagnostics`, where a value does not fit.
  std::optional<Experiment> with(std::span<const std::pair<std::string, std::string>> values, Diagnostics& diagnostics) const;

 private:
  const Catalogue& catalogue_;
  std::filesystem::path file_;
  std::string name_;
  ResourcesSpec resources_;
  Node root_;
};

// Experiment::resolved without its seed and prior_trials: what the ledger counts as one configuration.
std::string configuration_text(const Experiment& experiment);

}  // namespace assay::config
