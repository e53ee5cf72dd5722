// Network pruning of the neural models (model.prune/1): weights that become zero and stay so, or units that leave and make the network
// smaller. Members of TrainedNetwork, apart from it for their length. Included by it. Thread rule: as trained_network.hpp.
#pragma once

#include "assay/nn/trained_network.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

inline void TrainedNetwork::prune(assay::Pruning how, double share) {
  if (network_.batch_size() == 0) throw assay::bad_input("only a network that has begun its training can be pruned");
  if (!(share >= 0 && share <= 1)) throw assay::bad_input("the share to prune lies between 0 and 1");
  (void)size(how);  // refuses what has nothing to prune
  if (how == assay::Pruning::units) return remove_units(share);
  if (live_.size() == 0) {
    live_ = nn::Arena<float>(static_cast<std::ptrdiff_t>(network_.parameters().size()));
    std::fill(live_.all().begin(), live_.all().end(), 1.0F);
  }
  nn::prune_weights(network_.arrays(), network_.parameters(), live_.all(), share);
}

inline void TrainedNetwork::remove_units(double share) {
  const nn::UnitMap before(all_layers(network_.in(), network_.outputs()), units_left_);
  const nn::Network<float> was = network_;
  const auto stay = nn::units_that_stay(before, was.arrays(), was.parameters(), share);
  std::vector<std::int64_t> left;
  for (const auto& group : stay) left.push_back(static_cast<std::int64_t>(group.size()));
  bool fewer = false;
  for (std::size_t g = 0; g < left.size(); ++g) fewer = fewer || left[g] < before.units(g);
  if (!fewer) return;
  units_left_ = left;
  network_ = network(was.in(), was.outputs(), was.batch_size());
  const auto copy = [&](std::span<const float> from, std::span<float> to, bool states) {
    nn::copy_staying(before, stay, was.arrays(), from, network_.arrays(), to, states);
  };
  copy(was.parameters(), network_.parameters(), false);
  copy(was.state(), network_.state(), true);
  const nn::Optimizer<float> updated = updater_;
  updater_ = nn::Optimizer<float>(optimizer, network_.parameters().size());
  updater_.set_steps(updated.steps());
  copy(updated.first().all(), updater_.first().all(), false);
  if (updater_.second().size() != 0) copy(updated.second().all(), updater_.second().all(), false);
  if (live_.size() == 0) return;
  nn::Arena<float> live(static_cast<std::ptrdiff_t>(network_.parameters().size()));
  copy(live_.all(), live.all(), false);
  live_ = std::move(live);
}

inline assay::ModelSize TrainedNetwork::size(assay::Pruning how) const {
  if (!network_.planned()) throw assay::bad_input("the network has not been trained");
  assay::ModelSize size;
  std::int64_t weights = 0, zero_weights = 0;
  for (const nn::Array& a : network_.arrays()) {
    if (a.is_state) continue;
    std::int64_t zeros = 0;
    for (std::ptrdiff_t r = 0; r < a.rows; ++r)
      for (std::ptrdiff_t c = 0; c < a.cols; ++c) zeros += network_.parameters()[static_cast<std::size_t>(a.at(r, c))] == 0.0F ? 1 : 0;
    size.parameters += a.rows * a.cols;
    size.zeros += zeros;
    if (!nn::is_weight(a)) continue;
    weights += a.rows * a.cols;
    zero_weights += zeros;
  }
  if (how == assay::Pruning::weights) {
    for (const nn::Array& a : nn::arrays_of(network_.in(), all_layers(network_.in(), network_.outputs())))
      if (nn::is_weight(a)) size.prunable += a.rows * a.cols;
    size.pruned = size.prunable - weights + zero_weights;
    return size;
  }
  const nn::UnitMap map(all_layers(network_.in(), network_.outputs()), units_left_);
  for (std::size_t g = 0; g < map.size(); ++g) {
    if (!map.may_shrink(g)) continue;
    size.prunable += map.began(g);
    size.pruned += map.began(g) - map.units(g);
  }
  if (size.prunable == 0)
    throw assay::Error(
        "the network has no units that could leave: its hidden layers have one unit each, or there are none outside the ends of its blocks",
        ASSAY_UNSUPPORTED);
  return size;
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
