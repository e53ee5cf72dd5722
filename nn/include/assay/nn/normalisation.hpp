// Batch normalisation (Ioffe and Szegedy 2015) over all rows of a batch, and layer normalisation (Ba et al. 2016) over the features of a
// row; both with gain and shift. The arithmetic is PyTorch's: divided by n inside a batch, by n - 1 in the running variance. Sums are taken
// in double. Used through a LayerSpec. Thread-safe (const).
#pragma once

#include <cmath>

#include "assay/nn/layer.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

template <class S>
class NormLayer : public Layer<S> {
 public:
  NormLayer(Shape in, double epsilon) : Layer<S>(in, in), epsilon_(epsilon) {}

  std::ptrdiff_t parameters() const override { return 2 * this->width(); }
  void initialise(S* parameters, S*, const Random&, std::optional<Initial>) const override { std::fill_n(parameters, features(), S{1}); }
  void arrays(const std::string& prefix, std::vector<Array>& out) const override {
    const std::ptrdiff_t width = this->width();
    out.push_back({prefix + "gain", 1, features(), 0, width, 1, width});
    out.push_back({prefix + "shift", 1, features(), width, width, 1, width});
  }

 protected:
  std::ptrdiff_t features() const { return this->in().features; }
  std::ptrdiff_t rows(const Pass<S>& pass) const { return this->in().time * pass.batch; }
  double epsilon_;
};

template <class S>
class BatchNormLayer final : public NormLayer<S> {
 public:
  BatchNormLayer(Shape in, double momentum, double epsilon) : NormLayer<S>(in, epsilon), momentum_(momentum) {}

  std::ptrdiff_t state() const override { return 2 * this->width(); }                 // running mean and variance
  std::ptrdiff_t memory(std::ptrdiff_t) const override { return 2 * this->width(); }  // mean and 1 / deviation of the batch
  void initialise(S* parameters, S* state, const Random& random, std::optional<Initial> named) const override {
    NormLayer<S>::initialise(parameters, state, random, named);
    std::fill_n(state + this->width(), this->features(), S{1});
  }
  void arrays(const std::string& prefix, std::vector<Array>& out) const override {
    NormLayer<S>::arrays(prefix, out);
    const std::ptrdiff_t width = this->width();
    out.push_back({prefix + "running_mean", 1, this->features(), 0, width, 1, width, true});
    out.push_back({prefix + "running_variance", 1, this->features(), width, width, 1, width, true});
  }

  // As forward() has it: (x - mean) * (gain / deviation) + shift, with the running mean and variance.
  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    const auto a = g.arrays(*this);  // gain, shift, running mean, running variance
    std::vector<S> factor;
    for (std::size_t c = 0; c < a[0].size(); ++c)
      factor.push_back(static_cast<S>(1 / std::sqrt(static_cast<double>(a[3][c]) + this->epsilon_)) * a[0][c]);
    const std::ptrdiff_t n = this->features();
    const std::string scaled = g.node("Mul", {g.node("Sub", {x, g.constant(a[2], {n})}), g.constant(factor, {n})});
    return g.node("Add", {scaled, g.constant(a[1], {n})});
  }

  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    const std::ptrdiff_t width = this->width(), rows = this->rows(pass);
    const S *gain = pass.parameters, *shift = gain + width;
    for (std::ptrdiff_t c = 0; c < this->features(); ++c) {
      double mean = pass.state[c], variance = pass.state[width + c];
      if (pass.learns()) {
        mean = variance = 0;
        for (std::ptrdiff_t r = 0; r < rows; ++r) mean += static_cast<double>(x.row(r)[c]);
        mean /= static_cast<double>(rows);
        for (std::ptrdiff_t r = 0; r < rows; ++r) variance += square(static_cast<double>(x.row(r)[c]) - mean);
        variance /= static_cast<double>(rows);
        const double unbiased = rows > 1 ? variance * static_cast<double>(rows) / static_cast<double>(rows - 1) : variance;
        pass.state[c] = static_cast<S>((1 - momentum_) * static_cast<double>(pass.state[c]) + momentum_ * mean);
        pass.state[width + c] = static_cast<S>((1 - momentum_) * static_cast<double>(pass.state[width + c]) + momentum_ * unbiased);
      }
      const double inverse = 1 / std::sqrt(variance + this->epsilon_);
      if (pass.trains()) {
        pass.memory[c] = static_cast<S>(mean);
        pass.memory[width + c] = static_cast<S>(inverse);
      }
      const S factor = static_cast<S>(inverse) * gain[c], at = static_cast<S>(mean);
      for (std::ptrdiff_t r = 0; r < rows; ++r) y.row(r)[c] = (x.row(r)[c] - at) * factor + shift[c];
    }
  }

  void backward(const Pass<S>& pass, Block<const S> x, Block<const S>, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S* gradients) const override {
    const std::ptrdiff_t width = this->width(), rows = this->rows(pass);
    detail::fill_zero(gradients, 2 * width);
    for (std::ptrdiff_t c = 0; c < this->features(); ++c) {
      const double mean = static_cast<double>(pass.memory[c]), inverse = static_cast<double>(pass.memory[width + c]);
      double sum = 0, dot = 0;
      for (std::ptrdiff_t r = 0; r < rows; ++r) {
        const double d = static_cast<double>(dy.row(r)[c]);
        sum += d;
        dot += d * (static_cast<double>(x.row(r)[c]) - mean) * inverse;
      }
      gradients[c] = static_cast<S>(dot);
      gradients[width + c] = static_cast<S>(sum);
      if (dx.data == nullptr) continue;
      const double factor = static_cast<double>(pass.parameters[c]) * inverse, n = static_cast<double>(rows);
      for (std::ptrdiff_t r = 0; r < rows; ++r) {
        const double unit = (static_cast<double>(x.row(r)[c]) - mean) * inverse;
        const double moved = pass.learns() ? sum / n + unit * dot / n : 0;  // the batch's own mean and deviation move with x
        dx.row(r)[c] = static_cast<S>(factor * (static_cast<double>(dy.row(r)[c]) - moved));
      }
    }
    if (dx.data == nullptr) return;
    for (std::ptrdiff_t r = 0; r < rows; ++r) detail::fill_zero(dx.row(r) + this->features(), width - this->features());
    detail::apply_epilogue(below, rows, width, dx);
  }

 private:
  static double square(double v) { return v * v; }
  double momentum_;
};

