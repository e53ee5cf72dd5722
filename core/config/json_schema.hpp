// The experiment file as a JSON Schema (draft 2020-12) and as a reference page in Markdown, from the declarations that the reader checks
// with: built-in keys, built-in components and the plugins' parameters. Used by cli (`assay schema`, `assay plugin docs`) and the docs.
// Pure functions, thread-safe.
#pragma once

#include <string>

#include "config/component_spec.hpp"

namespace assay::config {

std::string json_schema(const Catalogue& catalogue);
// Null: the host's own keys and components only, as docs/experiment_file.md holds them.
std::string reference_markdown(const Catalogue* catalogue);

}  // namespace assay::config
