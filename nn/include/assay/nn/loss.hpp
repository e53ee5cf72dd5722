// Losses on the network's raw outputs (logits), with their gradients; stable for any logit. Used by Mlp.
// The mean over n rows is sum(w_i l_i) / n, where w_i = sample weight x class weight: a row's pull does not depend on its batch mates.
// Values and gradients as in PyTorch: binary cross-entropy from logits, softmax cross-entropy, mean squared, mean absolute, Huber.
// Pure functions, no allocation, thread-safe.
#pragma once

#include <cmath>
#include <span>

#include "assay/detail/views.hpp"
#include "assay/nn/vec.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

enum class LossKind { squared, absolute, huber, binary_cross_entropy, cross_entropy };

struct LossSpec {
  LossKind kind = LossKind::squared;
  double huber_delta = 1;                  // Huber (1964): quadratic up to here, linear beyond
  std::span<const double> class_weight{};  // one for each class (two for binary); empty: ones
};

// What is to be reached: a value or a class number for each row, and weights (empty: ones).
template <class S>
struct Target {
  VectorView<const S> y, weight;
};

namespace detail {

// Value and slope of one vector of rows for the losses of a single output.
template <class S>
inline void single_loss(const LossSpec& spec, Vec<S> z, Vec<S> y, Vec<S>& value, Vec<S>& slope) {
  const Vec<S> gap = z - y, size = gap < S{0} ? -gap : gap;
  const Vec<S> sign = gap > S{0} ? splat(S{1}) : (gap < S{0} ? splat(S{-1}) : gap);  // NaN stays NaN
  switch (spec.kind) {
    case LossKind::squared:
      value = gap * gap;
      slope = S{2} * gap;
      break;
    case LossKind::absolute:
      value = size;
      slope = sign;
      break;
    case LossKind::huber: {
      const S delta = static_cast<S>(spec.huber_delta);
      value = size > delta ? delta * (size - S{0.5} * delta) : S{0.5} * gap * gap;
      slope = size > delta ? delta * sign : gap;
      break;
    }
    default: {  // log(1 + e^z) - y z
      const Vec<S> e = exponential<S>(z < S{0} ? z : -z);
      value = (z < S{0} ? Vec<S>{} : z) - y * z + log1p_unit<S>(e);
      slope = (z < S{0} ? e / (S{1} + e) : S{1} / (S{1} + e)) - y;
    }
  }
}

template <class S>
inline double single_output_loss(const LossSpec& spec, std::ptrdiff_t rows, const S* z, const Target<S>& target, S* dz,
                                 std::ptrdiff_t stride) {
  constexpr int n = kLanes<S>;
  const S scale = S{1} / static_cast<S>(rows);
  const bool classes = !spec.class_weight.empty();
  const S zero_weight = classes ? static_cast<S>(spec.class_weight[0]) : S{1},
          one_weight = classes ? static_cast<S>(spec.class_weight[1]) : S{1};
  Vec<S> sum{};
  for (std::ptrdiff_t row = 0; row < rows; row += n) {
    const int count = static_cast<int>(rows - row < n ? rows - row : n);
    S zs[n] = {}, ys[n] = {}, ws[n] = {};
    for (int i = 0; i < count; ++i) {
      zs[i] = z[(row + i) * stride];
      ys[i] = target.y[row + i];
      ws[i] = scale;
    }
    if (classes)
      for (int i = 0; i < count; ++i) ws[i] *= ys[i] > S{0.5} ? one_weight : zero_weight;
    if (!target.weight.empty())
      for (int i = 0; i < count; ++i) ws[i] *= target.weight[row + i];
    Vec<S> value, slope;
    const Vec<S> w = load(ws);
    single_loss<S>(spec, load(zs), load(ys), value, slope);
    sum += w * value;
    store(zs, w * slope);
    for (int i = 0; i < count; ++i) dz[(row + i) * stride] = zs[i];
  }
  return lane_sum<S>(sum);
}

template <class S>
inline double softmax_loss(const LossSpec& spec, std::ptrdiff_t rows, std::ptrdiff_t classes, const S* z, const Target<S>& target, S* dz,
                           std::ptrdiff_t stride) {
  double sum = 0;
  for (std::ptrdiff_t row = 0; row < rows; ++row) {
    const S* logit = z + row * stride;
    S* slope = dz + row * stride;
    const S label = target.y[row];
    if (!(label >= S{0} && label < static_cast<S>(classes))) throw bad_input("a class number lies outside the classes of the problem");
    const auto k = static_cast<std::ptrdiff_t>(label);
    S largest = logit[0], total{};
    for (std::ptrdiff_t c = 1; c < classes; ++c) largest = logit[c] > largest ? logit[c] : largest;
    for (std::ptrdiff_t c = 0; c < classes; ++c) total += slope[c] = std::exp(logit[c] - largest);
    double weight = spec.class_weight.empty() ? 1.0 : spec.class_weight[static_cast<std::size_t>(k)];
    if (!target.weight.empty()) weight *= static_cast<double>(target.weight[row]);
    weight /= static_cast<double>(rows);
    sum += weight * static_cast<double>(std::log(total) + largest - logit[k]);
    const S factor = static_cast<S>(weight) / total;
    for (std::ptrdiff_t c = 0; c < classes; ++c) slope[c] *= factor;
    slope[k] -= static_cast<S>(weight);
  }
  return sum;
}

}  // namespace detail

// The mean loss of z (rows x outputs, row stride `stride`), and its gradient into dz (same layout; padding is left alone).
template <class S>
inline double loss_and_slope(const LossSpec& spec, std::ptrdiff_t rows, std::ptrdiff_t outputs, const S* z, const Target<S>& target, S* dz,
                             std::ptrdiff_t stride) {
  if (spec.kind == LossKind::cross_entropy) return detail::softmax_loss(spec, rows, outputs, z, target, dz, stride);
  return detail::single_output_loss(spec, rows, z, target, dz, stride);
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
