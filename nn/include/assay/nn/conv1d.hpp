// A convolution over time with its activation: y[t] = b + sum over taps k of x[t + k dilation - left] W_k. `valid` takes only whole
// windows; `same` and `causal` pad with zeros and keep the number of times (causal: y[t] sees x[..t] alone). As PyTorch's Conv1d, whose
// weight (filters, channels, width) is here (width x channels) x filters. One product a stretch of times that see the same taps: no copies
// of windows. Used through a LayerSpec. Thread-safe (const).
#pragma once

#include "assay/nn/dense.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

enum class Padding { valid, same, causal };

struct ConvShape {
  std::ptrdiff_t filters = 0, width = 3, dilation = 1;
  Padding padding = Padding::causal;
};

template <class S, class Products>
class Conv1dLayer final : public Layer<S> {
 public:
  static constexpr std::ptrdiff_t kMaxWidth = 64;

  Conv1dLayer(Shape in, const ConvShape& shape, Activation activation)
      : Layer<S>(in, {times(in, shape), shape.filters}), shape_(shape), activation_(activation) {
    const std::ptrdiff_t span = (shape.width - 1) * shape.dilation;
    left_ = shape.padding == Padding::valid ? 0 : shape.padding == Padding::same ? span / 2 : span;
    forward_ = stretches(this->out().time, in.time, 1);
    backward_ = stretches(in.time, this->out().time, -1);
  }

  std::ptrdiff_t parameters() const override { return (shape_.width * channels() + 1) * this->width(); }
  std::ptrdiff_t memory(std::ptrdiff_t batch) const override {
    return keeps_slope(activation_) ? this->out().time * batch * this->width() : 0;
  }
  std::ptrdiff_t scratch(std::ptrdiff_t, bool trains) const override {
    return trains ? shape_.width * this->width() * padded<S>(channels()) : 0;
  }

