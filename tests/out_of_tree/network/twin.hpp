// The same training by code of another CPU level: nothing but numbers crosses between the two.
#pragma once

#include <cstdint>

int twin_lanes();  // floats in a vector of that build
void twin_logits(const float* x, const float* y, std::int64_t rows, std::int64_t inputs, std::uint64_t seed, float* out);
