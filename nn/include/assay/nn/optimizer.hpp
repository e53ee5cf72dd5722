// Optimisers over one block of parameters, each a single pass: SGD with momentum, plain or Nesterov's (Sutskever et al. 2013), RMSprop
// (Tieleman and Hinton 2012), Adam (Kingma and Ba 2015), AdamW (Loshchilov and Hutter 2019), with weight decay and clipping by the global
// norm (Pascanu et al. 2013). The arithmetic is PyTorch's. Weight decay takes every parameter, biases too; for all but AdamW it is added to
// the gradient, there it shrinks the parameter. Used by network plugins. Planned once, no allocation in update(). One thread.
#pragma once

#include <cmath>
#include <cstdint>

#include "assay/nn/arena.hpp"
#include "assay/nn/vec.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

enum class OptimizerKind { sgd, adam, adamw, rmsprop };

struct OptimizerSpec {
  OptimizerKind kind = OptimizerKind::adam;
  double learning_rate = 1e-3;
  double momentum = 0;      // sgd, rmsprop
  bool nesterov = false;    // sgd
  double smoothing = 0.99;  // rmsprop: decay of the mean squared gradient
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0;
  double clip_norm = 0;  // 0: none
};

template <class S>
class Optimizer {
 public:
  Optimizer() = default;
  Optimizer(const OptimizerSpec& spec, std::size_t size)  // size: padded
      : spec_(spec),
        first_(static_cast<std::ptrdiff_t>(size)),
        second_(spec.kind == OptimizerKind::sgd ? 0 : static_cast<std::ptrdiff_t>(size)) {}

  // One step on parameters with these gradients (both of the planned size, aligned). rate_factor: the schedule's.
  void update(S* parameters, const S* gradients, double rate_factor) {
    ++steps_;
    const double rate = spec_.learning_rate * rate_factor;
    const S scale = spec_.clip_norm > 0 ? static_cast<S>(clip_factor(gradients)) : S{1};
    if (spec_.kind == OptimizerKind::sgd)
      sgd(parameters, gradients, scale, static_cast<S>(rate));
    else if (spec_.kind == OptimizerKind::rmsprop)
      rmsprop(parameters, gradients, scale, static_cast<S>(rate));
    else
      adam(parameters, gradients, scale, rate);
  }

  // What resuming needs, beside the parameters.
  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }
  Arena<S>& first() { return first_; }  // momentum, or the mean of gradients
  const Arena<S>& first() const { return first_; }
  Arena<S>& second() { return second_; }  // mean of squared gradients; empty for sgd
  const Arena<S>& second() const { return second_; }

 private:
  std::size_t size() const { return first_.size(); }

  double clip_factor(const S* gradients) const {
    Vec<S> sum{};
    for (std::size_t i = 0; i < size(); i += kLanes<S>) {
      const Vec<S> g = load(gradients + i);
      sum += g * g;
    }
    const double factor = spec_.clip_norm / (std::sqrt(lane_sum<S>(sum)) + 1e-6);
    return factor < 1 ? factor : 1;
  }

  void sgd(S* parameters, const S* gradients, S scale, S rate) {
    const S decay = static_cast<S>(spec_.weight_decay), momentum = static_cast<S>(spec_.momentum);
    S* const first = first_.data();
    for (std::size_t i = 0; i < size(); i += kLanes<S>) {
      const Vec<S> p = load(parameters + i);
      const Vec<S> g = scale * load(gradients + i) + decay * p, m = momentum * load(first + i) + g;
      store(first + i, m);
      store(parameters + i, p - rate * (spec_.nesterov ? g + momentum * m : m));
    }
  }

  void rmsprop(S* parameters, const S* gradients, S scale, S rate) {
    const S decay = static_cast<S>(spec_.weight_decay), momentum = static_cast<S>(spec_.momentum);
    const S keep = static_cast<S>(spec_.smoothing), rest = static_cast<S>(1 - spec_.smoothing), epsilon = static_cast<S>(spec_.epsilon);
    S* const first = first_.data();
    S* const second = second_.data();
    for (std::size_t i = 0; i < size(); i += kLanes<S>) {
      const Vec<S> p = load(parameters + i), g = scale * load(gradients + i) + decay * p;
      const Vec<S> v = keep * load(second + i) + rest * (g * g);
      const Vec<S> m = momentum * load(first + i) + g / (square_root<S>(v) + epsilon);
      store(second + i, v);
      store(first + i, m);
      store(parameters + i, p - rate * m);
    }
  }

  void adam(S* parameters, const S* gradients, S scale, double rate) {
    const auto t = static_cast<double>(steps_);
    const bool decoupled = spec_.kind == OptimizerKind::adamw;
    const S decay = decoupled ? S{0} : static_cast<S>(spec_.weight_decay);
    const S keep = static_cast<S>(decoupled ? 1 - rate * spec_.weight_decay : 1.0);
    const S step = static_cast<S>(rate / (1 - std::pow(spec_.beta1, t)));
    const S inverse = static_cast<S>(1 / std::sqrt(1 - std::pow(spec_.beta2, t)));
    const S beta1 = static_cast<S>(spec_.beta1), beta2 = static_cast<S>(spec_.beta2), epsilon = static_cast<S>(spec_.epsilon);
    const S rest1 = static_cast<S>(1 - spec_.beta1), rest2 = static_cast<S>(1 - spec_.beta2);
    S* const first = first_.data();
    S* const second = second_.data();
    for (std::size_t i = 0; i < size(); i += kLanes<S>) {
      const Vec<S> p = load(parameters + i), g = scale * load(gradients + i) + decay * p;
      const Vec<S> m = beta1 * load(first + i) + rest1 * g;
      const Vec<S> v = beta2 * load(second + i) + rest2 * (g * g);
      store(first + i, m);
      store(second + i, v);
      store(parameters + i, keep * p - step * m / (square_root<S>(v) * inverse + epsilon));
    }
  }

  OptimizerSpec spec_;
  std::int64_t steps_ = 0;
  Arena<S> first_, second_;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
