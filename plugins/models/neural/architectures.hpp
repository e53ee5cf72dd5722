// The architectures: their parameters and their layers. Used by neural.cpp alone. A row is one time of all inputs, or a window of times
// where the experiment has a lookback. Thread rule: as nn::TrainedNetwork.
#pragma once

#include "assay/nn/trained_network.hpp"

namespace models {

namespace nn = assay::nn;
using nn::TrainedNetwork, nn::training_params;

// Dense layers with dropout between, and a linear last one.
inline void add_head(const std::vector<std::int64_t>& hidden, nn::Activation activation, double dropout, std::ptrdiff_t outputs,
                     std::vector<nn::LayerSpec>& layers) {
  for (const std::int64_t units : hidden) {
    layers.push_back(nn::Dense{units, activation});
    if (dropout > 0) layers.push_back(nn::Dropout{dropout});
  }
  layers.push_back(nn::Dense{outputs});
}

template <class T>
inline void head_params(assay::Params<T>& p, const char* hidden_doc) {
  p.template integers<&T::hidden>("hidden", hidden_doc).range(1, 8192).items(0, 16);
  p.template choice<&T::activation>("activation", "Activation of the hidden layers",
                                    {"relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid", "softplus"});
  p.template real<&T::dropout>("dropout", "Share of a layer's values that are dropped in a training step").range(0, 1).open_max();
}

// Fully connected; a window is read with all its times side by side.
struct NeuralMlp : TrainedNetwork {
  std::vector<std::int64_t> hidden{64, 32};
  nn::Activation activation = nn::Activation::relu;
  double dropout = 0;

  static void params(assay::Params<NeuralMlp>& p) {
    head_params(p, "Units of each hidden layer, from input to output; empty: a linear model");
    training_params(p);
  }
  std::vector<nn::LayerSpec> layers(nn::Shape in, std::ptrdiff_t outputs) const override {
    std::vector<nn::LayerSpec> all;
    if (in.time > 1) all.push_back(nn::Flatten{});
    add_head(hidden, activation, dropout, outputs, all);
    return all;
  }
};

// Convolutions over the times of a window; without a lookback over the columns, in their order in the file.
struct NeuralCnn : TrainedNetwork {
  static constexpr bool takes_categories = false;  // not along the columns, so the host warns

  std::vector<std::int64_t> filters{32, 32}, hidden{};
  std::int64_t width = 3, pool = 1;
  std::string padding = "causal", readout = "average";
  nn::Activation activation = nn::Activation::relu;
  double dropout = 0;

  static void params(assay::Params<NeuralCnn>& p) {
    p.integers<&NeuralCnn::filters>("filters", "Filters of each convolution, from input to output").range(1, 4096).items(1, 16);
    p.integer<&NeuralCnn::width>("width", "Times (without a lookback: columns) that a filter sees").range(1, 64);
    p.choice<&NeuralCnn::padding>("padding",
                                  "causal: a filter sees its own time and earlier ones; same: both sides; valid: whole windows only",
                                  {"causal", "same", "valid"});
    p.integer<&NeuralCnn::pool>("pool", "Largest value of so many neighbouring times after each convolution; 1: none").range(1, 64);
    p.choice<&NeuralCnn::readout>(
        "readout", "What the last convolution's times come to; without a lookback flatten alone still knows which column is which",
        {"average", "max", "last", "flatten"});
    head_params(p, "Units of each fully connected layer after the convolutions");
    training_params(p);
  }
  nn::Shape shape_of(std::int64_t lookback, std::int64_t inputs) const override {
    return lookback > 0 ? nn::Shape{lookback, inputs} : nn::Shape{inputs, 1};
  }
  std::vector<nn::LayerSpec> layers(nn::Shape, std::ptrdiff_t outputs) const override {
    std::vector<nn::LayerSpec> all;
    const nn::Padding kind = padding == "causal" ? nn::Padding::causal : padding == "same" ? nn::Padding::same : nn::Padding::valid;
    for (const std::int64_t count : filters) {
      all.push_back(nn::Conv1d{count, width, 1, kind, activation});
      if (pool > 1) all.push_back(nn::Pool{nn::Pooling::max, pool});
      if (dropout > 0) all.push_back(nn::Dropout{dropout});
    }
    if (readout == "flatten")
      all.push_back(nn::Flatten{});
    else if (readout == "last")
      all.push_back(nn::Last{});
    else
      all.push_back(nn::GlobalPool{readout == "max" ? nn::Pooling::max : nn::Pooling::average});
    add_head(hidden, activation, dropout, outputs, all);
    return all;
  }
};

// Temporal blocks whose reach doubles with each (Bai et al. 2018); the last time is read out.
struct NeuralTcn : TrainedNetwork {
  std::vector<std::int64_t> hidden{};
  std::int64_t filters = 32, blocks = 4, width = 3;
  nn::Activation activation = nn::Activation::relu;
  double dropout = 0;

  static void params(assay::Params<NeuralTcn>& p) {
    p.integer<&NeuralTcn::filters>("filters", "Filters of each convolution").range(1, 4096);
    p.integer<&NeuralTcn::blocks>("blocks", "Temporal blocks; block k looks 2^k times as far as the first").range(1, 12);
    p.integer<&NeuralTcn::width>("width", "Times that a filter sees").range(1, 64);
    head_params(p, "Units of each fully connected layer after the blocks");
    training_params(p);
  }
  std::vector<nn::LayerSpec> layers(nn::Shape, std::ptrdiff_t outputs) const override {
    std::vector<nn::LayerSpec> all;
    for (std::int64_t k = 0; k < blocks; ++k) all.push_back(nn::TcnBlock{filters, width, std::int64_t{1} << k, dropout});
    all.push_back(nn::Last{});
    add_head(hidden, activation, dropout, outputs, all);
    return all;
  }
};

// Recurrent layers over the times of a window; the last state is read out. Cell: nn::Lstm or nn::Gru.
template <class Cell>
struct NeuralRecurrent : TrainedNetwork {
  std::vector<std::int64_t> hidden{};
  std::int64_t units = 64, depth = 1;
  bool bidirectional = false;
  nn::Activation activation = nn::Activation::relu;
  double dropout = 0;

  static void params(assay::Params<NeuralRecurrent>& p) {
    p.template integer<&NeuralRecurrent::units>("units", "Units of each recurrent layer").range(1, 4096);
    p.template integer<&NeuralRecurrent::depth>("depth", "Recurrent layers, one above the other").range(1, 8);
    p.template boolean<&NeuralRecurrent::bidirectional>("bidirectional", "A second set of layers reads the window from its end");
    head_params(p, "Units of each fully connected layer after the recurrent ones");
    training_params(p);
  }
  std::vector<nn::LayerSpec> layers(nn::Shape, std::ptrdiff_t outputs) const override {
    std::vector<nn::LayerSpec> all;
    for (std::int64_t k = 0; k < depth; ++k) {
      all.push_back(Cell{units, k + 1 < depth, bidirectional});
      if (dropout > 0) all.push_back(nn::Dropout{dropout});
    }
    add_head(hidden, activation, dropout, outputs, all);
    return all;
  }
};

}  // namespace models
