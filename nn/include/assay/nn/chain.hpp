// Layers one after another, and the layers that hold others: a residual block, a cell read in both directions. A chain is a layer itself.
// Used by Network and LayerSpec. Thread-safe (const).
#pragma once

#include <cmath>
#include <limits>
#include <memory>

#include "assay/nn/layer.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

template <class S>
using LayerPtr = std::shared_ptr<const Layer<S>>;

template <class S>
class Chain final : public Layer<S> {
 public:
  explicit Chain(std::vector<LayerPtr<S>> layers) : Layer<S>(layers.front()->in(), layers.back()->out()), layers_(std::move(layers)) {
    for (const auto& layer : layers_) {
      places_.push_back({parameters_, state_});
      parameters_ += layer->parameters();
      state_ += layer->state();
    }
  }

  const std::vector<LayerPtr<S>>& layers() const { return layers_; }
  std::ptrdiff_t parameters() const override { return parameters_; }
  std::ptrdiff_t state() const override { return state_; }
  // Each layer's own memory, and the values between layers with their gradients.
  std::ptrdiff_t memory(std::ptrdiff_t batch) const override {
    std::ptrdiff_t all = 0;
    for (std::size_t i = 0; i < layers_.size(); ++i) all += layers_[i]->memory(batch) + (i + 1 < layers_.size() ? 2 * size(i, batch) : 0);
    return all;
  }
  // The largest layer's; in a prediction two blocks take turns as well.
  std::ptrdiff_t scratch(std::ptrdiff_t batch, bool trains) const override {
    std::ptrdiff_t most = 0;
    for (const auto& layer : layers_) most = std::max(most, layer->scratch(batch, trains));
    return most + (trains ? 0 : 2 * largest(batch));
  }

  void initialise(S* parameters, S* state, const Random& random, std::optional<Initial> named) const override {
    for (std::size_t i = 0; i < layers_.size(); ++i)
      layers_[i]->initialise(parameters + places_[i].parameters, state + places_[i].state, random.child(i), named);
  }
  void arrays(const std::string& prefix, std::vector<Array>& out) const override {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const std::size_t before = out.size();
      layers_[i]->arrays(prefix + "layer" + std::to_string(i) + ".", out);
      for (std::size_t k = before; k < out.size(); ++k) out[k].offset += out[k].is_state ? places_[i].state : places_[i].parameters;
    }
  }

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    std::string value = x;
    for (std::size_t i = 0; i < layers_.size(); ++i) value = layers_[i]->graph(g.inner(places_[i].parameters, places_[i].state), value);
    return value;
  }

  bool takes_bare_rows() const override { return layers_.front()->takes_bare_rows(); }

  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    S* memory = pass.memory;
    S* const turns = pass.scratch;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      Pass<S> own = pass_of(i, pass, memory);
      Block<S> to = y;
      if (i + 1 < layers_.size()) {
        to = {pass.trains() ? memory + layers_[i]->memory(pass.batch) : turns + static_cast<std::ptrdiff_t>(i % 2) * largest(pass.batch),
              layers_[i]->width()};
      }
      if (!pass.trains()) own.scratch = turns + 2 * largest(pass.batch);
      layers_[i]->forward(own, x, to);
      x = to;
      if (pass.trains()) memory += held(i, pass.batch);
    }
  }

  void backward(const Pass<S>& pass, Block<const S> x, Block<const S> y, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S* gradients) const override {
    S* memory = pass.memory;
    for (std::size_t i = 0; i + 1 < layers_.size(); ++i) memory += held(i, pass.batch);
    for (std::size_t i = layers_.size(); i-- > 0;) {
      const Pass<S> own = pass_of(i, pass, memory);
      Block<const S> from = x;
      Block<S> into = dx;
      Epilogue<S> through = below;
      if (i > 0) {
        memory -= held(i - 1, pass.batch);
        const Block<S> values{memory + layers_[i - 1]->memory(pass.batch), layers_[i - 1]->width()};
        from = values;
        into = {values.data + size(i - 1, pass.batch), values.stride};
        through = layers_[i - 1]->fold(pass_of(i - 1, pass, memory), from);
      }
      layers_[i]->backward(own, from, y, dy, into, through, gradients + places_[i].parameters);
      y = from;
      dy = into;
    }
  }

  // After a pass that kept its values, of which `y` came out: the first layer that gives something that is no number.
  std::optional<std::size_t> first_broken(const Pass<S>& pass, Block<const S> y) const {
    const S* memory = pass.memory;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const bool last = i + 1 == layers_.size();
      const Block<const S> values{last ? y.data : memory + layers_[i]->memory(pass.batch), last ? y.stride : layers_[i]->width()};
      const Shape shape = layers_[i]->out();
      for (std::ptrdiff_t r = 0; r < shape.time * pass.batch; ++r)
        for (std::ptrdiff_t c = 0; c < shape.features; ++c)
          if (!std::isfinite(values.row(r)[c])) return i;
      if (!last) memory += held(i, pass.batch);
    }
    return std::nullopt;
  }

  Epilogue<S> fold(const Pass<S>& pass, Block<const S> y) const override {
    S* memory = pass.memory;
    for (std::size_t i = 0; i + 1 < layers_.size(); ++i) memory += held(i, pass.batch);
    return layers_.back()->fold(pass_of(layers_.size() - 1, pass, memory), y);
  }

 private:
  struct Place {
    std::ptrdiff_t parameters, state;
  };

  std::ptrdiff_t size(std::size_t i, std::ptrdiff_t batch) const { return layers_[i]->out().time * batch * layers_[i]->width(); }
  std::ptrdiff_t held(std::size_t i, std::ptrdiff_t batch) const { return layers_[i]->memory(batch) + 2 * size(i, batch); }
  std::ptrdiff_t largest(std::ptrdiff_t batch) const {
    std::ptrdiff_t most = 0;
    for (std::size_t i = 0; i + 1 < layers_.size(); ++i) most = std::max(most, size(i, batch));
    return most;
  }
  Pass<S> pass_of(std::size_t i, const Pass<S>& pass, S* memory) const {
    Pass<S> own = pass;
    own.parameters += places_[i].parameters;
    own.state += places_[i].state;
    own.memory = pass.trains() ? memory : nullptr;
    return own;
  }

  std::vector<LayerPtr<S>> layers_;
  std::vector<Place> places_;
  std::ptrdiff_t parameters_ = 0, state_ = 0;
};

