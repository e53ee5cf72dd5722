// What memory gives at best: a = b + s * c over columns as large as the benchmarks' own, two read and one written, in bytes a second.
#include <algorithm>
#include <map>
#include <thread>
#include <vector>

#include "harness.hpp"

namespace assay::bench {

namespace {

constexpr std::size_t kValues = 2'500'000;  // of a panel of 500 x 5,000

void triad(double* a, const double* b, const double* c, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) a[i] = b[i] + 3.0 * c[i];
}

double measured(std::size_t threads) {
  std::vector<double> a(kValues, 0.0), b(kValues, 1.0), c(kValues, 2.0);
  double best = 0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    constexpr int kTurns = 5;  // longer than a thread takes to start
    const auto turns = [&](std::size_t t) {
      const std::size_t begin = kValues * t / threads, end = kValues * (t + 1) / threads;
      for (int turn = 0; turn < kTurns; ++turn) {
        triad(a.data() + begin, b.data() + begin, c.data() + begin, end - begin);
        keep(a);
      }
    };
    const double seconds = time([&] {
      std::vector<std::thread> others;
      for (std::size_t t = 1; t < threads; ++t) others.emplace_back(turns, t);
      turns(0);
      for (auto& other : others) other.join();
    });
    best = std::max(best, 3.0 * sizeof(double) * kTurns * kValues / seconds / 1e9);
  }
  return best;
}

}  // namespace

double memory_peak_gbs(int threads) {
  static std::map<int, double> known;
  const auto [place, is_new] = known.try_emplace(threads, 0.0);
  if (is_new) place->second = measured(static_cast<std::size_t>(threads));
  return place->second;
}

}  // namespace assay::bench
