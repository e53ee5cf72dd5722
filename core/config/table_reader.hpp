// The keys below `data:` that put a table together: their declaration, their values, and what of them must fit the rest of the file.
// Used by the declaration of the file's keys, by experiment_filler and by experiment_rules. Gathers all mistakes. Thread-safe (no state).
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.hpp"
#include "config/checker.hpp"
#include "config/experiment.hpp"
#include "config/key_spec.hpp"

namespace assay::config {

std::vector<KeySpec> table_keys();
bool is_table_key(std::string_view name);

CsvSpec csv_keys(const Map& map);  // how a CSV file is written

// Where a path that stands under `key` of the file leads, and how it is written for a file that lies where this one does.
using FindPath = std::function<std::filesystem::path(const std::string& written, const std::string& key)>;
using WritePath = std::function<std::string(const std::string& written, const std::filesystem::path& found)>;

// From the checked map of `data`, whose paths are rewritten.
TablesSpec read_tables(Map& data, const FindPath& find_path, const WritePath& write_path);

void check_table_rules(const Experiment& experiment, const Checked& checked, Diagnostics& diagnostics);

}  // namespace assay::config
