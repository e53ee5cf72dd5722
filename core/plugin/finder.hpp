// Where plugins are looked for, and which variant of each is the best for this CPU. Used by Registry; the cli fills in SearchPath. Loads
// nothing. Pure functions of the file system, thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/cpu_level.hpp"

namespace assay::plugin {

struct SearchPath {
  std::vector<std::filesystem::path> named;  // files or folders that the experiment or the command line names: they must be usable
  std::vector<std::pair<std::filesystem::path, std::string>> folders;  // in order, each with its origin as told to the user; may be absent
  std::string isa;                   // --isa: "" = the best that runs, "plain", "x86-64-v2", "x86-64-v3", "x86-64-v4"
  bool foreign_tried_first = false;  // files that did not ship are loaded in a child process before they are loaded here

  // named, then ASSAY_PLUGIN_PATH (colons between), the user's own folder, lib/assay/plugins beside the program's bin, and the build
  // tree's plugins folder where the program runs from one. Foreign files are tried first.
  static SearchPath standard(const std::filesystem::path& users, std::vector<std::filesystem::path> named = {}, std::string isa = {});
};

struct FoundFile {
  std::filesystem::path path;
  std::string variant;  // "plain" or the folder's level
  std::string origin;
  bool named = false;
  bool ships = false;  // lies where the program's own plugins lie
};

// Plugins in order of the search path. The same file name in one folder and its variant folders is one plugin: its variants come best
// first, those that this CPU cannot run left out. A file met twice (same folder on two paths, or a link) counts once.
// Throws Error (usage): a named file or folder does not exist, an unknown isa.
std::vector<std::vector<FoundFile>> find_plugins(const SearchPath& path, const CpuLevel& cpu);

}  // namespace assay::plugin
