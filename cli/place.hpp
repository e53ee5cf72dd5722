// Where things are on this machine: the store, the user's folders, the plugins. Used by every verb. Reads the environment, changes nothing.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/calendar.hpp"
#include "plugin/registry.hpp"

namespace assay::cli {

std::filesystem::path store_file(const std::optional<std::string>& option);  // --store, ASSAY_STORE, ./assay.db
std::filesystem::path home_folder();                                         // ASSAY_HOME, $XDG_DATA_HOME/assay, ~/.local/share/assay
std::filesystem::path ledger_file();                                         // ASSAY_LEDGER (a team's), else in the home folder
std::filesystem::path cache_folder();                                        // $XDG_CACHE_HOME/assay, ~/.cache/assay

plugin::SearchPath search_path(std::vector<std::filesystem::path> named, const std::optional<std::string>& folder,
                               const std::optional<std::string>& isa);
TimeNs now();

}  // namespace assay::cli
