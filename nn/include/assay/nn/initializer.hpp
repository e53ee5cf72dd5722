// Initial weights by name: Glorot and Bengio (2010), He et al. (2015), orthogonal (Saxe et al. 2014). Drawn in double from the SDK's
// counter-based generator, so that every CPU level starts from the same numbers. Used by layers. Pure function of its arguments.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "assay/detail/random.hpp"
#include "assay/nn/vec.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

enum class Initial { glorot_uniform, glorot_normal, he_uniform, he_normal, orthogonal };

namespace detail {

// inputs x outputs, dense: orthonormal columns (rows where there are more columns), by Gram and Schmidt's method on normal draws.
inline std::vector<double> orthogonal(std::ptrdiff_t inputs, std::ptrdiff_t outputs, Random random) {
  const bool tall = inputs >= outputs;
  const std::ptrdiff_t n = tall ? inputs : outputs, vectors = tall ? outputs : inputs;
  std::vector<double> q(static_cast<std::size_t>(n * vectors));
  for (std::ptrdiff_t v = 0; v < vectors; ++v) {
    double* const own = q.data() + v * n;
    for (std::ptrdiff_t i = 0; i < n; ++i) own[i] = random.normal();
    for (int pass = 0; pass < 2; ++pass)  // twice is enough (Kahan and Parlett)
      for (std::ptrdiff_t w = 0; w < v; ++w) {
        const double* const other = q.data() + w * n;
        double dot = 0;
        for (std::ptrdiff_t i = 0; i < n; ++i) dot += own[i] * other[i];
        for (std::ptrdiff_t i = 0; i < n; ++i) own[i] -= dot * other[i];
      }
    double length = 0;
    for (std::ptrdiff_t i = 0; i < n; ++i) length += own[i] * own[i];
    for (std::ptrdiff_t i = 0; i < n; ++i) own[i] /= std::sqrt(length);
  }
  std::vector<double> weights(q.size());
  for (std::ptrdiff_t r = 0; r < inputs; ++r)
    for (std::ptrdiff_t c = 0; c < outputs; ++c)
      weights[static_cast<std::size_t>(r * outputs + c)] = q[static_cast<std::size_t>(tall ? c * n + r : r * n + c)];
  return weights;
}

// put(row, col, value) for each weight of inputs x outputs.
template <class Put>
inline void draw(Initial kind, std::ptrdiff_t inputs, std::ptrdiff_t outputs, Random random, const Put& put) {
  if (kind == Initial::orthogonal) {
    const std::vector<double> weights = orthogonal(inputs, outputs, random);
    for (std::ptrdiff_t r = 0; r < inputs; ++r)
      for (std::ptrdiff_t c = 0; c < outputs; ++c) put(r, c, weights[static_cast<std::size_t>(r * outputs + c)]);
    return;
  }
  const bool he = kind == Initial::he_uniform || kind == Initial::he_normal;
  const bool uniform = kind == Initial::glorot_uniform || kind == Initial::he_uniform;
  const double variance = he ? 2.0 / static_cast<double>(inputs) : 2.0 / static_cast<double>(inputs + outputs);
  const double limit = std::sqrt(3 * variance), deviation = std::sqrt(variance);
  for (std::ptrdiff_t r = 0; r < inputs; ++r)
    for (std::ptrdiff_t c = 0; c < outputs; ++c) put(r, c, uniform ? random.uniform(-limit, limit) : deviation * random.normal());
}

}  // namespace detail

// Fills weights (inputs x outputs, rows `stride` apart).
template <class S>
inline void draw_weights(Initial kind, std::ptrdiff_t inputs, std::ptrdiff_t outputs, S* weights, std::ptrdiff_t stride,
                         const Random& random) {
  detail::draw(kind, inputs, outputs, random,
               [&](std::ptrdiff_t r, std::ptrdiff_t c, double v) { weights[r * stride + c] = static_cast<S>(v); });
}

// The same for the gates of a cell, each drawn as a matrix of its own: groups of one vector a gate.
template <class S>
inline void draw_gates(Initial kind, std::ptrdiff_t inputs, std::ptrdiff_t units, std::ptrdiff_t gates, S* weights, std::ptrdiff_t stride,
                       const Random& random) {
  constexpr std::ptrdiff_t n = kLanes<S>;
  for (std::ptrdiff_t g = 0; g < gates; ++g)
    detail::draw(kind, inputs, units, random.child(static_cast<std::uint64_t>(g)), [&](std::ptrdiff_t r, std::ptrdiff_t c, double v) {
      weights[r * stride + c / n * gates * n + g * n + c % n] = static_cast<S>(v);
    });
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