template <class S>
class LayerNormLayer final : public NormLayer<S> {
 public:
  using NormLayer<S>::NormLayer;

  std::ptrdiff_t memory(std::ptrdiff_t batch) const override { return padded<S>(2 * this->in().time * batch); }

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    const auto a = g.arrays(*this);
    const std::ptrdiff_t n = this->features();
    return g.node("LayerNormalization", {x, g.constant(a[0], {n}), g.constant(a[1], {n})}, {{"axis", -1}, {"epsilon", this->epsilon_}});
  }

  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    const std::ptrdiff_t n = this->features();
    const S *gain = pass.parameters, *shift = gain + this->width();
    for (std::ptrdiff_t r = 0; r < this->rows(pass); ++r) {
      double mean = 0, variance = 0;
      for (std::ptrdiff_t c = 0; c < n; ++c) mean += static_cast<double>(x.row(r)[c]);
      mean /= static_cast<double>(n);
      for (std::ptrdiff_t c = 0; c < n; ++c) {
        const double d = static_cast<double>(x.row(r)[c]) - mean;
        variance += d * d;
      }
      const double inverse = 1 / std::sqrt(variance / static_cast<double>(n) + this->epsilon_);
      if (pass.trains()) {
        pass.memory[2 * r] = static_cast<S>(mean);
        pass.memory[2 * r + 1] = static_cast<S>(inverse);
      }
      const S at = static_cast<S>(mean), factor = static_cast<S>(inverse);
      for (std::ptrdiff_t c = 0; c < n; ++c) y.row(r)[c] = (x.row(r)[c] - at) * factor * gain[c] + shift[c];
    }
  }

  void backward(const Pass<S>& pass, Block<const S> x, Block<const S>, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S* gradients) const override {
    const std::ptrdiff_t n = this->features(), width = this->width(), rows = this->rows(pass);
    detail::fill_zero(gradients, 2 * width);
    for (std::ptrdiff_t r = 0; r < rows; ++r) {
      const S at = pass.memory[2 * r], factor = pass.memory[2 * r + 1];
      double sum = 0, dot = 0;
      for (std::ptrdiff_t c = 0; c < n; ++c) {
        const S unit = (x.row(r)[c] - at) * factor, d = dy.row(r)[c];
        gradients[c] += d * unit;
        gradients[width + c] += d;
        sum += static_cast<double>(d * pass.parameters[c]);
        dot += static_cast<double>(d * pass.parameters[c] * unit);
      }
      if (dx.data == nullptr) continue;
      const S mean = static_cast<S>(sum / static_cast<double>(n)), slope = static_cast<S>(dot / static_cast<double>(n));
      for (std::ptrdiff_t c = 0; c < n; ++c) {
        const S unit = (x.row(r)[c] - at) * factor;
        dx.row(r)[c] = factor * (dy.row(r)[c] * pass.parameters[c] - mean - unit * slope);
      }
      detail::fill_zero(dx.row(r) + n, width - n);
    }
    if (dx.data != nullptr) detail::apply_epilogue(below, rows, width, dx);
  }
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