// y = shortcut(x) + body(x); the shortcut is x itself, or a layer where the features differ (He et al. 2016).
template <class S>
class ResidualLayer final : public Layer<S> {
 public:
  ResidualLayer(LayerPtr<S> body, LayerPtr<S> shortcut)
      : Layer<S>(body->in(), body->out()), body_(std::move(body)), shortcut_(std::move(shortcut)) {
    const Shape own = body_->out(), other = shortcut_ ? shortcut_->out() : body_->in();
    if (own.time != other.time || own.features != other.features)
      throw bad_input("a residual block's body has to give as many times as it takes: pad its convolutions (same or causal)");
  }

  std::ptrdiff_t parameters() const override { return body_->parameters() + (shortcut_ ? shortcut_->parameters() : 0); }
  std::ptrdiff_t state() const override { return body_->state(); }
  std::ptrdiff_t memory(std::ptrdiff_t batch) const override {
    return body_->memory(batch) + 2 * size(batch) + (shortcut_ ? shortcut_->memory(batch) : 0);
  }
  std::ptrdiff_t scratch(std::ptrdiff_t batch, bool trains) const override {
    const std::ptrdiff_t short_cut = shortcut_ ? shortcut_->scratch(batch, trains) : 0;
    return std::max(body_->scratch(batch, trains), short_cut) +
           (trains ? this->in().time * batch * padded<S>(this->in().features) : size(batch));
  }
  void initialise(S* parameters, S* state, const Random& random, std::optional<Initial> named) const override {
    body_->initialise(parameters, state, random.child(0), named);
    if (shortcut_) shortcut_->initialise(parameters + body_->parameters(), state, random.child(1), named);
  }
  void arrays(const std::string& prefix, std::vector<Array>& out) const override {
    body_->arrays(prefix, out);
    const std::size_t before = out.size();
    if (shortcut_) shortcut_->arrays(prefix + "shortcut.", out);
    for (std::size_t k = before; k < out.size(); ++k) out[k].offset += body_->parameters();
  }

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    const std::string straight = shortcut_ ? shortcut_->graph(g.inner(body_->parameters(), 0), x) : x;
    return g.node("Add", {straight, body_->graph(g, x)});
  }

  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    const Block<S> inner{pass.trains() ? pass.memory + body_->memory(pass.batch) : pass.scratch, this->width()};
    Pass<S> own = pass;
    if (!pass.trains()) own.scratch += size(pass.batch);
    body_->forward(own, x, inner);
    if (shortcut_)
      shortcut_->forward(of_shortcut(own), x, y);
    else
      for (std::ptrdiff_t r = 0; r < rows(pass); ++r) std::copy_n(x.row(r), this->out().features, y.row(r));
    for (std::ptrdiff_t r = 0; r < rows(pass); ++r)
      for (std::ptrdiff_t c = 0; c < this->out().features; ++c) y.row(r)[c] += inner.row(r)[c];
  }

  void backward(const Pass<S>& pass, Block<const S> x, Block<const S> y, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S* gradients) const override {
    const Block<S> inner{pass.memory + body_->memory(pass.batch), this->width()}, down{inner.data + size(pass.batch), this->width()};
    const Epilogue<S> through = body_->fold(pass, inner);
    for (std::ptrdiff_t r = 0; r < rows(pass); ++r) std::copy_n(dy.row(r), this->width(), down.row(r));
    detail::apply_epilogue(through, rows(pass), this->width(), down);
    const std::ptrdiff_t below_width = padded<S>(this->in().features), in_rows = this->in().time * pass.batch;
    Pass<S> own = pass;
    Block<S> other{};
    if (dx.data != nullptr) {
      other = {pass.scratch, below_width};
      own.scratch += in_rows * below_width;
    }
    body_->backward(own, x, inner, down, other, {}, gradients);
    if (shortcut_) shortcut_->backward(of_shortcut(own), x, y, dy, dx, {}, gradients + body_->parameters());
    if (dx.data == nullptr) return;
    const Block<S> straight = shortcut_ ? dx : dy;
    for (std::ptrdiff_t r = 0; r < in_rows; ++r)
      for (std::ptrdiff_t c = 0; c < below_width; c += kLanes<S>)
        store(dx.row(r) + c, below.apply(r, c, load(straight.row(r) + c) + load(other.row(r) + c)));
  }

 private:
  std::ptrdiff_t size(std::ptrdiff_t batch) const { return this->out().time * batch * this->width(); }
  std::ptrdiff_t rows(const Pass<S>& pass) const { return this->out().time * pass.batch; }
  Pass<S> of_shortcut(Pass<S> pass) const {
    pass.parameters += body_->parameters();
    if (pass.trains()) pass.memory += body_->memory(pass.batch) + 2 * size(pass.batch);
    return pass;
  }

  LayerPtr<S> body_, shortcut_;
};

