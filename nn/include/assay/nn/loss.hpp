// Losses on a network's raw outputs, with their gradients; stable for any output. Used by Network.
// The mean over n rows is sum(w_i l_i) / n, where w_i = sample weight x class weight: a row's pull does not depend on its batch mates. With
// several targets a row (horizons) l_i is their mean. Squared, absolute, Huber and cross-entropies are PyTorch's. Besides:
//   label smoothing e   the true class counts 1 - e + e / K, each other e / K (Szegedy et al. 2016); binary: K = 2
//   focal               (1 - p_true)^gamma times the binary cross-entropy (Lin et al. 2017)
//   quantile            mean over levels q of max(q (y - f), (q - 1)(y - f)); outputs are the lowest level and the steps up from it,
//   through
//                       softplus, so that levels never cross (quantiles_of)
//   gaussian, student_t negative log-likelihood with mean, scale = softplus(raw) [, degrees of freedom = 2 + softplus(raw)] (density_of)
// Pure functions, no allocation, thread-safe.
#pragma once

#include <cmath>
#include <span>

#include "assay/detail/views.hpp"
#include "assay/nn/vec.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

enum class LossKind { squared, absolute, huber, binary_cross_entropy, cross_entropy, focal, quantile, gaussian, student_t };

struct LossSpec {
  LossKind kind = LossKind::squared;
  double huber_delta = 1;                  // Huber (1964): quadratic up to here, linear beyond
  std::span<const double> class_weight{};  // one for each class (two for binary); empty: ones
  double label_smoothing = 0;              // of the cross-entropies
  double focal_gamma = 2;
  std::span<const double> levels{};  // of quantile: rising, each inside 0..1
};

// What is to be reached: values (one a row, or one for each horizon) or class numbers, and weights of rows (empty: ones).
template <class S>
struct Target {
  Target(const VectorView<const S>& values, const VectorView<const S>& weights) : y(values), weight(weights) {}
  Target(const S* values, std::ptrdiff_t per_row, const VectorView<const S>& weights)
      : y({values, 0}), weight(weights), horizons(per_row), dense(values) {}
  Target slice(std::ptrdiff_t first, std::ptrdiff_t count) const {
    Target part = *this;
    if (dense) part.dense += first * horizons;
    if (!y.empty()) part.y = {y.data() + first * y.stride(), count, y.stride()};
    if (!weight.empty()) part.weight = {weight.data() + first * weight.stride(), count, weight.stride()};
    return part;
  }
  S value(std::ptrdiff_t row, std::ptrdiff_t horizon) const { return dense ? dense[row * horizons + horizon] : y[row]; }

  VectorView<const S> y, weight;
  std::ptrdiff_t horizons = 1;
  const S* dense = nullptr;  // rows x horizons
};

