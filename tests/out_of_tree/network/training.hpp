// The training that network.cpp and twin.cpp both do, each compiled with its own flags. Internal linkage: what they share is nn alone.
#pragma once

#include <cstdint>
#include <vector>

#include <assay/nn/network.hpp>
#include <assay/nn/optimizer.hpp>

namespace {

namespace nn = assay::nn;

inline nn::Network<float> trained(const float* x, const float* y, std::int64_t rows, std::int64_t inputs, std::uint64_t seed) {
  constexpr std::int64_t kBatch = 32, kEpochs = 3;
  nn::Network<float> network({.features = inputs}, {nn::Dense{16, nn::Activation::relu}, nn::Dense{8, nn::Activation::relu}, nn::Dense{1}},
                             kBatch);
  network.initialise(assay::Random(seed));
  nn::Optimizer<float> adam({.learning_rate = 0.01}, network.parameters().size());
  const nn::LossSpec loss{.kind = nn::LossKind::binary_cross_entropy};
  for (std::int64_t epoch = 0; epoch < kEpochs; ++epoch)
    for (std::int64_t at = 0; at + kBatch <= rows; at += kBatch) {
      network.loss_and_gradient({x + at * inputs, kBatch, network.in()}, {{y + at, kBatch}, {}}, loss);
      adam.update(network.parameters().data(), network.gradients().data(), 1.0);
    }
  return network;
}

inline std::vector<float> logits(const nn::Network<float>& network, const float* x, std::int64_t rows) {
  nn::Arena<float> scratch(static_cast<std::ptrdiff_t>(network.scratch_size(64)));
  std::vector<float> out(static_cast<std::size_t>(rows));
  network.predict({x, rows, network.in()}, out.data(), 64, scratch.data());
  return out;
}

}  // namespace
