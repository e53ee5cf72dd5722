// Layers as an author writes them: plain values that network.hpp plans for its shapes. Used by authors, by neural plugins and by whoever
// walks over an architecture (export, pruning). Thread-safe (values).
//
//   std::vector<nn::LayerSpec> layers{nn::Conv1d{.filters = 32}, nn::Lstm{.units = 64}, nn::Dropout{0.1}, nn::Dense{.units = 1}};
#pragma once

#include <variant>

#include "assay/nn/chain.hpp"
#include "assay/nn/conv1d.hpp"
#include "assay/nn/dense.hpp"
#include "assay/nn/embedding.hpp"
#include "assay/nn/normalisation.hpp"
#include "assay/nn/pooling.hpp"
#include "assay/nn/recurrent.hpp"
#include "assay/nn/shaping.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

struct LayerSpec;

struct Dense {  // at each time alike; Flatten{} first to see all times at once
  std::ptrdiff_t units = 1;
  Activation activation = Activation::none;
};
struct Conv1d {
  std::ptrdiff_t filters = 32, width = 3, dilation = 1;
  Padding padding = Padding::causal;
  Activation activation = Activation::relu;
};
struct Pool {
  Pooling kind = Pooling::max;
  std::ptrdiff_t size = 2, stride = 0;  // 0: as the size
};
struct GlobalPool {
  Pooling kind = Pooling::average;
};
struct Lstm {
  std::ptrdiff_t units = 64;
  bool sequences = false;  // the state at every time, for a layer that reads times; else the last
  bool bidirectional = false;
};
struct Gru {
  std::ptrdiff_t units = 64;
  bool sequences = false;
  bool bidirectional = false;
};
struct Dropout {
  double rate = 0.1;
};
struct BatchNorm {
  double momentum = 0.1, epsilon = 1e-5;
};
struct LayerNorm {
  double epsilon = 1e-5;
};
struct Embedding {
  std::vector<EmbeddedColumn> columns{};
};
struct Activate {
  Activation activation = Activation::relu;
};
struct Flatten {};
struct Last {};
struct Residual {  // x + body(x), with a linear layer on x where the features differ
  std::vector<LayerSpec> body;
};
// Two causal convolutions with dropout around a shortcut, ReLU at the end (Bai et al. 2018).
struct TcnBlock {
  std::ptrdiff_t filters = 32, width = 3, dilation = 1;
  double dropout = 0;
  std::ptrdiff_t inner = 0;  // filters of the first convolution; 0: as many as of the second
};

struct LayerSpec : std::variant<Dense, Conv1d, Pool, GlobalPool, Lstm, Gru, Dropout, BatchNorm, LayerNorm, Embedding, Activate, Flatten,
                                Last, Residual, TcnBlock> {
  using variant::variant;
  const variant& which() const { return *this; }
};

// As files and messages name it.
inline const char* name_of(const LayerSpec& spec) {
  constexpr const char* kNames[] = {"dense",      "conv1d",    "pool",       "global_pool", "lstm", "gru",      "dropout",  "batch_norm",
                                    "layer_norm", "embedding", "activation", "flatten",     "last", "residual", "tcn_block"};
  static_assert(std::size(kNames) == std::variant_size_v<LayerSpec::variant>);
  return kNames[spec.index()];
}

// Plans layers for a shape of input. S: float or double.
template <class S, class Products>
class Planner {
 public:
  std::shared_ptr<const Chain<S>> chain(Shape in, const std::vector<LayerSpec>& specs) {
    if (in.time <= 0 || in.features <= 0) throw bad_input("a network needs inputs");
    if (specs.empty()) throw bad_input("a network needs a layer");
    std::vector<LayerPtr<S>> layers;
    for (const LayerSpec& spec : specs) {
      layers.push_back(std::visit([&](const auto& s) { return plan(in, s); }, spec.which()));
      in = layers.back()->out();
      if (in.features <= 0) throw bad_input("a layer of a network needs outputs");
    }
    return std::make_shared<Chain<S>>(std::move(layers));
  }

 private:
  template <class L, class... Args>
  static LayerPtr<S> make(Args&&... args) {
    return std::make_shared<L>(std::forward<Args>(args)...);
  }
  template <class Cell, class Spec>
  static LayerPtr<S> recurrent(Shape in, const Spec& s) {
    if (!s.bidirectional) return make<Cell>(in, s.units, s.sequences);
    return make<BidirectionalLayer<S>>(make<Cell>(in, s.units, s.sequences), make<Cell>(in, s.units, s.sequences));
  }

  LayerPtr<S> plan(Shape in, const Dense& s) { return make<DenseLayer<S, Products>>(in, s.units, s.activation); }
  LayerPtr<S> plan(Shape in, const Conv1d& s) {
    return make<Conv1dLayer<S, Products>>(in, ConvShape{s.filters, s.width, s.dilation, s.padding}, s.activation);
  }
  LayerPtr<S> plan(Shape in, const Pool& s) { return make<PoolLayer<S>>(in, s.kind, s.size, s.stride == 0 ? s.size : s.stride); }
  LayerPtr<S> plan(Shape in, const GlobalPool& s) { return make<PoolLayer<S>>(in, s.kind, in.time, in.time); }
  LayerPtr<S> plan(Shape in, const Lstm& s) { return recurrent<LstmLayer<S, Products>>(in, s); }
  LayerPtr<S> plan(Shape in, const Gru& s) { return recurrent<GruLayer<S, Products>>(in, s); }
  LayerPtr<S> plan(Shape in, const Dropout& s) { return make<DropoutLayer<S>>(in, s.rate, dropouts_++); }
  LayerPtr<S> plan(Shape in, const BatchNorm& s) { return make<BatchNormLayer<S>>(in, s.momentum, s.epsilon); }
  LayerPtr<S> plan(Shape in, const LayerNorm& s) { return make<LayerNormLayer<S>>(in, s.epsilon); }
  LayerPtr<S> plan(Shape in, const Embedding& s) { return make<EmbeddingLayer<S>>(in, s.columns); }
  LayerPtr<S> plan(Shape in, const Activate& s) { return make<ActivationLayer<S>>(in, s.activation); }
  LayerPtr<S> plan(Shape in, const Flatten&) { return make<FlattenLayer<S>>(in); }
  LayerPtr<S> plan(Shape in, const Last&) { return make<LastLayer<S>>(in); }
  LayerPtr<S> plan(Shape in, const Residual& s) {
    LayerPtr<S> body = chain(in, s.body), shortcut;
    if (body->out().features != in.features) shortcut = make<DenseLayer<S, Products>>(in, body->out().features, Activation::none);
    return make<ResidualLayer<S>>(std::move(body), std::move(shortcut));
  }
  LayerPtr<S> plan(Shape in, const TcnBlock& s) {
    const Conv1d first{s.inner == 0 ? s.filters : s.inner, s.width, s.dilation}, second{s.filters, s.width, s.dilation};
    const Dropout dropout{s.dropout};
    std::vector<LayerSpec> body =
        s.dropout > 0 ? std::vector<LayerSpec>{first, dropout, second, dropout} : std::vector<LayerSpec>{first, second};
    return chain(in, {Residual{std::move(body)}, Activate{}});
  }

  std::uint64_t dropouts_ = 0;
};

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