// log(1 + e^x) and its derivative.
inline double softplus(double x) { return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x))); }
inline double softplus_slope(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

// Raw outputs as forecasts of the levels.
template <class S, class Out>
inline void quantiles_of(const S* z, std::ptrdiff_t levels, Out&& put) {
  double value = static_cast<double>(z[0]);
  put(std::ptrdiff_t{0}, value);
  for (std::ptrdiff_t k = 1; k < levels; ++k) put(k, value += softplus(static_cast<double>(z[k])));
}

struct Density {
  double mean = 0, scale = 1, degrees = 0;  // degrees of freedom; 0: Gaussian
};
inline constexpr double kLeastScale = 1e-6;
template <class S>
inline Density density_of(LossKind kind, const S* z) {
  return {static_cast<double>(z[0]), kLeastScale + softplus(static_cast<double>(z[1])),
          kind == LossKind::student_t ? 2 + softplus(static_cast<double>(z[2])) : 0};
}

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

// One output a row: squared, absolute, Huber, binary cross-entropy. scale: 1 / rows of the whole batch.
template <class S>
inline double single_output_loss(const LossSpec& spec, std::ptrdiff_t rows, const S* z, const Target<S>& target, S* dz,
                                 std::ptrdiff_t stride, S scale) {
  constexpr int n = kLanes<S>;
  const bool classes = !spec.class_weight.empty();
  const S zero_weight = classes ? static_cast<S>(spec.class_weight[0]) : S{1},
          one_weight = classes ? static_cast<S>(spec.class_weight[1]) : S{1};
  const bool smooth = spec.kind == LossKind::binary_cross_entropy && spec.label_smoothing > 0;
  const S keep = static_cast<S>(1 - spec.label_smoothing), half = static_cast<S>(spec.label_smoothing / 2);
  Vec<S> sum{};
  for (std::ptrdiff_t row = 0; row < rows; row += n) {
    const int count = static_cast<int>(rows - row < n ? rows - row : n);
    S zs[n] = {}, ys[n] = {}, ws[n] = {};
    for (int i = 0; i < count; ++i) {
      zs[i] = z[(row + i) * stride];
      ys[i] = target.value(row + i, 0);
      ws[i] = scale;
    }
    if (classes)
      for (int i = 0; i < count; ++i) ws[i] *= ys[i] > S{0.5} ? one_weight : zero_weight;
    if (!target.weight.empty())
      for (int i = 0; i < count; ++i) ws[i] *= target.weight[row + i];
    Vec<S> value, slope, y = load(ys);
    const Vec<S> w = load(ws);
    if (smooth) y = y * keep + half;
    single_loss<S>(spec, load(zs), y, value, slope);
    sum += w * value;
    store(zs, w * slope);
    for (int i = 0; i < count; ++i) dz[(row + i) * stride] = zs[i];
  }
  return lane_sum<S>(sum);
}

// Trigamma's sister: the derivative of lgamma, by recurrence and the asymptotic series (Abramowitz and Stegun 6.3.18); x > 0.
inline double digamma(double x) {
  double value = 0;
  for (; x < 8; x += 1) value -= 1 / x;
  const double i = 1 / (x * x);
  return value + std::log(x) - 0.5 / x - i * (1.0 / 12 - i * (1.0 / 120 - i * (1.0 / 252 - i * (1.0 / 240 - i / 132))));
}

// Softmax cross-entropy.
template <class S>
inline double row_of_classes(const LossSpec& spec, std::ptrdiff_t classes, const S* z, S label, S* dz, double& weight) {
  if (!(label >= S{0} && label < static_cast<S>(classes))) throw bad_input("a class number lies outside the classes of the problem");
  const auto k = static_cast<std::ptrdiff_t>(label);
  S largest = z[0], total{}, all{};
  for (std::ptrdiff_t c = 0; c < classes; ++c) {
    largest = z[c] > largest ? z[c] : largest;
    all += z[c];
  }
  for (std::ptrdiff_t c = 0; c < classes; ++c) total += dz[c] = std::exp(z[c] - largest);
  if (!spec.class_weight.empty()) weight *= spec.class_weight[static_cast<std::size_t>(k)];
  const S keep = static_cast<S>(1 - spec.label_smoothing), share = static_cast<S>(spec.label_smoothing / static_cast<double>(classes));
  for (std::ptrdiff_t c = 0; c < classes; ++c) dz[c] = dz[c] / total - share;
  dz[k] -= keep;
  return static_cast<double>(std::log(total) + largest - keep * z[k] - share * all);
}

// The focal loss of the logit z: with s = z or -z by the label, l = (1 - p)^gamma softplus(-s), p = sigmoid(s).
template <class S>
inline double row_of_focal(const LossSpec& spec, const S* z, S label, S* dz, double& weight) {
  const bool one = label > S{0.5};
  const double s = one ? static_cast<double>(z[0]) : -static_cast<double>(z[0]), gamma = spec.focal_gamma;
  const double miss = softplus_slope(-s), p = 1 - miss, entropy = softplus(-s), factor = std::pow(miss, gamma);
  if (!spec.class_weight.empty()) weight *= spec.class_weight[one ? 1 : 0];
  const double slope = -factor * (gamma * p * entropy + miss);
  dz[0] = static_cast<S>(one ? slope : -slope);
  return factor * entropy;
}

template <class S>
inline double row_of_quantiles(const LossSpec& spec, const S* z, double y, S* dz) {
  const std::size_t n = spec.levels.size();
  const double share = 1 / static_cast<double>(n);
  double loss = 0;
  quantiles_of(z, static_cast<std::ptrdiff_t>(n), [&](std::ptrdiff_t k, double f) {
    const double level = spec.levels[static_cast<std::size_t>(k)], gap = y - f;
    loss += share * (gap > 0 ? level * gap : (level - 1) * gap);
    dz[k] = static_cast<S>(gap > 0 ? -share * level : gap < 0 ? share * (1 - level) : 0);
  });
  double above = 0;  // a step moves its own level and all above it
  for (std::size_t k = n; k-- > 0;) {
    above += static_cast<double>(dz[k]);
    dz[k] = static_cast<S>(k == 0 ? above : above * softplus_slope(static_cast<double>(z[k])));
  }
  return loss;
}

template <class S>
inline double row_of_density(LossKind kind, const S* z, double y, S* dz) {
  const Density d = density_of(kind, z);
  const double u = (y - d.mean) / d.scale, scale_slope = softplus_slope(static_cast<double>(z[1]));
  if (kind == LossKind::gaussian) {
    dz[0] = static_cast<S>(-u / d.scale);
    dz[1] = static_cast<S>((1 - u * u) / d.scale * scale_slope);
    return std::log(d.scale) + 0.5 * u * u + 0.91893853320467274;  // log(2 pi) / 2
  }
  const double v = d.degrees, ratio = 1 + u * u / v;
  dz[0] = static_cast<S>(-(v + 1) * u / (v * ratio * d.scale));
  dz[1] = static_cast<S>((1 - (v + 1) * u * u / (v * ratio)) / d.scale * scale_slope);
  const double by_degrees = 0.5 * (digamma(v / 2) - digamma((v + 1) / 2) + 1 / v + std::log(ratio) - (v + 1) * u * u / (v * v * ratio));
  dz[2] = static_cast<S>(by_degrees * softplus_slope(static_cast<double>(z[2])));
  return std::lgamma(v / 2) - std::lgamma((v + 1) / 2) + 0.5 * std::log(v * 3.14159265358979324) + std::log(d.scale) +
         0.5 * (v + 1) * std::log(ratio);
}

// Several targets a row: the mean of their losses.
template <class S>
inline double row_of_values(const LossSpec& spec, std::ptrdiff_t outputs, const S* z, const Target<S>& target, std::ptrdiff_t row, S* dz) {
  double sum = 0;
  for (std::ptrdiff_t c = 0; c < outputs; ++c) {
    const double gap = static_cast<double>(z[c]) - static_cast<double>(target.value(row, c)), size = std::abs(gap);
    const double sign = gap > 0 ? 1 : gap < 0 ? -1 : gap, delta = spec.huber_delta;
    const bool far = spec.kind == LossKind::absolute || (spec.kind == LossKind::huber && size > delta);
    const double slope = spec.kind == LossKind::squared ? 2 * gap : spec.kind == LossKind::absolute ? sign : far ? delta * sign : gap;
    sum += spec.kind == LossKind::squared    ? gap * gap
           : spec.kind == LossKind::absolute ? size
           : far                             ? delta * (size - 0.5 * delta)
                                             : 0.5 * gap * gap;
    dz[c] = static_cast<S>(slope / static_cast<double>(outputs));
  }
  return sum / static_cast<double>(outputs);
}

}  // namespace detail

