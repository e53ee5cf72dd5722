// What this machine's CPU and operating system offer, by CPUID and XGETBV (clang 14 has no builtin for the psABI levels). Used to choose
// plugin variants and to explain why one cannot run. On other processors than x86-64 the level is 0. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::plugin {

struct CpuLevel {
  int level = 0;                      // psABI: x86-64-v1 .. v4 is 1 .. 4; 0 on other machines
  std::vector<std::string> features;  // names as in the notes, sorted: "avx2", "amx-tile", "avx512fp16"
  bool has(std::string_view feature) const;
};

const CpuLevel& this_cpu();  // measured once

// "x86-64", "x86-64-v1" -> 1, ... "x86-64-v4" -> 4, "any" -> 0; -1 for anything else.
int parse_level(std::string_view name);
std::string level_name(int level);  // 1 -> "x86-64", 3 -> "x86-64-v3", 0 -> "any"

// Names of what `level` and `features` need and this CPU lacks.
std::vector<std::string> missing_features(const CpuLevel& cpu, int level, const std::vector<std::string>& features);

}  // namespace assay::plugin
