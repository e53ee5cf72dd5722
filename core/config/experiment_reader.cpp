#include "config/experiment_reader.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "base/text.hpp"
#include "config/accept_rules.hpp"
#include "config/checker.hpp"
#include "config/experiment_filler.hpp"
#include "config/experiment_rules.hpp"
#include "config/layers.hpp"
#include "config/search_reader.hpp"

namespace assay::config {

namespace {

// ---- canonical text -------------------------------------------------------------------------------------------------------------------

void write_entry(const std::string& key, const Value& value, const std::string& use_key, const std::string& indent, std::string& out) {
  if (value.is_none()) return;
  Map map;
  if (const auto* component = std::get_if<ComponentValue>(&value.data)) {
    map.emplace_back(use_key, Value{component->id});
    map.insert(map.end(), component->params.begin(), component->params.end());
  } else if (const auto* plain = std::get_if<Map>(&value.data)) {
    map = *plain;
  } else {
    out += indent + quoted_if_needed(key) + ": " + to_text(value) + "\n";
    return;
  }
  if (map.empty()) {
    out += indent + quoted_if_needed(key) + ": {}\n";
    return;
  }
  out += indent + quoted_if_needed(key) + ":\n";
  for (const auto& [inner, inner_value] : map) write_entry(inner, inner_value, "use", indent + "  ", out);
}

std::string canonical_text(const Map& root, bool is_rule) {
  std::string out;
  for (const KeySpec& key : experiment_keys().inside) {
    if (is_rule && std::find(kModelKeys.begin(), kModelKeys.end(), key.name) != kModelKeys.end()) continue;
    const Value* value = find(root, key.name);
    if (value != nullptr && key.changes_results) write_entry(key.name, *value, key.use_key, "", out);
  }
  return out;
}

// ---- reading --------------------------------------------------------------------------------------------------------------------------

void check_path(const std::filesystem::path& path, const std::string& written, const std::string& key, const Place& at, bool folder_is_fine,
                Diagnostics& diagnostics) {
  const auto say = [&](const std::string& message, const std::string& mend) {
    if (key.starts_with("data."))
      diagnostics.data_error(at, message, mend, key);  // the file may be sound where the data are
    else
      diagnostics.error(at, message, mend, key);
  };
  if (key == "data.path" && path.string().find_first_of("*?") != std::string::npos) return;  // many files: whoever reads them says
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (std::filesystem::is_directory(status) && !folder_is_fine) {
    say("'" + written + "' is a folder, not a file of data", "name a file in it");
  } else if (!std::filesystem::exists(status)) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path.parent_path(), code)) {
      names.push_back(entry.path().filename().string());
      if (names.size() > 1000) break;
    }
    std::sort(names.begin(), names.end());
    const auto near = path.filename().string().size() > 100 ? std::nullopt : text::nearest(path.filename().string(), names);
    say("there is no file '" + written + "'",
        near ? "did you mean '" + *near + "'?" : "paths are relative to the file they stand in: this is " + path.string());
  }
}

