// Deterministic randomness for plugins: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") keyed by a seed,
// so that the same seed gives the same numbers on every machine and standard library. Used by authors through Call::random() or directly.
// A Random belongs to one thread; child() makes an independent stream for another one.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "assay/detail/namespace.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {

class Random {
 public:
  explicit Random(std::uint64_t seed) : key_(seed) {}

  // A stream of its own for a layer, a thread, a tree...: never the same numbers as this one or another child's.
  Random child(std::uint64_t index) const {
    const auto w = philox({low(index), high(index), 0, 0x6368696cu}, {low(key_), high(key_)});
    return Random((std::uint64_t{w[1]} << 32) | w[0]);
  }

  std::uint32_t next32() {
    if (used_ == 4) {
      words_ = philox({low(block_), high(block_), 0, 0}, {low(key_), high(key_)});
      ++block_;
      used_ = 0;
    }
    return words_[used_++];
  }
  std::uint64_t next64() {
    const std::uint64_t first = next32();
    return (std::uint64_t{next32()} << 32) | first;
  }
  double uniform() { return static_cast<double>(next64() >> 11) * 0x1p-53; }  // [0, 1)
  double uniform(double from, double to) { return from + (to - from) * uniform(); }

  double normal() {  // Box-Muller; the second of each pair is kept
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    const double angle = 6.283185307179586476925 * uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

  // 0 .. n-1 without bias: words beyond the largest multiple of n are thrown away. n > 0.
  std::uint64_t below(std::uint64_t n) {
    const std::uint64_t excess = (0 - n) % n;
    std::uint64_t word = next64();
    while (word < excess) word = next64();
    return word % n;
  }

  template <class T>
  void shuffle(std::span<T> items) {  // Fisher-Yates
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  static std::uint32_t low(std::uint64_t v) { return static_cast<std::uint32_t>(v); }
  static std::uint32_t high(std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); }

  static std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = std::uint64_t{0xD2511F53u} * c[0], b = std::uint64_t{0xCD9E8D57u} * c[2];
      c = {high(b) ^ c[1] ^ k[0], low(b), high(a) ^ c[3] ^ k[1], low(a)};
      k[0] += 0x9E3779B9u;
      k[1] += 0xBB67AE85u;
    }
    return c;
  }

  std::uint64_t key_, block_ = 0;
  std::array<std::uint32_t, 4> words_{};
  unsigned used_ = 4;
  bool has_spare_ = false;
  double spare_ = 0;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay
