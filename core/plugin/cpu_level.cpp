#include "plugin/cpu_level.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace assay::plugin {
namespace {

// What each psABI level adds to the one below (x86-64 psABI, table "Micro-Architecture Levels"; CMPXCHG16B, LAHF and OSXSAVE are tested
// with level 2 and 3 but are no compiler feature of their own here).
const std::array<std::vector<std::string>, 5>& level_features() {
  static const std::array<std::vector<std::string>, 5> table{std::vector<std::string>{},
                                                             {},
                                                             {"cx16", "lahf", "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3"},
                                                             {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"},
                                                             {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"}};
  return table;
}

#if defined(__x86_64__)
struct Registers {
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
};
Registers cpuid(std::uint32_t leaf, std::uint32_t sub = 0) {
  Registers r;
  __get_cpuid_count(leaf, sub, &r.a, &r.b, &r.c, &r.d);  // stays zero beyond the highest leaf
  return r;
}
std::uint64_t xgetbv() {
  std::uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (std::uint64_t{high} << 32) | low;
}

// Intel SDM volume 2A (CPUID) and AMD APM volume 3, appendix E.
std::vector<std::string> detect() {
  const Registers one = cpuid(1), seven = cpuid(7), seven1 = cpuid(7, 1), ext = cpuid(0x80000001);
  const bool os_saves = (one.c >> 27 & 1) != 0;
  const std::uint64_t saved = os_saves ? xgetbv() : 0;
  const bool ymm = (saved & 0x6) == 0x6, zmm = ymm && (saved & 0xe0) == 0xe0, tiles = (saved & 0x60000) == 0x60000;
  struct Bit {
    const char* name;
    std::uint32_t word;
    unsigned bit;
    bool usable = true;
  };
  const Bit bits[] = {{"sse3", one.c, 0},
                      {"pclmul", one.c, 1},
                      {"ssse3", one.c, 9},
                      {"fma", one.c, 12, ymm},
                      {"cx16", one.c, 13},
                      {"sse4.1", one.c, 19},
                      {"sse4.2", one.c, 20},
                      {"movbe", one.c, 22},
                      {"popcnt", one.c, 23},
                      {"aes", one.c, 25},
                      {"avx", one.c, 28, ymm},
                      {"f16c", one.c, 29, ymm},
                      {"rdrnd", one.c, 30},
                      {"bmi", seven.b, 3},
                      {"avx2", seven.b, 5, ymm},
                      {"bmi2", seven.b, 8},
                      {"avx512f", seven.b, 16, zmm},
                      {"avx512dq", seven.b, 17, zmm},
                      {"rdseed", seven.b, 18},
                      {"adx", seven.b, 19},
                      {"avx512ifma", seven.b, 21, zmm},
                      {"avx512cd", seven.b, 28, zmm},
                      {"sha", seven.b, 29},
                      {"avx512bw", seven.b, 30, zmm},
                      {"avx512vl", seven.b, 31, zmm},
                      {"avx512vbmi", seven.c, 1, zmm},
                      {"avx512vbmi2", seven.c, 6, zmm},
                      {"gfni", seven.c, 8},
                      {"vaes", seven.c, 9, ymm},
                      {"vpclmulqdq", seven.c, 10, ymm},
                      {"avx512vnni", seven.c, 11, zmm},
                      {"avx512bitalg", seven.c, 12, zmm},
                      {"avx512vpopcntdq", seven.c, 14, zmm},
                      {"amx-bf16", seven.d, 22, tiles},
                      {"avx512fp16", seven.d, 23, zmm},
                      {"amx-tile", seven.d, 24, tiles},
                      {"amx-int8", seven.d, 25, tiles},
                      {"avxvnni", seven1.a, 4, ymm},
                      {"avx512bf16", seven1.a, 5, zmm},
                      {"amx-fp16", seven1.a, 21, tiles},
                      {"lahf", ext.c, 0},
                      {"lzcnt", ext.c, 5},
                      {"sse4a", ext.c, 6},
                      {"xop", ext.c, 11, ymm},
                      {"fma4", ext.c, 16, ymm},
                      {"tbm", ext.c, 21}};
  std::vector<std::string> features;
  for (const Bit& bit : bits)
    if (bit.usable && (bit.word >> bit.bit & 1)) features.emplace_back(bit.name);
  std::sort(features.begin(), features.end());
  return features;
}
#endif

CpuLevel measure() {
  CpuLevel cpu;
#if defined(__x86_64__)
  cpu.features = detect();
  cpu.level = 1;
  for (int level = 2; level <= 4; ++level) {
    const auto& needed = level_features()[static_cast<std::size_t>(level)];
    if (!std::all_of(needed.begin(), needed.end(), [&](const std::string& f) { return cpu.has(f); })) break;
    cpu.level = level;
  }
#endif
  return cpu;
}

}  // namespace

bool CpuLevel::has(std::string_view feature) const { return std::find(features.begin(), features.end(), feature) != features.end(); }

const CpuLevel& this_cpu() {
  static const CpuLevel cpu = measure();
  return cpu;
}

int parse_level(std::string_view name) {
  if (name == "any") return 0;
  if (name == "x86-64" || name == "x86-64-v1") return 1;
  if (name == "x86-64-v2") return 2;
  if (name == "x86-64-v3") return 3;
  if (name == "x86-64-v4") return 4;
  return -1;
}

std::string level_name(int level) { return level <= 0 ? "any" : level == 1 ? "x86-64" : "x86-64-v" + std::to_string(level); }

std::vector<std::string> missing_features(const CpuLevel& cpu, int level, const std::vector<std::string>& features) {
  std::vector<std::string> missing;
  if (level >= 1 && cpu.level == 0) missing.emplace_back("x86-64");
  for (int l = 2; l <= std::min(level, 4); ++l)
    for (const std::string& feature : level_features()[static_cast<std::size_t>(l)])
      if (!cpu.has(feature)) missing.push_back(feature);
  for (const std::string& feature : features)
    if (!cpu.has(feature)) missing.push_back(feature);
  return missing;
}

}  // namespace assay::plugin
