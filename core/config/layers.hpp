// From a file to one tree: `extends` chains, environment variables, --set. Every node keeps the place it came from.
// Used by experiment_reader. Maps merge deeply; lists and scalars replace; a component with another `use` (or data with another `source`)
// replaces the one below; an explicit null takes the key away. Knows no other keys. Thread-safe (no state).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/document.hpp"

namespace assay::config {

inline constexpr const char* kSetSource = "--set";  // Place::file of command-line settings; the line is the number of the setting

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

struct Layering {
  const std::vector<std::string>& sets;
  const Environment& environment;
  bool expand = true;  // false: no extends, no variables
};

// `text` is the file's content. Nothing where there is no sound tree; other mistakes leave broken nodes. Texts read go to `sources`.
std::optional<Node> load_layers(const std::string& text, const std::filesystem::path& file, const Layering& layering, SourceTexts& sources,
                                Diagnostics& diagnostics);

// Only the settings, upon a tree that was loaded before.
void apply_sets(Node& root, const Layering& layering, SourceTexts& sources, Diagnostics& diagnostics);

}  // namespace assay::config
