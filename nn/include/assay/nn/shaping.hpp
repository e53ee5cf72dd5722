// Layers without arithmetic of their own: an activation alone, dropout, all times side by side, the last time. Used through a LayerSpec.
// Thread-safe (const).
#pragma once

#include "assay/nn/activation.hpp"
#include "assay/nn/layer.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

template <class S>
class ActivationLayer final : public Layer<S> {
 public:
  ActivationLayer(Shape in, Activation activation) : Layer<S>(in, in), activation_(activation) {}

  std::ptrdiff_t memory(std::ptrdiff_t batch) const override {
    return keeps_slope(activation_) ? this->out().time * batch * this->width() : 0;
  }
  std::string graph(const LayerGraph<S>& g, const std::string& x) const override { return activation_node(g, activation_, x); }
  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    for (std::ptrdiff_t r = 0; r < this->in().time * pass.batch; ++r) {
      std::copy_n(x.row(r), this->width(), y.row(r));
      S* const slope = pass.trains() && keeps_slope(activation_) ? pass.memory + r * this->width() : nullptr;
      activate(activation_, this->width(), y.row(r), slope);
    }
  }
  void backward(const Pass<S>& pass, Block<const S>, Block<const S>, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S*) const override {
    if (dx.data == nullptr) return;
    const std::ptrdiff_t rows = this->in().time * pass.batch;
    for (std::ptrdiff_t r = 0; r < rows; ++r) std::copy_n(dy.row(r), this->width(), dx.row(r));
    detail::apply_epilogue(below, rows, this->width(), dx);
  }
  Epilogue<S> fold(const Pass<S>& pass, Block<const S> y) const override { return folded(activation_, pass.memory, this->width(), y); }

 private:
  Activation activation_;
};

// Srivastava et al. (2014), inverted: in training a value is dropped with probability `rate`, the others grow by 1 / (1 - rate).
template <class S>
class DropoutLayer final : public Layer<S> {
 public:
  // stream: a number that no other dropout of the network has.
  DropoutLayer(Shape in, double rate, std::uint64_t stream) : Layer<S>(in, in), rate_(rate), stream_(stream) {
    if (!(rate >= 0 && rate < 1)) throw bad_input("a dropout's rate lies from 0 to below 1");
  }

  std::ptrdiff_t memory(std::ptrdiff_t batch) const override { return this->out().time * batch * this->width(); }  // the factors
  std::string graph(const LayerGraph<S>&, const std::string& x) const override { return x; }
  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    const std::ptrdiff_t rows = this->in().time * pass.batch, width = this->width();
    Random random = pass.learns() ? pass.random->child(stream_) : Random(0);
    const auto limit = static_cast<std::uint64_t>(rate_ * 0x1p32);
    const S kept = static_cast<S>(1 / (1 - rate_));
    for (std::ptrdiff_t r = 0; r < rows; ++r) {
      if (!pass.trains()) {
        std::copy_n(x.row(r), width, y.row(r));
        continue;
      }
      S* const factor = pass.memory + r * width;
      for (std::ptrdiff_t c = 0; c < this->in().features; ++c) {
        factor[c] = !pass.learns() ? S{1} : random.next32() < limit ? S{0} : kept;
        y.row(r)[c] = x.row(r)[c] * factor[c];
      }
      for (std::ptrdiff_t c = this->in().features; c < width; ++c) factor[c] = y.row(r)[c] = S{0};
    }
  }
  void backward(const Pass<S>& pass, Block<const S>, Block<const S>, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S*) const override {
    if (dx.data == nullptr) return;
    const std::ptrdiff_t rows = this->in().time * pass.batch, width = this->width();
    for (std::ptrdiff_t r = 0; r < rows; ++r) std::copy_n(dy.row(r), width, dx.row(r));
    detail::apply_epilogue(below, rows, width, dx);
  }
  Epilogue<S> fold(const Pass<S>& pass, Block<const S>) const override {
    Epilogue<S> e;
    e.kind = Epilogue<S>::times;
    e.other = pass.memory;
    e.other_stride = this->width();
    return e;
  }

 private:
  double rate_;
  std::uint64_t stream_;
};

// (time, features) to (1, time x features), the oldest time first.
template <class S>
class FlattenLayer final : public Layer<S> {
 public:
  explicit FlattenLayer(Shape in) : Layer<S>(in, {1, in.time * in.features}) {}

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    return this->in().time == 1 ? x : g.node("Flatten", {x}, {{"axis", 1}});
  }
  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    const std::ptrdiff_t n = this->in().features;
    for (std::ptrdiff_t t = 0; t < this->in().time; ++t)
      for (std::ptrdiff_t r = 0; r < pass.batch; ++r) std::copy_n(x.row(t * pass.batch + r), n, y.row(r) + t * n);
  }
  void backward(const Pass<S>& pass, Block<const S>, Block<const S>, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S*) const override {
    if (dx.data == nullptr) return;
    const std::ptrdiff_t n = this->in().features, width = padded<S>(n);
    for (std::ptrdiff_t t = 0; t < this->in().time; ++t)
      for (std::ptrdiff_t r = 0; r < pass.batch; ++r) {
        S* const to = dx.row(t * pass.batch + r);
        std::copy_n(dy.row(r) + t * n, n, to);
        detail::fill_zero(to + n, width - n);
      }
    detail::apply_epilogue(below, this->in().time * pass.batch, width, dx);
  }
};

// The last time alone.
template <class S>
class LastLayer final : public Layer<S> {
 public:
  explicit LastLayer(Shape in) : Layer<S>(in, {1, in.features}) {}

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    return this->in().time == 1 ? x : g.node("Gather", {x, g.graph().scalar(std::int64_t{-1})}, {{"axis", 1}});
  }
  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    for (std::ptrdiff_t r = 0; r < pass.batch; ++r) std::copy_n(x.row((this->in().time - 1) * pass.batch + r), this->width(), y.row(r));
  }
  void backward(const Pass<S>& pass, Block<const S>, Block<const S>, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S*) const override {
    if (dx.data == nullptr) return;
    const std::ptrdiff_t before = (this->in().time - 1) * pass.batch;
    for (std::ptrdiff_t r = 0; r < before; ++r) detail::fill_zero(dx.row(r), this->width());
    for (std::ptrdiff_t r = 0; r < pass.batch; ++r) std::copy_n(dy.row(r), this->width(), dx.row(before + r));
    detail::apply_epilogue(below, before + pass.batch, this->width(), dx);
  }
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
