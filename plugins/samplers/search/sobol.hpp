// Points of the Sobol sequence (I. M. Sobol 1967) in Gray code order (Antonov & Saleev 1979), with the direction numbers of S. Joe and
// F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", 2008 (their set new-joe-kuo-6), 32 bits. Used by
// search.quasi_random. Values.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace samplers {

// One dimension: a primitive polynomial as bits (leading and last one included) and the first odd direction integers m_1, m_2, ...
struct SobolSeed {
  std::uint32_t polynomial;
  std::array<std::uint32_t, 8> first;
};
inline constexpr std::array<SobolSeed, 40> kSobolSeeds{{
    {1, {1}},
    {3, {1}},
    {7, {1, 3}},
    {11, {1, 3, 1}},
    {13, {1, 1, 1}},
    {19, {1, 1, 3, 3}},
    {25, {1, 3, 5, 13}},
    {37, {1, 1, 5, 5, 17}},
    {41, {1, 1, 5, 5, 5}},
    {47, {1, 1, 7, 11, 19}},
    {55, {1, 1, 5, 1, 1}},
    {59, {1, 1, 1, 3, 11}},
    {61, {1, 3, 5, 5, 31}},
    {67, {1, 3, 3, 9, 7, 49}},
    {91, {1, 1, 1, 15, 21, 21}},
    {97, {1, 3, 1, 13, 27, 49}},
    {103, {1, 1, 1, 15, 7, 5}},
    {109, {1, 3, 1, 15, 13, 25}},
    {115, {1, 1, 5, 5, 19, 61}},
    {131, {1, 3, 7, 11, 23, 15, 103}},
    {137, {1, 3, 7, 13, 13, 15, 69}},
    {143, {1, 1, 3, 13, 7, 35, 63}},
    {145, {1, 3, 5, 9, 1, 25, 53}},
    {157, {1, 3, 1, 13, 9, 35, 107}},
    {167, {1, 3, 1, 5, 27, 61, 31}},
    {171, {1, 1, 5, 11, 19, 41, 61}},
    {185, {1, 3, 5, 3, 3, 13, 69}},
    {191, {1, 1, 7, 13, 1, 19, 1}},
    {193, {1, 3, 7, 5, 13, 19, 59}},
    {203, {1, 1, 3, 9, 25, 29, 41}},
    {211, {1, 3, 5, 13, 23, 1, 55}},
    {213, {1, 3, 7, 3, 13, 59, 17}},
    {229, {1, 3, 1, 3, 5, 53, 69}},
    {239, {1, 1, 5, 5, 23, 33, 13}},
    {241, {1, 1, 7, 7, 1, 61, 123}},
    {247, {1, 1, 7, 9, 13, 61, 49}},
    {253, {1, 3, 3, 5, 3, 55, 33}},
    {285, {1, 3, 1, 15, 31, 13, 49, 245}},
    {299, {1, 3, 5, 15, 31, 59, 63, 97}},
    {301, {1, 3, 1, 11, 11, 11, 77, 249}},
}};

class Sobol {
 public:
  static constexpr std::uint32_t kMostDimensions = kSobolSeeds.size();

  explicit Sobol(std::uint32_t dimensions) {
    for (std::uint32_t d = 0; d < dimensions; ++d) directions_.push_back(directions_of(kSobolSeeds[d], d == 0));
  }

  // Coordinate d of point `index`, as 32 bits after the binary point.
  std::uint32_t bits(std::uint64_t index, std::uint32_t d) const {
    auto gray = static_cast<std::uint32_t>(index ^ (index >> 1));
    std::uint32_t x = 0;
    for (; gray != 0; gray &= gray - 1) x ^= directions_[d][static_cast<std::size_t>(std::countr_zero(gray))];
    return x;
  }

 private:
  using Directions = std::array<std::uint32_t, 32>;

  // Equation (2) of Joe & Kuo: m_k is the exclusive or of 2^i a_i m_(k-i), of 2^s m_(k-s) and of m_(k-s). The first dimension is van der
  // Corput's sequence: all m are 1.
  static Directions directions_of(const SobolSeed& seed, bool van_der_corput) {
    const int degree = std::bit_width(seed.polynomial) - 1;
    std::array<std::uint32_t, 32> m{};
    for (int k = 0; k < 32; ++k) {
      auto& now = m[static_cast<std::size_t>(k)];
      if (van_der_corput) {
        now = 1;
      } else if (k < degree) {
        now = seed.first[static_cast<std::size_t>(k)];
      } else {
        const std::uint32_t back = m[static_cast<std::size_t>(k - degree)];
        now = back ^ (back << degree);
        for (int i = 1; i < degree; ++i)
          if ((seed.polynomial >> (degree - i)) & 1u) now ^= m[static_cast<std::size_t>(k - i)] << i;
      }
    }
    Directions out{};
    for (int k = 0; k < 32; ++k) out[static_cast<std::size_t>(k)] = m[static_cast<std::size_t>(k)] << (31 - k);
    return out;
  }

  std::vector<Directions> directions_;
};

}  // namespace samplers
