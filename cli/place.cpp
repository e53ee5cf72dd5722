#include "cli/place.hpp"

#include <chrono>
#include <cstdlib>

#include "base/error.hpp"

namespace assay::cli {

namespace {

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::filesystem::path user_folder(const char* xdg, const char* beneath_home) {
  if (const auto folder = variable(xdg)) return std::filesystem::path(*folder) / "assay";
  if (const auto home = variable("HOME")) return std::filesystem::path(*home) / beneath_home / "assay";
  return std::filesystem::temp_directory_path() / "assay";
}

}  // namespace

std::filesystem::path store_file(const std::optional<std::string>& option) {
  std::filesystem::path file = option ? *option : variable("ASSAY_STORE").value_or("assay.db");
  std::error_code code;
  if (std::filesystem::is_directory(file, code))
    throw Error(Fault::usage, "opening the store", "'" + file.string() + "' is a folder, and a store is a file",
                "Name a file in it: " + (file / "assay.db").string());
  return file;
}

std::filesystem::path home_folder() {
  if (const auto home = variable("ASSAY_HOME")) return *home;
  return user_folder("XDG_DATA_HOME", ".local/share");
}

std::filesystem::path ledger_file() {
  if (const auto file = variable("ASSAY_LEDGER")) return *file;
  return home_folder() / "ledger.db";
}

std::filesystem::path cache_folder() {
  if (const auto home = variable("ASSAY_HOME")) return std::filesystem::path(*home) / "cache";
  return user_folder("XDG_CACHE_HOME", ".cache");
}

plugin::SearchPath search_path(std::vector<std::filesystem::path> named, const std::optional<std::string>& folder,
                               const std::optional<std::string>& isa) {
  if (folder) named.emplace_back(*folder);
  // Without a home there is no folder that is the user's alone, and code is loaded from no other.
  const bool has_home = variable("ASSAY_HOME") || variable("XDG_DATA_HOME") || variable("HOME");
  return plugin::SearchPath::standard(has_home ? home_folder() / "plugins" : std::filesystem::path(), std::move(named), isa.value_or(""));
}

TimeNs now() { return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace assay::cli
