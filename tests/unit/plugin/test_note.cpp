// The note reader must survive any bytes, and the CPU level must agree with what the system itself says.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/random.hpp"
#include "plugin/note_reader.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::plugin;

namespace {
std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
}  // namespace

TEST_CASE("note: parsing") {
  const auto note = parse_note("ASSAY-PLUGIN abi=0.3 needs=0.2 sdk=0.1.0 cxx=gcc-12.2 isa=x86-64-v3 features=amx-tile,avx512fp16 later=1");
  REQUIRE(note);
  CHECK(
      (note->abi_minor == 3 && note->needs_minor == 2 && note->sdk == "0.1.0" && note->compiler == "gcc-12.2" && note->isa == "x86-64-v3"));
  CHECK(note->features == std::vector<std::string>{"amx-tile", "avx512fp16"});
  for (const char* bad : {"", "ASSAY-PLUGIN", "ASSAY-PLUGIN ", "ASSAY-PLUGIN abi=0.1", "ASSAY-PLUGIN abi=0.1 needs=x isa=any",
                          "ASSAY-PLUGIN abi=. needs=0.1 isa=any", "ASSAY-PLUGIN abi=0.1 needs=0.1",
                          "ASSAY-PLUGIN abi=-1.1 needs=0.1 isa=any", "assay-plugin abi=0.1 needs=0.1 isa=any"})
    CHECK_FALSE(parse_note(bad));
}

TEST_CASE("note: what fits this host") {
  Note note = *parse_note("ASSAY-PLUGIN abi=0.1 needs=0.1 sdk=0 cxx=c isa=x86-64-v2 features=");
  CpuLevel cpu{2, {"cx16", "lahf", "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3"}};
  CHECK(fits(note, cpu).ok());
  note.isa = "x86-64-v3";
  CHECK(fits(note, cpu).problem.find("avx, avx2, bmi, bmi2, f16c, fma, lzcnt, movbe is missing") != std::string::npos);
  note.isa = "riscv";
  CHECK_FALSE(fits(note, cpu).ok());
  note.isa = "any";
  CHECK(fits(note, cpu).ok());
  note.abi_minor = 99;  // built with a newer SDK, but needs nothing new
  CHECK(fits(note, cpu).ok());
  note.needs_major = 1;
  CHECK(fits(note, cpu).mend.find("newer assay") != std::string::npos);
}

TEST_CASE("note: garbage, cut and changed files give a problem or a note, never a crash") {
  const std::string good = read_all(TEST_FILES "/good/test_good.so");
  REQUIRE(good.size() > 1000);
  std::optional<Note> note;
  REQUIRE(read_note_bytes(good, note).ok());
  CHECK_FALSE(read_note_bytes(std::string_view(), note).ok());
  CHECK_FALSE(read_note_bytes(std::string_view("#!/bin/sh\n"), note).ok());
  CHECK_FALSE(read_note(std::filesystem::path("/no/such/file.so"), note).ok());
  CHECK_FALSE(read_note(std::filesystem::path("/"), note).ok());
  Random random(7);
  for (int i = 0; i < 300; ++i) {  // cut off anywhere: the parts to be loaded are gone or the header is
    const std::string_view cut(good.data(), i < 100 ? static_cast<std::size_t>(i) : random.below(1000));
    const Verdict verdict = read_note_bytes(cut, note);
    CHECK_FALSE(verdict.ok());
    CHECK_FALSE(note);
  }
  for (int i = 0; i < 2000; ++i) {  // damaged headers
    std::string bad = good.substr(0, 20'000);
    for (int k = 0; k < 8; ++k) bad[4 + random.below(600)] = static_cast<char>(random.next32());
    const Verdict verdict = read_note_bytes(bad, note);
    if (verdict.ok()) REQUIRE(note);
  }
  for (int i = 0; i < 500; ++i) {  // noise behind a good magic number
    std::string noise(random.below(4000), '\0');
    for (char& c : noise) c = static_cast<char>(random.next32());
    CHECK_FALSE(read_note_bytes("\x7f"
                                "ELF" +
                                    noise,
                                note)
                    .ok());
  }
}

#if defined(__x86_64__)
TEST_CASE("cpu: the kernel's list of flags agrees") {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line) && line.rfind("flags", 0) != 0) {
  }
  if (line.empty()) return;  // no such list here
  std::istringstream words(line);
  std::vector<std::string> flags;
  for (std::string word; words >> word;) flags.push_back(word);
  // The kernel's own spelling of the same bits.
  const std::pair<const char*, const char*> names[] = {{"avx2", "avx2"},         {"avx512f", "avx512f"},
                                                       {"fma", "fma"},           {"bmi2", "bmi2"},
                                                       {"movbe", "movbe"},       {"sse4.2", "sse4_2"},
                                                       {"ssse3", "ssse3"},       {"avx512vl", "avx512vl"},
                                                       {"f16c", "f16c"},         {"lzcnt", "abm"},
                                                       {"popcnt", "popcnt"},     {"avx512fp16", "avx512_fp16"},
                                                       {"amx-tile", "amx_tile"}, {"avx512vnni", "avx512_vnni"},
                                                       {"gfni", "gfni"},         {"lahf", "lahf_lm"},
                                                       {"cx16", "cx16"}};
  for (const auto& [ours, kernel] : names) {
    INFO(ours);
    CHECK(this_cpu().has(ours) == (std::find(flags.begin(), flags.end(), kernel) != flags.end()));
  }
}
#endif

TEST_CASE("cpu: level names") {
  for (int level = 0; level <= 4; ++level) CHECK(parse_level(level_name(level)) == level);
  CHECK(parse_level("x86-64-v5") == -1);
  CHECK(missing_features(this_cpu(), this_cpu().level, this_cpu().features).empty());
}
