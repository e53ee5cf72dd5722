// The fixed data that oracle.py makes too, number for number. Used by the tests of stats and of the metrics.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace test_data {

class Numbers {  // the generator of ANSI C's example rand(), 31 bits
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  double operator()() {
    state_ = (1103515245 * state_ + 12345) & 0x7FFFFFFF;
    return static_cast<double>(state_) / 2147483648.0;
  }

 private:
  std::uint64_t state_;
};

struct BinaryTable {
  std::vector<double> truth, a, b, weight;  // scores have many ties
};
inline BinaryTable binary_table(int n, std::uint64_t seed) {
  Numbers u(seed);
  BinaryTable table;
  for (int i = 0; i < n; ++i) {
    const double s = std::floor(20 * u()) / 20;
    table.truth.push_back(u() < 0.15 + 0.6 * s ? 1.0 : 0.0);
    table.a.push_back(s);
    table.b.push_back(std::floor(10 * (0.5 * s + 0.5 * u())) / 10);
    table.weight.push_back(1 + std::floor(4 * u()));
  }
  return table;
}

inline std::vector<double> series(int n, std::uint64_t seed, double phi) {
  Numbers u(seed);
  std::vector<double> out;
  double e = 0;
  for (int i = 0; i < n; ++i) out.push_back(e = phi * e + (u() - 0.5));
  return out;
}

}  // namespace test_data
