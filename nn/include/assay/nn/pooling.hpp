// Pooling over windows of time: the largest or the mean value of each feature. Whole windows only, as PyTorch's MaxPool1d and AvgPool1d
// without padding; the first of equal maxima gets the gradient. Used through a LayerSpec. Thread-safe (const).
#pragma once

#include "assay/nn/layer.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

enum class Pooling { max, average };

template <class S>
class PoolLayer final : public Layer<S> {
 public:
  PoolLayer(Shape in, Pooling kind, std::ptrdiff_t size, std::ptrdiff_t stride)
      : Layer<S>(in, {times(in, size, stride), in.features}), kind_(kind), size_(size), stride_(stride) {}

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    const bool mean = kind_ == Pooling::average;
    if (this->in().time == 1) return x;
    if (size_ == this->in().time) return g.node(mean ? "ReduceMean" : "ReduceMax", {x}, {{"axes", {1}}, {"keepdims", 0}});
    const std::string by_channel = g.node("Transpose", {x}, {{"perm", {0, 2, 1}}});
    const std::string pooled = g.node(mean ? "AveragePool" : "MaxPool", {by_channel}, {{"kernel_shape", {size_}}, {"strides", {stride_}}});
    return g.without_times(g.node("Transpose", {pooled}, {{"perm", {0, 2, 1}}}), this->out());
  }

  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    for_windows(pass.batch, [&](std::ptrdiff_t first, std::ptrdiff_t out, std::ptrdiff_t c) {
      Vec<S> all = load(x.row(first) + c);
      for (std::ptrdiff_t k = 1; k < size_; ++k) {
        const Vec<S> v = load(x.row(first + k * pass.batch) + c);
        all = kind_ == Pooling::average ? all + v : v > all ? v : all;
      }
      if (kind_ == Pooling::average) all /= splat(static_cast<S>(size_));
      store(y.row(out) + c, all);
    });
  }

  void backward(const Pass<S>& pass, Block<const S> x, Block<const S> y, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S*) const override {
    if (dx.data == nullptr) return;
    const std::ptrdiff_t rows = this->in().time * pass.batch;
    for (std::ptrdiff_t r = 0; r < rows; ++r) detail::fill_zero(dx.row(r), this->width());
    for_windows(pass.batch, [&](std::ptrdiff_t first, std::ptrdiff_t out, std::ptrdiff_t c) {
      Vec<S> left = load(dy.row(out) + c);
      if (kind_ == Pooling::average) left /= splat(static_cast<S>(size_));
      const Vec<S> largest = load(y.row(out) + c);
      for (std::ptrdiff_t k = 0; k < size_; ++k) {
        S* const to = dx.row(first + k * pass.batch) + c;
        if (kind_ == Pooling::average) {
          store(to, load(to) + left);
          continue;
        }
        const auto here = load(x.row(first + k * pass.batch) + c) == largest;
        store(to, load(to) + (here ? left : Vec<S>{}));
        left = here ? Vec<S>{} : left;
      }
    });
    detail::apply_epilogue(below, rows, this->width(), dx);
  }

 private:
  static std::ptrdiff_t times(Shape in, std::ptrdiff_t size, std::ptrdiff_t stride) {
    if (size <= 0 || stride <= 0 || size > in.time)
      throw bad_input("a pool of " + std::to_string(size) + " times does not fit into " + std::to_string(in.time));
    return (in.time - size) / stride + 1;
  }

  // f(first row of the window, row of the output, first column of a vector)
  template <class F>
  void for_windows(std::ptrdiff_t batch, F&& f) const {
    for (std::ptrdiff_t t = 0; t < this->out().time; ++t)
      for (std::ptrdiff_t r = 0; r < batch; ++r)
        for (std::ptrdiff_t c = 0; c < this->width(); c += kLanes<S>) f(t * stride_ * batch + r, t * batch + r, c);
  }

  Pooling kind_;
  std::ptrdiff_t size_, stride_;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