std::optional<Experiment> check_tree(const Node& root, const std::filesystem::path& file, const ReadOptions& options,
                                     Diagnostics& diagnostics) {
  const JoinedCatalogue catalogue(options.catalogue);
  Checked checked = check_keys(root, experiment_keys(), catalogue, diagnostics);
  if (!std::holds_alternative<Map>(checked.value.data)) return std::nullopt;
  Experiment experiment = fill_experiment(checked, file, catalogue);
  if (options.sketch != nullptr) *options.sketch = experiment;
  if (options.check_paths) {
    if (!experiment.data.path.empty())
      check_path(experiment.data.path, experiment.data.path_as_written, "data.path", experiment.places["data.path"], false, diagnostics);
    std::vector<JoinSpec> files = experiment.data.tables.joins;
    for (const auto& one : {experiment.data.tables.delisting, experiment.data.tables.universe})
      if (one) files.push_back(*one);
    for (const JoinSpec& file_of : files) {
      const std::string key = "data." + file_of.key + ".path";
      if (!file_of.path.empty()) check_path(file_of.path, file_of.path_as_written, key, experiment.places[key], false, diagnostics);
    }
    for (std::size_t i = 0; i < experiment.plugins.size(); ++i) {
      const std::string key = "plugins." + std::to_string(i);
      check_path(experiment.plugins[i], experiment.plugins[i], key, experiment.places[key], true, diagnostics);
    }
  }
  check_rules(experiment, checked, catalogue, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  for (AcceptSpec& accept : experiment.accept) accept = *parse_accept(accept.text, accept.place);
  experiment.resolved = canonical_text(std::get<Map>(checked.value.data), experiment.is_rule());
  if (options.catalogue != nullptr) check_space(experiment, *options.catalogue, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  return experiment;
}

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

std::optional<Experiment> read_experiment_text(const std::string& text, const std::filesystem::path& file, const ReadOptions& options,
                                               Diagnostics& diagnostics) {
  SourceTexts own;
  const Environment environment = options.environment ? options.environment : Environment(process_environment);
  const auto root = load_layers(text, file, {options.sets, environment}, options.sources != nullptr ? *options.sources : own, diagnostics);
  if (!root) return std::nullopt;
  return check_tree(*root, file, options, diagnostics);
}

std::optional<Experiment> read_experiment(const std::filesystem::path& path, const ReadOptions& options, Diagnostics& diagnostics) {
  auto text = read_text_file(path, {path.string(), 0, 0, 1}, diagnostics);
  if (!text) return std::nullopt;
  return read_experiment_text(*text, path, options, diagnostics);
}

namespace {

constexpr const char* kResolvedName = "resolved.yaml";

ReadOptions resolved_options(const Catalogue* catalogue) {
  ReadOptions options;
  options.catalogue = catalogue;
  options.check_paths = false;
  return options;
}

// A text that was written by us as a tree; nothing, with the reason in `diagnostics`, where it does not read back. Paths in it start where
// `file` would lie.
std::optional<Node> resolved_tree(const std::string& resolved, const std::filesystem::path& file, Diagnostics& diagnostics) {
  SourceTexts sources;
  const std::vector<std::string> sets;
  const Environment none;
  return load_layers(resolved, file, {sets, none, false}, sources, diagnostics);
}

// A resolved text without some of its top keys.
std::string without(const std::string& resolved, std::initializer_list<std::string_view> keys) {
  std::string text;
  bool inside = false;
  for (const std::string_view line : text::split(resolved, '\n')) {
    if (line.empty()) continue;
    if (line.front() != ' ') inside = std::find(keys.begin(), keys.end(), line.substr(0, line.find(':'))) != keys.end();
    if (!inside) text += std::string(line) + "\n";
  }
  return text;
}

std::string errors_of(const Diagnostics& diagnostics) {
  std::string all;
  for (const Diagnostic& d : diagnostics.items()) {
    if (d.severity == Severity::error) all += (all.empty() ? "" : "; ") + d.message;
  }
  return all;
}

}  // namespace

Experiment experiment_from_resolved(const std::string& resolved, const std::filesystem::path& folder, const std::string& name,
                                    const Catalogue* catalogue) {
  Diagnostics diagnostics;
  const std::filesystem::path file = folder / kResolvedName;
  const auto root = resolved_tree(resolved, file, diagnostics);
  std::optional<Experiment> experiment;
  if (root) experiment = check_tree(*root, file, resolved_options(catalogue), diagnostics);
  if (!experiment)
    throw Error(Fault::failed, "reading the experiment '" + name + "' back from the store", errors_of(diagnostics),
                "were its plugins loaded, and do they still have these parameters?");
  experiment->name = name;
  return std::move(*experiment);
}

Variations::Variations(const Experiment& experiment, const Catalogue& catalogue)
    : catalogue_(catalogue), file_(experiment.file), name_(experiment.name), resources_(experiment.resources) {
  Diagnostics diagnostics;
  auto root = resolved_tree(without(experiment.resolved, {"search"}), file_.parent_path() / kResolvedName,
                            diagnostics);  // which is no part of a trial
  if (!root) throw Error(Fault::failed, "reading the experiment '" + name_ + "' for its trials", errors_of(diagnostics));
  root_ = std::move(*root);
}

std::optional<Experiment> Variations::with(std::span<const std::pair<std::string, std::string>> values, Diagnostics& diagnostics) const {
  std::vector<std::string> sets;
  for (const auto& [path, value] : values) sets.push_back(path + "=" + value);
  Node root = root_;
  SourceTexts sources;
  const Environment none;
  apply_sets(root, {sets, none, false}, sources, diagnostics);
  auto trial = check_tree(root, file_.parent_path() / kResolvedName, resolved_options(&catalogue_), diagnostics);
  if (!trial) return std::nullopt;
  trial->file = file_;
  trial->name = name_;
  trial->resources = resources_;
  return trial;
}

std::string configuration_text(const Experiment& experiment) { return without(experiment.resolved, {"seed", "prior_trials", "trial"}); }

}  // namespace assay::config
