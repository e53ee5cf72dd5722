// What a feature or a metric can do to its process. The plugins feature_*.cpp and metric_*.cpp call one each.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace faults {

inline void segfaults() {
  std::puts("about to touch what is not there");
  *reinterpret_cast<volatile int*>(4096) = 1;
}

inline void aborts() { std::abort(); }

inline void hangs() {
  for (volatile bool on = true; on;) {
  }
}

// Slowly enough for the host to see it coming.
inline void eats_memory() {
  for (;;) {
    constexpr std::size_t kPiece = std::size_t{4} << 20;
    volatile auto* piece = static_cast<volatile char*>(std::malloc(kPiece));  // else clang leaves out what nobody reads
    for (std::size_t at = 0; piece && at < kPiece; at += 4096) piece[at] = 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

inline void writes_input(const double* input) { *const_cast<volatile double*>(input) = 1; }

}  // namespace faults
