#include "base/random.hpp"

#include <cmath>
#include <numbers>

#include "base/error.hpp"

namespace assay {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * c[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * c[2];
    c = {static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(a)};
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return c;
}

namespace {
// The child's key is a Philox block of (input, domain) under the parent's key.
std::uint64_t derive(std::uint64_t key, std::uint64_t input, std::uint32_t domain) {
  const auto words = philox4x32({static_cast<std::uint32_t>(input), static_cast<std::uint32_t>(input >> 32), domain, 0x61737361u},
                                {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
  return (std::uint64_t{words[1]} << 32) | words[0];
}
}  // namespace

SeedTree SeedTree::child(std::string_view purpose) const {
  std::uint64_t key = key_;
  std::uint64_t chunk = 0;
  unsigned filled = 0;
  for (const char c : purpose) {
    chunk |= std::uint64_t{static_cast<unsigned char>(c)} << (8 * filled);
    if (++filled == 8) {
      key = derive(key, chunk, 2);
      chunk = 0;
      filled = 0;
    }
  }
  return SeedTree(derive(derive(key, chunk, 2), purpose.size(), 3));
}

SeedTree SeedTree::child(std::uint64_t index) const { return SeedTree(derive(key_, index, 1)); }

std::uint32_t Random::next32() {
  if (used_ == 4) {
    words_ = philox4x32({static_cast<std::uint32_t>(block_), static_cast<std::uint32_t>(block_ >> 32), 0, 0},
                        {static_cast<std::uint32_t>(key_), static_cast<std::uint32_t>(key_ >> 32)});
    ++block_;
    used_ = 0;
  }
  return words_[used_++];
}

std::uint64_t Random::next64() {
  const std::uint64_t low = next32();
  return (std::uint64_t{next32()} << 32) | low;
}

double Random::uniform() { return static_cast<double>(next64() >> 11) * 0x1.0p-53; }

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

std::uint64_t Random::below(std::uint64_t n) {
  ASSAY_CHECK(n > 0, "below(0)");
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(next64()) * n;
  if (static_cast<std::uint64_t>(product) < n) {
    const std::uint64_t threshold = (0 - n) % n;
    while (static_cast<std::uint64_t>(product) < threshold) product = static_cast<Wide>(next64()) * n;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

}  // namespace assay
