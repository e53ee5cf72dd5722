// The chance inside a bootstrap: stream number `stream` of a seed, the same whatever ran before it or beside it.
// The seed comes from the host's seed tree (SeedTree(...).child("bootstrap").seed()): stats stands beside base and cannot see it.
// SplitMix64 (Steele, Lea & Flood 2014), a counter passed through a mixing function. A value; one thread each.
#pragma once

#include <cstdint>

namespace assay::stats {

class Draws {
 public:
  constexpr Draws(std::uint64_t seed, std::uint64_t stream) : state_(mix(mix(seed + kStep) ^ (stream + kStep))) {}

  constexpr std::uint64_t next() { return mix(state_ += kStep); }
  constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }  // [0, 1)
  constexpr std::uint64_t below(std::uint64_t n) {  // 0 .. n-1, n > 0; the bias is below n / 2^64, far under what any replicate count shows
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64);
  }

 private:
  static constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15u;
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

}  // namespace assay::stats
