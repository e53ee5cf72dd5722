// Activation functions with their derivatives. Used by layers. ReLU is no pass of its own: the products' epilogue does it. GELU is the
// exact form x Phi(x) (Hendrycks and Gimpel 2016), leaky ReLU has the slope 0.01 below zero (Maas et al. 2013), ELU is e^x - 1 there
// (Clevert et al. 2016), softplus is log(1 + e^x): PyTorch's defaults. Pure functions, thread-safe.
#pragma once

#include "assay/nn/layer.hpp"
#include "assay/nn/vec.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

enum class Activation { relu, leaky_relu, elu, gelu, tanh, sigmoid, softplus, none };

// Whether the derivative is kept in forward: ReLU's is read off its output, and none has none.
inline bool keeps_slope(Activation kind) { return kind != Activation::none && kind != Activation::relu; }

namespace detail {

template <Activation Kind, class S>
inline void activate_as(std::ptrdiff_t n, S* z, S* slope) {
  for (std::ptrdiff_t i = 0; i < n; i += kLanes<S>) {
    const Vec<S> x = load(z + i);
    const Vec<S> one = splat(S{1});
    Vec<S> value = x, derivative = one;
    if constexpr (Kind == Activation::relu) {
      value = x < S{0} ? Vec<S>{} : x;
      derivative = x > S{0} ? one : Vec<S>{};
    } else if constexpr (Kind == Activation::leaky_relu) {
      derivative = x > S{0} ? one : splat(S(0.01));
      value = x * derivative;
    } else if constexpr (Kind == Activation::elu) {
      const Vec<S> e = exponential<S>(x < S{0} ? x : Vec<S>{});
      value = x > S{0} ? x : e - S{1};
      derivative = x > S{0} ? one : e;
    } else if constexpr (Kind == Activation::tanh) {
      value = hyperbolic_tangent<S>(x);
      derivative = S{1} - value * value;
    } else if constexpr (Kind == Activation::sigmoid) {
      value = logistic<S>(x);
      derivative = value * (S{1} - value);
    } else if constexpr (Kind == Activation::softplus) {
      const Vec<S> e = exponential<S>(x < S{0} ? x : -x);
      value = (x < S{0} ? Vec<S>{} : x) + log1p_unit<S>(e);
      derivative = logistic<S>(x);
    } else if constexpr (Kind == Activation::gelu) {
      const Vec<S> below = S{0.5} * (S{1} + error_function<S>(x * S(0.70710678118654752)));  // Phi(x)
      const Vec<S> density = S(0.39894228040143268) * exponential<S>(S{-0.5} * x * x);
      value = x * below;
      derivative = below + x * density;
    }
    store(z + i, value);
    if (slope) store(slope + i, derivative);
  }
}

}  // namespace detail

// Replaces n (padded) values in place by their activation; where `slope` is given it gets the derivative.
template <class S>
inline void activate(Activation kind, std::ptrdiff_t n, S* z, S* slope) {
  switch (kind) {
    case Activation::none:
      return;
    case Activation::relu:
      return detail::activate_as<Activation::relu>(n, z, slope);
    case Activation::leaky_relu:
      return detail::activate_as<Activation::leaky_relu>(n, z, slope);
    case Activation::elu:
      return detail::activate_as<Activation::elu>(n, z, slope);
    case Activation::gelu:
      return detail::activate_as<Activation::gelu>(n, z, slope);
    case Activation::tanh:
      return detail::activate_as<Activation::tanh>(n, z, slope);
    case Activation::sigmoid:
      return detail::activate_as<Activation::sigmoid>(n, z, slope);
    case Activation::softplus:
      return detail::activate_as<Activation::softplus>(n, z, slope);
  }
}

// What a gradient goes through on its way down: `slope` is what activate() kept (rows of `width`), y the activated values.
template <class S>
inline Epilogue<S> folded(Activation kind, const S* slope, std::ptrdiff_t width, Block<const S> y) {
  Epilogue<S> e;
  if (kind == Activation::none) return e;
  const bool relu = kind == Activation::relu;
  e.kind = relu ? Epilogue<S>::times_positive : Epilogue<S>::times;
  e.other = relu ? y.data : slope;
  e.other_stride = relu ? y.stride : width;
  return e;
}

// The nodes of an activation.
template <class S>
inline std::string activation_node(const LayerGraph<S>& g, Activation kind, const std::string& z) {
  switch (kind) {
    case Activation::none:
      return z;
    case Activation::relu:
      return g.node("Relu", {z});
    case Activation::leaky_relu:
      return g.node("LeakyRelu", {z}, {{"alpha", 0.01}});
    case Activation::elu:
      return g.node("Elu", {z}, {{"alpha", 1.0}});
    case Activation::tanh:
      return g.node("Tanh", {z});
    case Activation::sigmoid:
      return g.node("Sigmoid", {z});
    case Activation::softplus:
      return g.node("Softplus", {z});
    case Activation::gelu: {  // an operator of its own only from set 20
      const std::string erf = g.node("Erf", {g.node("Mul", {z, g.scalar(S(0.70710678118654752))})});
      return g.node("Mul", {g.node("Mul", {z, g.scalar(S{0.5})}), g.node("Add", {erf, g.scalar(S{1})})});
    }
  }
  return z;
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