  void initialise(S* parameters, S*, const Random& random, std::optional<Initial> named) const override {
    draw_weights(named.value_or(usual_initial(activation_)), shape_.width * channels(), this->out().features, parameters, this->width(),
                 random);
  }
  void arrays(const std::string& prefix, std::vector<Array>& out) const override {
    const std::ptrdiff_t width = this->width(), rows = shape_.width * channels();
    out.push_back({prefix + "weight", rows, this->out().features, 0, width, 1, width});
    out.push_back({prefix + "bias", 1, this->out().features, rows * width, width, 1, width});
  }

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    const auto a = g.arrays(*this);
    const std::ptrdiff_t filters = this->out().features, width = shape_.width;
    std::vector<S> weight;  // filters x channels x width
    for (std::ptrdiff_t f = 0; f < filters; ++f)
      for (std::ptrdiff_t c = 0; c < channels(); ++c)
        for (std::ptrdiff_t k = 0; k < width; ++k) weight.push_back(a[0][static_cast<std::size_t>((k * channels() + c) * filters + f)]);
    const std::ptrdiff_t padding = shape_.padding == Padding::valid ? 0 : (width - 1) * shape_.dilation;
    const std::string by_channel = g.node("Transpose", {g.with_times(x, this->in())}, {{"perm", {0, 2, 1}}});
    const std::string sums =
        g.node("Conv", {by_channel, g.constant(weight, {filters, channels(), width}), g.constant(a[1], {filters})},
               {{"kernel_shape", {width}}, {"dilations", {shape_.dilation}}, {"strides", {1}}, {"pads", {left_, padding - left_}}});
    const std::string by_time = g.node("Transpose", {sums}, {{"perm", {0, 2, 1}}});
    return activation_node(g, activation_, g.without_times(by_time, this->out()));
  }

  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    const std::ptrdiff_t width = this->width();
    Epilogue<S> epilogue;
    epilogue.bias = pass.parameters + shape_.width * channels() * width;
    if (activation_ == Activation::relu) epilogue.kind = Epilogue<S>::relu;
    for (const Stretch& s : forward_) {
      Term<S> terms[kMaxWidth];
      std::ptrdiff_t n = 0;
      for (std::ptrdiff_t k = s.first_tap; k <= s.last_tap; ++k)
        terms[n++] = {x.row((s.time + k * shape_.dilation - left_) * pass.batch),
                      x.stride,
                      1,
                      pass.parameters + k * channels() * width,
                      width,
                      channels()};
      Products::multiply({s.times * pass.batch, width, terms, n, y.row(s.time * pass.batch), y.stride}, epilogue);
    }
    if (!keeps_slope(activation_)) return;
    for (std::ptrdiff_t r = 0; r < this->out().time * pass.batch; ++r)
      activate(activation_, width, y.row(r), pass.trains() ? pass.memory + r * width : nullptr);
  }

  void backward(const Pass<S>& pass, Block<const S> x, Block<const S>, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S* gradients) const override {
    const std::ptrdiff_t width = this->width(), below_width = padded<S>(channels()), batch = pass.batch;
    for (std::ptrdiff_t k = 0; k < shape_.width; ++k) {
      const std::ptrdiff_t shift = k * shape_.dilation - left_;
      const std::ptrdiff_t first = std::max<std::ptrdiff_t>(0, -shift), last = std::min(this->out().time, this->in().time - shift);
      const bool meets = first < last;
      const Term<S> term{meets ? x.row((first + shift) * batch) : x.data, 1,         x.stride,
                         meets ? dy.row(first * batch) : dy.data,         dy.stride, meets ? (last - first) * batch : 0};
      Products::multiply({channels(), width, &term, 1, gradients + k * channels() * width, width}, {});
    }
    detail::column_sums<S>(this->out().time * batch, width, dy, gradients + shape_.width * channels() * width);
    if (dx.data == nullptr) return;
    for (std::ptrdiff_t k = 0; k < shape_.width; ++k)
      transpose(channels(), width, pass.parameters + k * channels() * width, width, pass.scratch + k * width * below_width, below_width);
    for (const Stretch& s : backward_) {
      Term<S> terms[kMaxWidth];
      std::ptrdiff_t n = 0;
      for (std::ptrdiff_t k = s.first_tap; k <= s.last_tap; ++k)
        terms[n++] = {dy.row((s.time - k * shape_.dilation + left_) * batch),
                      dy.stride,
                      1,
                      pass.scratch + k * width * below_width,
                      below_width,
                      this->out().features};
      Epilogue<S> there = below;
      if (there.other != nullptr) there.other += s.time * batch * there.other_stride;
      Products::multiply({s.times * batch, below_width, terms, n, dx.row(s.time * batch), dx.stride}, there);
    }
  }

  Epilogue<S> fold(const Pass<S>& pass, Block<const S> y) const override { return folded(activation_, pass.memory, this->width(), y); }

 private:
  // Consecutive times of one side that meet the same taps of the other side.
  struct Stretch {
    std::ptrdiff_t time, times, first_tap, last_tap;  // last < first: none
  };

  static std::ptrdiff_t times(Shape in, const ConvShape& shape) {
    if (in.features <= 0 || shape.filters <= 0 || shape.width <= 0 || shape.width > kMaxWidth || shape.dilation <= 0)
      throw bad_input("a convolution needs channels, filters, a width of at most " + std::to_string(kMaxWidth) + " and a dilation");
    const std::ptrdiff_t out = shape.padding == Padding::valid ? in.time - (shape.width - 1) * shape.dilation : in.time;
    if (out <= 0)
      throw bad_input("a convolution of width " + std::to_string(shape.width) + " and dilation " + std::to_string(shape.dilation) +
                      " has no whole window in " + std::to_string(in.time) + " times; make it narrower or the lookback longer");
    return out;
  }

  // sign 1: times of the output meet inputs t + shift; -1: times of the input meet outputs t - shift.
  std::vector<Stretch> stretches(std::ptrdiff_t times, std::ptrdiff_t others, std::ptrdiff_t sign) const {
    std::vector<Stretch> list;
    for (std::ptrdiff_t t = 0; t < times; ++t) {
      std::ptrdiff_t first = shape_.width, last = -1;
      for (std::ptrdiff_t k = 0; k < shape_.width; ++k) {
        const std::ptrdiff_t other = t + sign * (k * shape_.dilation - left_);
        if (other < 0 || other >= others) continue;
        first = std::min(first, k);
        last = k;
      }
      if (!list.empty() && list.back().first_tap == first && list.back().last_tap == last)
        ++list.back().times;
      else
        list.push_back({t, 1, first, last});
    }
    return list;
  }

  std::ptrdiff_t channels() const { return this->in().features; }

  ConvShape shape_;
  Activation activation_;
  std::ptrdiff_t left_ = 0;
  std::vector<Stretch> forward_, backward_;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
