#include "plugin/note_reader.hpp"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "assay/abi.h"
#include "base/text.hpp"

namespace assay::plugin {
namespace {

constexpr std::string_view kMarker = "ASSAY-PLUGIN ";
constexpr std::string_view kHow = "plugins are shared libraries that hold ASSAY_PLUGIN(...); see `assay plugin new`";

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#else
constexpr unsigned kMachine = 0;  // not checked
#endif

std::optional<unsigned> small_number(std::string_view text) {
  const auto value = text::to_integer(text);
  if (!value || *value < 0 || *value > 1'000'000 || text.front() == '+') return std::nullopt;
  return static_cast<unsigned>(*value);
}

bool parse_version(std::string_view text, unsigned& major, unsigned& minor) {
  const std::size_t dot = text.find('.');
  if (dot == 0 || dot == std::string_view::npos || dot + 1 == text.size()) return false;
  const auto a = small_number(text.substr(0, dot)), b = small_number(text.substr(dot + 1));
  if (!a || !b) return false;
  major = *a;
  minor = *b;
  return true;
}

// The first text in these bytes that parses as a note.
std::optional<Note> search(std::string_view bytes) {
  constexpr std::size_t kLongest = 4096;
  for (std::size_t at = bytes.find(kMarker); at != std::string_view::npos; at = bytes.find(kMarker, at + 1)) {
    const std::string_view rest = bytes.substr(at, kLongest);
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) continue;
    if (auto note = parse_note(rest.substr(0, end))) return note;
  }
  return std::nullopt;
}

class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      error_ = std::strerror(errno);
      return;
    }
    struct stat info {};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
      error_ = "not a regular file";
    else if (info.st_size > 0) {
      void* memory = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
      if (memory == MAP_FAILED)
        error_ = std::strerror(errno);
      else
        bytes_ = {static_cast<const char*>(memory), static_cast<std::size_t>(info.st_size)};
    }
    ::close(fd);
  }
  ~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const { return bytes_; }
  const std::string& error() const { return error_; }

 private:
  std::string_view bytes_;
  std::string error_;
};

}  // namespace

std::optional<Note> parse_note(std::string_view text) {
  if (text.substr(0, kMarker.size()) != kMarker) return std::nullopt;
  Note note;
  note.text = std::string(text);
  bool has_abi = false, has_needs = false;
  for (const std::string_view part : text::split(text.substr(kMarker.size()), ' ')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = part.substr(0, equals), value = part.substr(equals + 1);
    if (key == "abi")
      has_abi = parse_version(value, note.abi_major, note.abi_minor);
    else if (key == "needs")
      has_needs = parse_version(value, note.needs_major, note.needs_minor);
    else if (key == "sdk")
      note.sdk = std::string(value);
    else if (key == "cxx")
      note.compiler = std::string(value);
    else if (key == "isa")
      note.isa = std::string(value);
    else if (key == "features" && !value.empty())
      for (const std::string_view feature : text::split(value, ',')) note.features.emplace_back(feature);
  }
  if (!has_abi || !has_needs || note.isa.empty()) return std::nullopt;
  return note;
}

Verdict read_note_bytes(std::string_view bytes, std::optional<Note>& note) {
  note.reset();
  if (bytes.empty()) return {"not an Assay plugin: the file is empty", std::string(kHow)};
  if (bytes.size() < 4 || bytes.substr(0, 4) !=
                              "\x7f"
                              "ELF")
    return {"not an Assay plugin: no shared library (ELF file)", std::string(kHow)};
  Elf64_Ehdr header{};
  if (bytes.size() < sizeof header) return {"the file is cut off: not even its header is whole", "build or copy it again"};
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || (kMachine && header.e_machine != kMachine))
    return {"built for another kind of machine", "build it on this machine"};
  if (header.e_type != ET_DYN) return {"not an Assay plugin: an object or program, no shared library", std::string(kHow)};
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > bytes.size() ||
      std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr) > bytes.size() - header.e_phoff)
    return {"the file is damaged or cut off (program headers)", "build or copy it again"};
  for (unsigned i = 0; i < header.e_phnum; ++i) {  // only what gets loaded: debug information may be large
    Elf64_Phdr segment{};
    std::memcpy(&segment, bytes.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_type != PT_LOAD) continue;
    if (segment.p_offset > bytes.size() || segment.p_filesz > bytes.size() - segment.p_offset)
      return {"the file is damaged or cut off (a part to be loaded lies beyond its end)", "build or copy it again"};
    if (!note) note = search(bytes.substr(segment.p_offset, segment.p_filesz));
  }
  if (!note) return {"not an Assay plugin: a shared library without the note that ASSAY_PLUGIN(...) leaves", std::string(kHow)};
  return {};
}

Verdict read_note(const std::filesystem::path& file, std::optional<Note>& note) {
  note.reset();
  const MappedFile mapped(file);
  if (!mapped.error().empty()) return {"cannot be read: " + mapped.error(), ""};
  return read_note_bytes(mapped.bytes(), note);
}

Verdict fits(const Note& note, const CpuLevel& cpu) {
  if (note.needs_major != ASSAY_ABI_MAJOR)
    return {fmt::format("made for plugin boundary {}.{}, this Assay has {}.{}", note.abi_major, note.abi_minor, ASSAY_ABI_MAJOR,
                        ASSAY_ABI_MINOR),
            note.needs_major > ASSAY_ABI_MAJOR ? "it needs a newer assay: update Assay" : "build it again with this Assay's SDK"};
  if (note.needs_minor > ASSAY_ABI_MINOR)
    return {fmt::format("needs a newer assay: plugin boundary {}.{}, this one has {}.{}", note.needs_major, note.needs_minor,
                        ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR),
            "update Assay, or build the plugin with this Assay's SDK"};
  const int level = parse_level(note.isa);
  if (level < 0) return {fmt::format("built for a CPU that this machine is not: {}", note.isa), "build it on this machine"};
  const auto missing = missing_features(cpu, level, note.features);
  if (!missing.empty())
    return {fmt::format("built for a CPU that this machine is not: {} is missing (the plugin is built for {}{}, this machine is {})",
                        fmt::join(missing, ", "), note.isa, note.features.empty() ? "" : " and more", level_name(cpu.level)),
            "build it here, or with VARIANTS for several CPU levels"};
  return {};
}

}  // namespace assay::plugin