// One cell reads the times forward, another backward; their outputs stand side by side (Schuster and Paliwal 1997).
template <class S>
class BidirectionalLayer final : public Layer<S> {
 public:
  BidirectionalLayer(LayerPtr<S> ahead, LayerPtr<S> back)
      : Layer<S>(ahead->in(), {ahead->out().time, 2 * ahead->out().features}), ahead_(std::move(ahead)), back_(std::move(back)) {}

  std::ptrdiff_t parameters() const override { return ahead_->parameters() + back_->parameters(); }
  // Both cells', the reversed input, both outputs with their gradients.
  std::ptrdiff_t memory(std::ptrdiff_t batch) const override {
    return ahead_->memory(batch) + back_->memory(batch) + in_size(batch) + 4 * half(batch);
  }
  std::ptrdiff_t scratch(std::ptrdiff_t batch, bool trains) const override {
    return std::max(ahead_->scratch(batch, trains), back_->scratch(batch, trains)) +
           (trains ? 2 * in_size(batch) : in_size(batch) + 2 * half(batch));
  }
  void initialise(S* parameters, S* state, const Random& random, std::optional<Initial> named) const override {
    ahead_->initialise(parameters, state, random.child(0), named);
    back_->initialise(parameters + ahead_->parameters(), state, random.child(1), named);
  }
  void arrays(const std::string& prefix, std::vector<Array>& out) const override {
    ahead_->arrays(prefix + "forward.", out);
    const std::size_t before = out.size();
    back_->arrays(prefix + "backward.", out);
    for (std::size_t k = before; k < out.size(); ++k) out[k].offset += ahead_->parameters();
  }

  std::string graph(const LayerGraph<S>& g, const std::string& x) const override {
    const auto reversed = [&](const std::string& value, Shape shape) {
      if (shape.time == 1) return value;
      const std::string beyond = g.indices({std::numeric_limits<std::int64_t>::min()});
      return g.node("Slice", {value, g.indices({-1}), beyond, g.indices({1}), g.indices({-1})});
    };
    const std::string back = back_->graph(g.inner(ahead_->parameters(), 0), reversed(x, this->in()));
    return g.node("Concat", {ahead_->graph(g, x), reversed(back, this->out())}, {{"axis", -1}});
  }

