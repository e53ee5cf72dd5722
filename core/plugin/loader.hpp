// Loads one plugin file into this process and fetches its table; the only place that includes Boost.DLL. Symbols are bound at once (a lazy
// missing symbol would kill the process at the first call) and kept local; nothing is ever unloaded (one GNU-unique symbol makes dlclose a
// no-op, and threads make it unsafe). Thread-safe (one lock).
#pragma once

#include <filesystem>

#include "assay/abi.h"
#include "plugin/note_reader.hpp"

namespace assay::plugin {

struct LoadResult {
  const assay_plugin* raw = nullptr;  // null with a problem
  Verdict verdict;
};

// The note is to be checked before: this runs the file's code.
LoadResult load_plugin(const std::filesystem::path& file);

// Is the table what this host can work with.
Verdict check_table(const assay_plugin* raw);

}  // namespace assay::plugin
