// Reads the note in a plugin file without loading it: is it an Assay plugin, which ABI does it need, which CPU. Used by Registry and by
// `assay plugin check`. Runs no code of the file. Pure functions, thread-safe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/cpu_level.hpp"

namespace assay::plugin {

struct Note {
  unsigned abi_major = 0, abi_minor = 0, needs_major = 0, needs_minor = 0;
  std::string sdk, compiler;
  std::string isa;  // "x86-64-v3"; "any" where the plugin names no x86 level
  std::vector<std::string> features;
  std::string text;  // the note as it stands in the file
};

// Why a file cannot be used, and the mend; both empty where it can.
struct Verdict {
  std::string problem, mend;
  bool ok() const { return problem.empty(); }
};

// Parses "ASSAY-PLUGIN abi=0.1 needs=0.1 ..."; nothing where it is no such text. Unknown keys are skipped.
std::optional<Note> parse_note(std::string_view text);

// `note` is set where the file has one. Any bytes may come: a bad file gives a problem, never a crash.
Verdict read_note(const std::filesystem::path& file, std::optional<Note>& note);
Verdict read_note_bytes(std::string_view bytes, std::optional<Note>& note);

// Can a plugin with this note run in this host, on this CPU.
Verdict fits(const Note& note, const CpuLevel& cpu);

}  // namespace assay::plugin
