// The note that the host reads in the file before it loads a plugin: versions, compiler, and what the CPU must offer, all known at compile
// time. Used by ASSAY_PLUGIN. The CPU levels are those of the x86-64 psABI. Nothing here runs.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "assay/abi.h"
#include "assay/detail/namespace.hpp"

#if !defined(__x86_64__)
#define ASSAY_LEVEL 0
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512CD__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define ASSAY_LEVEL 4
#elif defined(__AVX2__) && defined(__FMA__) && defined(__BMI__) && defined(__BMI2__) && defined(__F16C__) && defined(__LZCNT__)
#define ASSAY_LEVEL 3
#elif defined(__SSE4_2__) && defined(__SSSE3__) && defined(__POPCNT__)
#define ASSAY_LEVEL 2
#else
#define ASSAY_LEVEL 1
#endif

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {
namespace detail {

inline constexpr std::string_view kIsa = ASSAY_LEVEL == 4   ? "x86-64-v4"
                                         : ASSAY_LEVEL == 3 ? "x86-64-v3"
                                         : ASSAY_LEVEL == 2 ? "x86-64-v2"
                                         : ASSAY_LEVEL == 1 ? "x86-64"
                                                            : "any";

// What the compiler was allowed to use beyond that level (-march=native may mean AMX or FP16), each with a comma behind it.
// clang-format off
inline constexpr std::string_view kFeatures = ""
#if defined(__SSE3__) && ASSAY_LEVEL < 2
    "sse3,"
#endif
#if defined(__SSSE3__) && ASSAY_LEVEL < 2
    "ssse3,"
#endif
#if defined(__SSE4_1__) && ASSAY_LEVEL < 2
    "sse4.1,"
#endif
#if defined(__SSE4_2__) && ASSAY_LEVEL < 2
    "sse4.2,"
#endif
#if defined(__POPCNT__) && ASSAY_LEVEL < 2
    "popcnt,"
#endif
#if defined(__AVX__) && ASSAY_LEVEL < 3
    "avx,"
#endif
#if defined(__AVX2__) && ASSAY_LEVEL < 3
    "avx2,"
#endif
#if defined(__FMA__) && ASSAY_LEVEL < 3
    "fma,"
#endif
#if defined(__F16C__) && ASSAY_LEVEL < 3
    "f16c,"
#endif
#if defined(__BMI__) && ASSAY_LEVEL < 3
    "bmi,"
#endif
#if defined(__BMI2__) && ASSAY_LEVEL < 3
    "bmi2,"
#endif
#if defined(__LZCNT__) && ASSAY_LEVEL < 3
    "lzcnt,"
#endif
#if defined(__MOVBE__) && ASSAY_LEVEL < 3
    "movbe,"
#endif
#if defined(__AVX512F__) && ASSAY_LEVEL < 4
    "avx512f,"
#endif
#if defined(__AVX512BW__) && ASSAY_LEVEL < 4
    "avx512bw,"
#endif
#if defined(__AVX512CD__) && ASSAY_LEVEL < 4
    "avx512cd,"
#endif
#if defined(__AVX512DQ__) && ASSAY_LEVEL < 4
    "avx512dq,"
#endif
#if defined(__AVX512VL__) && ASSAY_LEVEL < 4
    "avx512vl,"
#endif
#if defined(__AVX512IFMA__)
    "avx512ifma,"
#endif
#if defined(__AVX512VBMI__)
    "avx512vbmi,"
#endif
#if defined(__AVX512VBMI2__)
    "avx512vbmi2,"
#endif
#if defined(__AVX512VNNI__)
    "avx512vnni,"
#endif
#if defined(__AVX512BITALG__)
    "avx512bitalg,"
#endif
#if defined(__AVX512VPOPCNTDQ__)
    "avx512vpopcntdq,"
#endif
#if defined(__AVX512BF16__)
    "avx512bf16,"
#endif
#if defined(__AVX512FP16__)
    "avx512fp16,"
#endif
#if defined(__AVXVNNI__)
    "avxvnni,"
#endif
#if defined(__AMX_TILE__)
    "amx-tile,"
#endif
#if defined(__AMX_INT8__)
    "amx-int8,"
#endif
#if defined(__AMX_BF16__)
    "amx-bf16,"
#endif
#if defined(__AMX_FP16__)
    "amx-fp16,"
#endif
#if defined(__GFNI__)
    "gfni,"
#endif
#if defined(__VAES__)
    "vaes,"
#endif
#if defined(__VPCLMULQDQ__)
    "vpclmulqdq,"
#endif
#if defined(__AES__)
    "aes,"
#endif
#if defined(__PCLMUL__)
    "pclmul,"
#endif
#if defined(__SHA__)
    "sha,"
#endif
#if defined(__ADX__)
    "adx,"
#endif
#if defined(__RDRND__)
    "rdrnd,"
#endif
#if defined(__RDSEED__)
    "rdseed,"
#endif
#if defined(__FMA4__)
    "fma4,"
#endif
#if defined(__XOP__)
    "xop,"
#endif
#if defined(__TBM__)
    "tbm,"
#endif
#if defined(__SSE4A__)
    "sse4a,"
#endif
    ;
// clang-format on

#define ASSAY_TEXT_(x) #x
#define ASSAY_TEXT(x) ASSAY_TEXT_(x)
#if defined(__clang__)
#define ASSAY_COMPILER "clang-" ASSAY_TEXT(__clang_major__) "." ASSAY_TEXT(__clang_minor__)
#elif defined(__GNUC__)
#define ASSAY_COMPILER "gcc-" ASSAY_TEXT(__GNUC__) "." ASSAY_TEXT(__GNUC_MINOR__)
#else
#define ASSAY_COMPILER "other"
#endif

// "ASSAY-PLUGIN abi=0.1 needs=0.1 sdk=0.1.0 cxx=gcc-12.2 isa=x86-64-v3 features=amx-tile,avx512fp16", zeros behind it.
constexpr std::array<char, 640> make_note(unsigned needs_minor) {
  std::array<char, 640> note{};
  std::size_t size = 0;
  auto add = [&](std::string_view text) {
    for (const char c : text) note[size++] = c;
  };
  // In two halves, so that no other string in the file looks like a note.
  add("ASSAY-");
  add("PLUGIN abi=" ASSAY_TEXT(ASSAY_ABI_MAJOR) "." ASSAY_TEXT(ASSAY_ABI_MINOR) " needs=" ASSAY_TEXT(ASSAY_ABI_MAJOR) ".");
  char digits[12]{};
  int n = 0;
  do digits[n++] = static_cast<char>('0' + needs_minor % 10);
  while ((needs_minor /= 10) != 0);
  while (n > 0) note[size++] = digits[--n];
  add(" sdk=" ASSAY_SDK_VERSION " cxx=" ASSAY_COMPILER " isa=");
  add(kIsa);
  add(" features=");
  add(kFeatures.substr(0, kFeatures.empty() ? 0 : kFeatures.size() - 1));
  return note;
}

}  // namespace detail
}  // namespace ASSAY_HIDDEN
}  // namespace assay
