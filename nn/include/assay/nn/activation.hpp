// Activation functions of hidden layers with their derivatives. Used by Mlp. ReLU is no pass of its own: the products' epilogue does it.
// GELU is the exact form x Phi(x) (Hendrycks and Gimpel 2016), as in PyTorch's default. Pure functions, thread-safe.
#pragma once

#include "assay/nn/vec.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

enum class Activation { relu, tanh, sigmoid, gelu };

// Replaces n (padded) values in place by their activation; where `slope` is given it gets the derivative.
template <class S>
inline void activate(Activation kind, std::ptrdiff_t n, S* z, S* slope) {
  for (std::ptrdiff_t i = 0; i < n; i += kLanes<S>) {
    const Vec<S> x = load(z + i);
    Vec<S> value{}, derivative{};
    switch (kind) {
      case Activation::relu:
        value = x < S{0} ? Vec<S>{} : x;
        derivative = x > S{0} ? splat(S{1}) : Vec<S>{};
        break;
      case Activation::tanh:
        value = S{2} * logistic<S>(S{2} * x) - S{1};
        derivative = S{1} - value * value;
        break;
      case Activation::sigmoid:
        value = logistic<S>(x);
        derivative = value * (S{1} - value);
        break;
      case Activation::gelu: {
        const Vec<S> below = S{0.5} * (S{1} + error_function<S>(x * S(0.70710678118654752)));  // Phi(x)
        const Vec<S> density = S(0.39894228040143268) * exponential<S>(S{-0.5} * x * x);
        value = x * below;
        derivative = below + x * density;
        break;
      }
    }
    store(z + i, value);
    if (slope) store(slope + i, derivative);
  }
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
