#include "twin.hpp"

#include <algorithm>

#include "training.hpp"

int twin_lanes() { return nn::kLanes<float>; }

void twin_logits(const float* x, const float* y, std::int64_t rows, std::int64_t inputs, std::uint64_t seed, float* out) {
  const std::vector<float> values = logits(trained(x, y, rows, inputs, seed), x, rows);
  std::copy(values.begin(), values.end(), out);
}
