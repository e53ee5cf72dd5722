#include "run/identity.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/utsname.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "plugin/cpu_level.hpp"

namespace assay::run {

namespace {

// Looks through the notes of one loaded object for NT_GNU_BUILD_ID.
int find_build_id(dl_phdr_info* info, std::size_t, void* out) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& header = info->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
    const char* end = at + header.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const char* name = at + sizeof note;
      const auto* description = reinterpret_cast<const unsigned char*>(name + (note.n_namesz + 3u) / 4 * 4);
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
        auto& text = *static_cast<std::string*>(out);
        for (std::size_t k = 0; k < note.n_descsz; ++k) text += fmt::format("{:02x}", description[k]);
        return 1;
      }
      at = reinterpret_cast<const char*>(description) + (note.n_descsz + 3u) / 4 * 4;
    }
  }
  return 1;  // the first object is the program itself: look no further
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return std::string(text::trim(std::string_view(line).substr(line.find(':') + 1)));
  return "unknown processor";
}

}  // namespace

const std::string& build_id() {
  static const std::string id = [] {
    std::string text;
    ::dl_iterate_phdr(&find_build_id, &text);
    return text.empty() ? sha256_file("/proc/self/exe") : text;
  }();
  return id;
}

std::string machine_text() {
  utsname system{};
  ::uname(&system);
  return fmt::format("{}, {} cores, {}, {} {} ({})", cpu_model(), std::thread::hardware_concurrency(),
                     plugin::level_name(plugin::this_cpu().level), system.sysname, system.release, system.nodename);
}

std::string question_of(const std::string& resolved, const std::string& data_hash) {
  Sha256 hash;
  hash.add_part("resolved", resolved);
  hash.add_part("data", data_hash);
  return hash.finish_hex();
}

std::string run_identity(const std::string& resolved, const std::string& data_hash, const std::string& build,
                         const std::vector<store::PluginRecord>& plugins, bool quick) {
  Sha256 hash;
  hash.add_part("resolved", resolved);
  hash.add_part("data", data_hash);
  hash.add_part("build", build);
  for (const store::PluginRecord& p : plugins) hash.add_part(p.id, p.sha256);
  hash.add_part("quick", quick ? "1" : "0");
  return hash.finish_hex();
}

}  // namespace assay::run
