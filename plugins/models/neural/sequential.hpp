// neural.sequential: the layers that the experiment file lists, and a last dense one that the task asks for. Each layer is a part of kind
// "layer" with parameters of its own, so a mistake in one is told at its place before anything runs. Used by neural.cpp alone.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "assay/nn/trained_network.hpp"
#include "assay/part.hpp"

namespace models {

namespace nn = assay::nn;
using nn::TrainedNetwork, nn::training_params;

template <class T>
void activation_param(assay::Params<T>& p) {
  p.template choice<&T::activation>("activation", "What each value goes through",
                                    {"relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid", "softplus", "none"});
}

struct DensePart {
  std::int64_t units = 64;
  nn::Activation activation = nn::Activation::relu;
  static void params(assay::Params<DensePart>& p) {
    p.integer<&DensePart::units>("units", "Outputs").range(1, 8192);
    activation_param(p);
  }
  nn::LayerSpec spec() const { return nn::Dense{units, activation}; }
};

struct Conv1dPart {
  std::int64_t filters = 32, width = 3, dilation = 1;
  nn::Padding padding = nn::Padding::causal;
  nn::Activation activation = nn::Activation::relu;
  static void params(assay::Params<Conv1dPart>& p) {
    p.integer<&Conv1dPart::filters>("filters", "Outputs at each time").range(1, 4096);
    p.integer<&Conv1dPart::width>("width", "Times that a filter sees").range(1, 64);
    p.integer<&Conv1dPart::dilation>("dilation", "Times from one that it sees to the next").range(1, 4096);
    p.choice<&Conv1dPart::padding>("padding", "valid: whole windows only; same: both sides; causal: its own time and earlier ones",
                                   {"valid", "same", "causal"});
    activation_param(p);
  }
  nn::LayerSpec spec() const { return nn::Conv1d{filters, width, dilation, padding, activation}; }
};

struct PoolPart {
  nn::Pooling kind = nn::Pooling::max;
  std::int64_t size = 2, stride = 0;
  static void params(assay::Params<PoolPart>& p) {
    p.choice<&PoolPart::kind>("kind", "What neighbouring times come to", {"max", "average"});
    p.integer<&PoolPart::size>("size", "Times in a group").range(1, 4096);
    p.integer<&PoolPart::stride>("stride", "Times from one group to the next; 0: as the size").range(0, 4096);
  }
  nn::LayerSpec spec() const { return nn::Pool{kind, size, stride}; }
};

struct GlobalPoolPart {
  nn::Pooling kind = nn::Pooling::average;
  static void params(assay::Params<GlobalPoolPart>& p) {
    p.choice<&GlobalPoolPart::kind>("kind", "What all times come to", {"max", "average"});
  }
  nn::LayerSpec spec() const { return nn::GlobalPool{kind}; }
};

// Cell: nn::Lstm or nn::Gru.
template <class Cell>
struct RecurrentPart {
  std::int64_t units = 64;
  bool bidirectional = false;
  std::string times = "auto";
  static void params(assay::Params<RecurrentPart>& p) {
    p.template integer<&RecurrentPart::units>("units", "Outputs; twice as many where it is bidirectional").range(1, 4096);
    p.template boolean<&RecurrentPart::bidirectional>("bidirectional", "A second set of cells reads the window from its end");
    p.template choice<&RecurrentPart::times>(
        "times", "last: the last state; all: the state at each time; auto: all where the next layer reads times", {"auto", "last", "all"});
  }
  nn::LayerSpec spec(bool next_reads_times) const {
    return Cell{units, times == "all" || (times == "auto" && next_reads_times), bidirectional};
  }
};

struct DropoutPart {
  double rate = 0.1;
  static void params(assay::Params<DropoutPart>& p) {
    p.real<&DropoutPart::rate>("rate", "Share of values that are dropped in a training step").range(0, 1).open_max();
  }
  nn::LayerSpec spec() const { return nn::Dropout{rate}; }
};

struct BatchNormPart {
  double momentum = 0.1, epsilon = 1e-5;
  static void params(assay::Params<BatchNormPart>& p) {
    p.real<&BatchNormPart::momentum>("momentum", "Share of each batch in the running means").range(0, 1).open_min();
    p.real<&BatchNormPart::epsilon>("epsilon", "Added to variances").range(0, 1).open_min().log_scale();
  }
  nn::LayerSpec spec() const { return nn::BatchNorm{momentum, epsilon}; }
};

struct LayerNormPart {
  double epsilon = 1e-5;
  static void params(assay::Params<LayerNormPart>& p) {
    p.real<&LayerNormPart::epsilon>("epsilon", "Added to variances").range(0, 1).open_min().log_scale();
  }
  nn::LayerSpec spec() const { return nn::LayerNorm{epsilon}; }
};

struct ActivationPart {
  nn::Activation activation = nn::Activation::relu;
  static void params(assay::Params<ActivationPart>& p) { activation_param(p); }
  nn::LayerSpec spec() const { return nn::Activate{activation}; }
};

struct FlattenPart {
  nn::LayerSpec spec() const { return nn::Flatten{}; }
};
struct LastPart {
  nn::LayerSpec spec() const { return nn::Last{}; }
};

struct ResidualPart {
  std::vector<assay::Component> layers;
  static void params(assay::Params<ResidualPart>& p) {
    p.components<&ResidualPart::layers>("layers", "Layers whose result is added to what came in", "layer").items(1, 64).required();
  }
  nn::LayerSpec spec() const;
};

struct TcnBlockPart {
  std::int64_t filters = 32, width = 3, dilation = 1;
  double dropout = 0;
  static void params(assay::Params<TcnBlockPart>& p) {
    p.integer<&TcnBlockPart::filters>("filters", "Outputs at each time").range(1, 4096);
    p.integer<&TcnBlockPart::width>("width", "Times that a filter sees").range(1, 64);
    p.integer<&TcnBlockPart::dilation>("dilation", "Times from one that it sees to the next: 1, 2, 4 ... from block to block")
        .range(1, 4096);
    p.real<&TcnBlockPart::dropout>("dropout", "Share of values that are dropped in a training step").range(0, 1).open_max();
  }
  nn::LayerSpec spec() const { return nn::TcnBlock{filters, width, dilation, dropout}; }
};

inline bool reads_times(const std::string& layer) {
  for (const char* const one : {"conv1d", "pool", "global_pool", "lstm", "gru", "tcn_block", "last", "flatten"})
    if (layer == std::string("layer.") + one) return true;
  return false;
}

// The layer that a component says; `next`: the id of the layer above it, empty where there is none.
inline nn::LayerSpec layer_of(const assay::Component& c, const std::string& next) {
  if (c.id == "layer.dense") return assay::as<DensePart>(c).spec();
  if (c.id == "layer.conv1d") return assay::as<Conv1dPart>(c).spec();
  if (c.id == "layer.pool") return assay::as<PoolPart>(c).spec();
  if (c.id == "layer.global_pool") return assay::as<GlobalPoolPart>(c).spec();
  if (c.id == "layer.lstm") return assay::as<RecurrentPart<nn::Lstm>>(c).spec(reads_times(next));
  if (c.id == "layer.gru") return assay::as<RecurrentPart<nn::Gru>>(c).spec(reads_times(next));
  if (c.id == "layer.dropout") return assay::as<DropoutPart>(c).spec();
  if (c.id == "layer.batch_norm") return assay::as<BatchNormPart>(c).spec();
  if (c.id == "layer.layer_norm") return assay::as<LayerNormPart>(c).spec();
  if (c.id == "layer.activation") return assay::as<ActivationPart>(c).spec();
  if (c.id == "layer.flatten") return assay::as<FlattenPart>(c).spec();
  if (c.id == "layer.last") return assay::as<LastPart>(c).spec();
  if (c.id == "layer.residual") return assay::as<ResidualPart>(c).spec();
  if (c.id == "layer.tcn_block") return assay::as<TcnBlockPart>(c).spec();
  throw assay::bad_input("neural.sequential knows no layer " + c.id + ": it may be another plugin's");
}

// Layers that pass times on as they come are looked through to find what the next one reads.
inline std::vector<nn::LayerSpec> layers_of(const std::vector<assay::Component>& components) {
  const auto passes_on = [](const std::string& id) {
    return id == "layer.dropout" || id == "layer.batch_norm" || id == "layer.layer_norm" || id == "layer.activation";
  };
  std::vector<nn::LayerSpec> all;
  for (std::size_t i = 0; i < components.size(); ++i) {
    std::size_t next = i + 1;
    while (next < components.size() && passes_on(components[next].id)) ++next;
    all.push_back(layer_of(components[i], next < components.size() ? components[next].id : ""));
  }
  return all;
}

inline nn::LayerSpec ResidualPart::spec() const { return nn::Residual{layers_of(layers)}; }

struct NeuralSequential : TrainedNetwork {
  std::vector<assay::Component> components;