  void forward(const Pass<S>& pass, Block<const S> x, Block<S> y) const override {
    const Kept kept = kept_of(pass);
    Pass<S> own = pass;
    if (!pass.trains()) own.scratch += in_size(pass.batch) + 2 * half(pass.batch);
    reverse(pass.batch, this->in(), x, kept.reversed);
    ahead_->forward(own, x, kept.first);
    back_->forward(of_back(own), kept.reversed, kept.second);
    const std::ptrdiff_t n = ahead_->out().features, times = this->out().time;
    for (std::ptrdiff_t t = 0; t < times; ++t)
      for (std::ptrdiff_t r = 0; r < pass.batch; ++r) {
        std::copy_n(kept.first.row(t * pass.batch + r), n, y.row(t * pass.batch + r));
        std::copy_n(kept.second.row((times - 1 - t) * pass.batch + r), n, y.row(t * pass.batch + r) + n);
      }
  }

  void backward(const Pass<S>& pass, Block<const S> x, Block<const S>, Block<S> dy, Block<S> dx, const Epilogue<S>& below,
                S* gradients) const override {
    const Kept kept = kept_of(pass);
    const std::ptrdiff_t n = ahead_->out().features, width = ahead_->width(), times = this->out().time, batch = pass.batch;
    const Block<S> first{kept.second.data + half(batch), width}, second{first.data + half(batch), width};
    for (std::ptrdiff_t t = 0; t < times; ++t)
      for (std::ptrdiff_t r = 0; r < batch; ++r) {
        split(dy.row(t * batch + r), n, width, first.row(t * batch + r));
        split(dy.row(t * batch + r) + n, n, width, second.row((times - 1 - t) * batch + r));
      }
    const std::ptrdiff_t below_width = padded<S>(this->in().features);
    Pass<S> own = pass;
    Block<S> reversed{}, straight{};
    if (dx.data != nullptr) {
      reversed = {pass.scratch, below_width};
      straight = {pass.scratch + in_size(batch), below_width};
      own.scratch += 2 * in_size(batch);
    }
    ahead_->backward(own, x, kept.first, first, straight, {}, gradients);
    back_->backward(of_back(own), kept.reversed, kept.second, second, reversed, {}, gradients + ahead_->parameters());
    if (dx.data == nullptr) return;
    for (std::ptrdiff_t t = 0; t < this->in().time; ++t)
      for (std::ptrdiff_t r = 0; r < batch; ++r)
        for (std::ptrdiff_t c = 0; c < below_width; c += kLanes<S>) {
          const std::ptrdiff_t row = t * batch + r;
          const Vec<S> sum = load(straight.row(row) + c) + load(reversed.row((this->in().time - 1 - t) * batch + r) + c);
          store(dx.row(row) + c, below.apply(row, c, sum));
        }
  }

 private:
  struct Kept {
    Block<S> reversed, first, second;
  };
  std::ptrdiff_t in_size(std::ptrdiff_t batch) const { return this->in().time * batch * padded<S>(this->in().features); }
  std::ptrdiff_t half(std::ptrdiff_t batch) const { return this->out().time * batch * ahead_->width(); }
  Kept kept_of(const Pass<S>& pass) const {
    S* const from = pass.trains() ? pass.memory + ahead_->memory(pass.batch) + back_->memory(pass.batch) : pass.scratch;
    S* const first = from + in_size(pass.batch);
    return {{from, padded<S>(this->in().features)}, {first, ahead_->width()}, {first + half(pass.batch), ahead_->width()}};
  }
  Pass<S> of_back(Pass<S> pass) const {
    pass.parameters += ahead_->parameters();
    if (pass.trains()) pass.memory += ahead_->memory(pass.batch);
    return pass;
  }
  static void reverse(std::ptrdiff_t batch, Shape shape, Block<const S> from, Block<S> to) {
    for (std::ptrdiff_t t = 0; t < shape.time; ++t)
      for (std::ptrdiff_t r = 0; r < batch; ++r)
        std::copy_n(from.row(t * batch + r), shape.features, to.row((shape.time - 1 - t) * batch + r));
  }
  static void split(const S* from, std::ptrdiff_t n, std::ptrdiff_t width, S* to) {
    std::copy_n(from, n, to);
    detail::fill_zero(to + n, width - n);
  }

  LayerPtr<S> ahead_, back_;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