inline bool learns_distribution(LossKind kind) {
  return kind == LossKind::quantile || kind == LossKind::gaussian || kind == LossKind::student_t;
}

// How many raw outputs a loss needs for one forecast; 0: as many as there are targets or classes.
inline std::ptrdiff_t outputs_of(const LossSpec& spec) {
  switch (spec.kind) {
    case LossKind::quantile:
      return static_cast<std::ptrdiff_t>(spec.levels.size());
    case LossKind::gaussian:
      return 2;
    case LossKind::student_t:
      return 3;
    default:
      return 0;
  }
}

// The loss of z (rows x outputs, row stride `stride`) as a part of a batch of all_rows, and its gradient into dz (same layout; padding is
// left alone).
template <class S>
inline double loss_and_slope(const LossSpec& spec, std::ptrdiff_t rows, std::ptrdiff_t outputs, const S* z, const Target<S>& target, S* dz,
                             std::ptrdiff_t stride, std::ptrdiff_t all_rows) {
  using enum LossKind;
  if (outputs == 1 && (spec.kind == squared || spec.kind == absolute || spec.kind == huber || spec.kind == binary_cross_entropy))
    return detail::single_output_loss(spec, rows, z, target, dz, stride, S{1} / static_cast<S>(all_rows));
  if (outputs_of(spec) != 0 && outputs != outputs_of(spec)) throw bad_input("a network has another number of outputs than its loss needs");
  double sum = 0;
  for (std::ptrdiff_t row = 0; row < rows; ++row) {
    const S* const from = z + row * stride;
    S* const slope = dz + row * stride;
    double weight = (target.weight.empty() ? 1.0 : static_cast<double>(target.weight[row])) / static_cast<double>(all_rows), value = 0;
    if (spec.kind == cross_entropy)
      value = detail::row_of_classes(spec, outputs, from, target.value(row, 0), slope, weight);
    else if (spec.kind == focal)
      value = detail::row_of_focal(spec, from, target.value(row, 0), slope, weight);
    else if (spec.kind == quantile)
      value = detail::row_of_quantiles(spec, from, static_cast<double>(target.value(row, 0)), slope);
    else if (spec.kind == gaussian || spec.kind == student_t)
      value = detail::row_of_density(spec.kind, from, static_cast<double>(target.value(row, 0)), slope);
    else
      value = detail::row_of_values(spec, outputs, from, target, row, slope);
    sum += weight * value;
    for (std::ptrdiff_t c = 0; c < outputs; ++c) slope[c] *= static_cast<S>(weight);
  }
  return sum;
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
