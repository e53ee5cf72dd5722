// libFuzzer: any bytes as a plugin file, read without loading: a note, or a problem in words.
#include <cstdint>
#include <cstdlib>

#include "plugin/note_reader.hpp"

using namespace assay::plugin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const CpuLevel cpu = this_cpu();
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::optional<Note> note;
  if (read_note_bytes(text, note).ok() && !note) std::abort();
  if (!note) note = parse_note(text);
  if (note) static_cast<void>(fits(*note, cpu));
  return 0;
}
