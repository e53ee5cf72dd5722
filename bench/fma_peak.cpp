// The machine's best rate of float32 multiply-adds, measured with chains long enough to fill both ports at four cycles' latency.
#include <algorithm>
#include <thread>
#include <vector>

#include "harness.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace assay::bench {

namespace {

constexpr long kTurns = 400'000;
constexpr int kChains = 12;

#if defined(__x86_64__)
__attribute__((target("avx512f"))) double flops_avx512() {
  __m512 sum[kChains];
  const __m512 factor = _mm512_set1_ps(0.999f), addend = _mm512_set1_ps(0.001f);
  for (auto& s : sum) s = _mm512_set1_ps(1.0f);
  for (long turn = 0; turn < kTurns; ++turn)
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) sum[c] = _mm512_fmadd_ps(sum[c], factor, addend);
  for (const auto& s : sum) keep(s);
  return 2.0 * 16 * kChains * kTurns;
}

__attribute__((target("avx2,fma"))) double flops_avx2() {
  __m256 sum[kChains];
  const __m256 factor = _mm256_set1_ps(0.999f), addend = _mm256_set1_ps(0.001f);
  for (auto& s : sum) s = _mm256_set1_ps(1.0f);
  for (long turn = 0; turn < kTurns; ++turn)
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) sum[c] = _mm256_fmadd_ps(sum[c], factor, addend);
  for (const auto& s : sum) keep(s);
  return 2.0 * 8 * kChains * kTurns;
}
#endif

double (*widest())() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return flops_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return flops_avx2;
#endif
  return nullptr;
}

}  // namespace

double fma_peak_gflops(int threads) {
  double (*const burst)() = widest();
  if (burst == nullptr) return 0;
  double best = 0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    std::vector<double> done(static_cast<std::size_t>(threads), 0.0);
    const double seconds = time([&] {
      std::vector<std::thread> others;
      for (std::size_t t = 1; t < done.size(); ++t) others.emplace_back([&done, t, burst] { done[t] = burst(); });
      done[0] = burst();
      for (auto& other : others) other.join();
    });
    double total = 0;
    for (const double d : done) total += d;
    best = std::max(best, total / seconds / 1e9);
  }
  return best;
}

}  // namespace assay::bench