  static void params(assay::Params<NeuralSequential>& p) {
    p.components<&NeuralSequential::components>(
         "layers", "From input to output; the last dense layer, of the task's outputs, comes by itself", "layer")
        .items(0, 256);
    training_params(p);
  }
  void configured() {
    TrainedNetwork::configured();
    body_ = layers_of(components);
  }
  std::vector<nn::LayerSpec> layers(nn::Shape in, std::ptrdiff_t outputs) const override {
    nn::Shape shape = in;
    for (std::size_t i = 0; i < body_.size(); ++i) shape = shape_behind(shape, i);
    std::vector<nn::LayerSpec> all = body_;
    if (shape.time > 1 && !body_.empty())
      throw assay::bad_input("after the last of its layers there are still " + std::to_string(shape.time) +
                             " times: end them with flatten, last or global_pool");
    if (shape.time > 1) all.push_back(nn::Flatten{});
    all.push_back(nn::Dense{outputs});
    return all;
  }

 private:
  // Plans layer i alone, so that one whose shapes do not fit is named.
  nn::Shape shape_behind(nn::Shape in, std::size_t i) const {
    try {
      return nn::Planner<float, nn::TileProducts<float>>().chain(in, {body_[i]})->out();
    } catch (const assay::Error& e) {
      throw assay::bad_input("layer " + std::to_string(i + 1) + " (" + components[i].id.substr(6) + "), which gets " +
                             std::to_string(in.time) + " times of " + std::to_string(in.features) + " values: " + e.what());
    }
  }

  std::vector<nn::LayerSpec> body_;
};

}  // namespace models
