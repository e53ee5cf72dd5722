// The small network that several tests train: inputs, labels and weights are sine waves, so that an oracle in another language can make
// the same ones. Used by the tests of nn alone. Nothing here is random.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "assay/nn/network.hpp"
#include "assay/nn/optimizer.hpp"

namespace small {

namespace nn = assay::nn;

inline double wave(std::ptrdiff_t i, double a, double b) { return std::sin(a * static_cast<double>(i) + b); }

inline constexpr std::ptrdiff_t kInputs = 5, kRows = 6;

template <class S>
std::vector<S> inputs() {
  std::vector<S> x;
  for (std::ptrdiff_t i = 0; i < kRows * kInputs; ++i) x.push_back(static_cast<S>(wave(i, 0.7, 0.1)));
  return x;
}

inline std::vector<nn::LayerSpec> perceptron(std::vector<std::ptrdiff_t> hidden, std::ptrdiff_t outputs, nn::Activation activation) {
  std::vector<nn::LayerSpec> layers;
  for (const std::ptrdiff_t units : hidden) layers.push_back(nn::Dense{units, activation});
  layers.push_back(nn::Dense{outputs});
  return layers;
}

// f(array's number, index in the array, row by row) for every parameter of a network.
template <class S, class Products, class F>
void set_parameters(nn::Network<S, Products>& network, const F& f) {
  std::size_t k = 0;
  for (const nn::Array& a : network.arrays()) {
    if (a.is_state) continue;
    for (std::ptrdiff_t r = 0; r < a.rows; ++r)
      for (std::ptrdiff_t c = 0; c < a.cols; ++c)
        network.parameters()[static_cast<std::size_t>(a.at(r, c))] = static_cast<S>(f(k, r * a.cols + c));
    ++k;
  }
}

// 5-7-3-outputs; layer k's weights (inputs x outputs) are 0.8 sin(1.3 i + k), its biases 0.3 sin(0.9 i + k + 0.5).
template <class S, class Products = nn::TileProducts<S>>
nn::Network<S, Products> network(std::ptrdiff_t outputs, nn::Activation activation, std::ptrdiff_t batch = kRows) {
  nn::Network<S, Products> mlp({.features = kInputs}, perceptron({7, 3}, outputs, activation), batch);
  set_parameters(mlp, [](std::size_t k, std::ptrdiff_t i) {
    const auto layer = static_cast<double>(k / 2);
    return k % 2 == 0 ? 0.8 * wave(i, 1.3, layer) : 0.3 * wave(i, 0.9, layer + 0.5);
  });
  return mlp;
}

template <class S>
nn::Samples<S> samples(const std::vector<S>& x, std::ptrdiff_t rows = kRows) {
  return {x.data(), rows, {.features = kInputs}};
}

// Labels, weights and loss by name.
template <class S>
struct __attribute__((visibility("hidden"))) Goal {
  explicit Goal(const std::string& name) {
    const bool binary = name.rfind("binary", 0) == 0;
    if (binary)
      y = {0, 1, 1, 0, 1, 0};
    else if (name == "cross_entropy" || name == "cross_weighted")
      y = {2, 0, 1, 3, 3, 1};
    else
      for (std::ptrdiff_t i = 0; i < kRows; ++i) y.push_back(static_cast<S>(2 * wave(i, 2.1, 0.3)));
    if (name == "binary_weighted") class_weight = {0.5, 3};
    if (name == "cross_weighted") class_weight = {0.5, 3, 1, 2};
    if (!class_weight.empty()) weight = {S(1), S(0.5), S(2), S(1), S(0.25), S(1.5)};
    spec.kind = binary               ? nn::LossKind::binary_cross_entropy
                : name[0] == 'c'     ? nn::LossKind::cross_entropy
                : name == "absolute" ? nn::LossKind::absolute
                : name == "huber"    ? nn::LossKind::huber
                                     : nn::LossKind::squared;
    spec.huber_delta = 0.7;
    spec.class_weight = class_weight;
    outputs = spec.kind == nn::LossKind::cross_entropy ? 4 : 1;
  }
  Goal(const Goal&) = delete;
  Goal& operator=(const Goal&) = delete;
  nn::Target<S> target() const {
    nn::Target<S> t({y.data(), kRows}, {});
    if (!weight.empty()) t.weight = {weight.data(), kRows};
    return t;
  }

  std::vector<S> y, weight;
  std::vector<double> class_weight;
  nn::LossSpec spec;
  std::ptrdiff_t outputs = 1;
};

}  // namespace small
