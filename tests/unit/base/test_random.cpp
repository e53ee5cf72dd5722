#include <set>

#include "base/random.hpp"
#include "support/catch.hpp"

using namespace assay;

TEST_CASE("philox reproduces the published known answers") {
  // Random123 1.14, tests/kat_vectors, philox4x32 10 rounds.
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("children of a seed tree do not collide") {
  const SeedTree root(7);
  std::set<std::uint64_t> seeds;
  for (std::uint64_t i = 0; i < 1000; ++i) seeds.insert(root.child(i).seed());
  for (const char* name : {"", "a", "b", "ab", "ba", "fold", "weights", "weights\0x", "weightsweights"})
    seeds.insert(root.child(name).seed());
  CHECK(seeds.size() == 1008);  // "weights\0x" is "weights" to a C string
  CHECK(root.child("fold").child(3).seed() == SeedTree(7).child("fold").child(3).seed());
}

TEST_CASE("uniform, normal and below have the moments they should") {
  Random random(SeedTree(1).child("moments"));
  double sum = 0, square = 0, normal_sum = 0, normal_square = 0;
  std::array<int, 7> counts{};
  const int n = 200000;
  for (int i = 0; i < n; ++i) {
    const double u = random.uniform();
    REQUIRE((u >= 0 && u < 1));
    sum += u;
    square += u * u;
    const double z = random.normal();
    normal_sum += z;
    normal_square += z * z;
    ++counts[random.below(7)];
  }
  CHECK(sum / n == Approx(0.5).margin(0.005));
  CHECK(square / n == Approx(1.0 / 3).margin(0.005));
  CHECK(normal_sum / n == Approx(0.0).margin(0.01));
  CHECK(normal_square / n == Approx(1.0).margin(0.02));
  for (const int count : counts) CHECK(count == Approx(n / 7.0).epsilon(0.05));
}
