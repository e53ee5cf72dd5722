// Loads a plugin in a child process first: its static constructors and its entry are foreign code that may end a process. Used by Registry
// for files that did not ship. It guards the host's start, not its life: what a component does later is the worker's matter.
// To be called while the program has one thread that could hold a lock of the loader; thread-safe otherwise.
#pragma once

#include <chrono>
#include <filesystem>

#include "plugin/note_reader.hpp"

namespace assay::plugin {

// A problem where the child died or did not come back in time; how the loading itself went is load_plugin's to tell.
Verdict survives_loading(const std::filesystem::path& file, std::chrono::seconds patience = std::chrono::seconds{20});

}  // namespace assay::plugin
