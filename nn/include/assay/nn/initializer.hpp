// Initial weights by name: Glorot and Bengio (2010), He et al. (2015). Drawn in double from the SDK's counter-based generator, so that
// every CPU level starts from the same numbers. Used by Mlp. Pure function of its arguments.
#pragma once

#include <cmath>
#include <cstddef>

#include "assay/detail/random.hpp"
#include "assay/nn/namespace.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

enum class Initial { glorot_uniform, glorot_normal, he_uniform, he_normal };

// Fills weights (inputs x outputs, rows `stride` apart).
template <class S>
inline void draw_weights(Initial kind, std::ptrdiff_t inputs, std::ptrdiff_t outputs, S* weights, std::ptrdiff_t stride, Random random) {
  const bool he = kind == Initial::he_uniform || kind == Initial::he_normal;
  const bool uniform = kind == Initial::glorot_uniform || kind == Initial::he_uniform;
  const double variance = he ? 2.0 / static_cast<double>(inputs) : 2.0 / static_cast<double>(inputs + outputs);
  const double limit = std::sqrt(3 * variance), deviation = std::sqrt(variance);
  for (std::ptrdiff_t r = 0; r < inputs; ++r)
    for (std::ptrdiff_t c = 0; c < outputs; ++c)
      weights[r * stride + c] = static_cast<S>(uniform ? random.uniform(-limit, limit) : deviation * random.normal());
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
