// Randomness from one counter-based seed tree: the same key gives the same numbers, whoever asks, in whatever order.
// Used wherever chance enters. The generator is Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
// A SeedTree is a value and free to share; a Random belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace assay {

// Four 32-bit random words for a counter and a key.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

class SeedTree {
 public:
  explicit constexpr SeedTree(std::uint64_t seed) : key_(seed) {}
  SeedTree child(std::string_view purpose) const;  // "fold", "weights", "shuffle": names never collide with numbers
  SeedTree child(std::uint64_t index) const;
  constexpr std::uint64_t seed() const { return key_; }

 private:
  std::uint64_t key_;
};

class Random {
 public:
  explicit Random(SeedTree tree) : key_(tree.seed()) {}
  explicit Random(std::uint64_t seed) : key_(seed) {}

  std::uint32_t next32();
  std::uint64_t next64();
  double uniform();                      // [0, 1), 53 bits
  double normal();                       // Box-Muller, one pair kept
  std::uint64_t below(std::uint64_t n);  // 0 .. n-1 without bias (Lemire 2019); n > 0

  template <class T>
  void shuffle(std::span<T> items) {  // Fisher-Yates
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::uint64_t key_, block_ = 0;
  std::array<std::uint32_t, 4> words_{};
  unsigned used_ = 4;
  bool has_spare_ = false;
  double spare_ = 0;
};

}  // namespace assay
