// What a network that learns a distribution makes of its raw outputs: a point forecast, quantiles, slopes, graph (model.quantiles/1).
// Members of TrainedNetwork, apart from it for their length. Included by it. Thread rule: as trained_network.hpp.
#pragma once

#include "assay/nn/density.hpp"
#include "assay/nn/trained_network.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

inline void TrainedNetwork::learn_levels(const assay::Problem& problem) {
  levels_.clear();
  if (is_distribution() && problem.horizons() > 1)
    throw assay::Error("loss " + loss + " learns how sure one value is, and there are " + std::to_string(problem.horizons()) +
                           " horizons: take mse, mae or huber, or one horizon",
                       ASSAY_UNSUPPORTED);
  const std::span<const double> levels = problem.levels();
  if (loss_kind_ != nn::LossKind::quantile) return;
  if (levels.empty())
    throw assay::bad_input(
        "loss quantile learns the levels of evaluate.quantiles, and there are none: add evaluate: {quantiles: [0.05, 0.5, 0.95]}");
  levels_.assign(levels.begin(), levels.end());
  if (median() == std::ssize(levels_))
    throw assay::bad_input("loss quantile forecasts the median, and 0.5 is not among evaluate.quantiles: add it");
}

// The last layer's bias, so that training begins with the quantiles of a normal and need not find the way there first.
inline void TrainedNetwork::begin_at_normal_levels() {
  if (levels_.empty() || !std::holds_alternative<nn::Dense>(network_.layers().back())) return;
  const std::string name = "layer" + std::to_string(network_.layers().size() - 1) + ".bias";
  for (const nn::Array& a : network_.arrays()) {
    if (a.name != name) continue;
    double below = 0;
    for (std::ptrdiff_t k = 0; k < a.cols; ++k) {
      const double value = nn::normal_quantile(levels_[static_cast<std::size_t>(k)]);
      network_.parameters()[static_cast<std::size_t>(a.at(0, k))] =
          static_cast<float>(k == 0 ? value : std::log(std::expm1(value - below)));
      below = value;
    }
  }
}

inline std::ptrdiff_t TrainedNetwork::median() const { return std::find(levels_.begin(), levels_.end(), 0.5) - levels_.begin(); }

inline double TrainedNetwork::mean_weight(const assay::VectorView<const float>& weight) {
  double sum = 0;
  for (std::int64_t i = 0; i < weight.size(); ++i) sum += static_cast<double>(weight[i]);
  return weight.empty() ? 1 : sum / static_cast<double>(weight.size());
}

// The density of a value is that of the scaled one over the scale.
inline double TrainedNetwork::in_target_units(double mean_loss, double weight) const {
  using enum nn::LossKind;
  if (loss_kind_ == gaussian || loss_kind_ == student_t) return mean_loss + weight * std::log(scale_[0]);
  return loss_kind_ == absolute || loss_kind_ == quantile ? mean_loss * scale_[0] : mean_loss * scale_[0] * scale_[0];  // 1 for classes
}

inline double TrainedNetwork::point_forecast(const float* raw) const {
  double value = static_cast<double>(raw[0]);
  if (loss_kind_ == nn::LossKind::quantile) nn::quantiles_of(raw, median() + 1, [&](std::ptrdiff_t, double v) { value = v; });
  return value;
}

inline void TrainedNetwork::point_direction(const float* raw, float* direction) const {
  std::fill_n(direction, network_.outputs(), 0.0F);
  direction[0] = 1;
  if (loss_kind_ != nn::LossKind::quantile) return;
  for (std::ptrdiff_t k = 1; k <= median(); ++k) direction[k] = static_cast<float>(nn::softplus_slope(static_cast<double>(raw[k])));
}

inline void TrainedNetwork::quantiles(const assay::Rows& rows, std::span<const double> levels, assay::Out out, assay::Call& call) const {
  if (!is_distribution())
    throw assay::Error("loss " + loss + " learns a forecast alone; quantile, gaussian and student_t learn quantiles", ASSAY_UNSUPPORTED);
  const bool learned = loss_kind_ == nn::LossKind::quantile;
  if (learned && !std::equal(levels.begin(), levels.end(), levels_.begin(), levels_.end()))
    throw assay::Error("the network has learned other levels of quantiles, and knows those alone", ASSAY_UNSUPPORTED);
  const auto n = std::ssize(levels);
  const auto normal = call.scratch<double>(static_cast<std::size_t>(n));
  for (std::ptrdiff_t k = 0; k < n; ++k) normal[static_cast<std::size_t>(k)] = nn::normal_quantile(levels[static_cast<std::size_t>(k)]);
  each_raw(rows, call, [&](std::int64_t row, const float* raw) {
    const auto put = [&](std::ptrdiff_t k, double value) { out(row, k) = value * scale_[0] + center_[0]; };
    if (learned) return nn::quantiles_of(raw, n, put);
    const nn::Density d = nn::density_of(loss_kind_, raw);
    for (std::ptrdiff_t k = 0; k < n; ++k) {
      const auto level = static_cast<std::size_t>(k);
      put(k, d.mean + d.scale * (d.degrees > 0 ? nn::student_t_quantile(levels[level], d.degrees) : normal[level]));
    }
  });
}

// Every result is linear in the raw outputs z and softplus(z): the median and the levels of quantile, mean and levels of gaussian. The
// quantiles of student_t are not, and no operator knows them.
inline void TrainedNetwork::graph_of_distribution(assay::Graph& g, const std::string& raw) const {
  const std::int64_t n = network_.outputs();
  const bool learned = loss_kind_ == nn::LossKind::quantile;
  const std::string z = g.cast<double>(raw), steps = g.cast<double>(g.node("Softplus", {raw}));
  // of_z and of_steps: n x columns
  const auto result = [&](const std::vector<double>& of_z, const std::vector<double>& of_steps, const std::vector<double>& offset) {
    const auto columns = static_cast<std::int64_t>(offset.size());
    const std::string sum = g.node(
        "Add", {g.node("MatMul", {z, g.constant(of_z, {n, columns})}), g.node("MatMul", {steps, g.constant(of_steps, {n, columns})})});
    return g.node("Add", {sum, g.constant(offset, {columns})});
  };
  const std::span<const double> levels = learned ? std::span<const double>(levels_) : g.problem().levels();
  const std::size_t m = levels.size();
  const auto at = [](std::size_t row, std::size_t columns, std::size_t column) { return row * columns + column; };
  const auto rows = static_cast<std::size_t>(n);
  std::vector<double> of_z(rows * (m + 1), 0), of_steps(rows * (m + 1), 0), offset(m + 1, center_[0]);
  const auto place = static_cast<std::size_t>(learned ? median() : 0);
  for (std::size_t k = 0; k <= m; ++k) {  // the last column is the point forecast
    of_z[at(0, m + 1, k)] = scale_[0];
    const std::size_t last = k == m ? place : k;
    for (std::size_t row = 1; learned && row <= last; ++row) of_steps[at(row, m + 1, k)] = scale_[0];
    if (learned || k == m || loss_kind_ != nn::LossKind::gaussian) continue;
    const double normal = scale_[0] * nn::normal_quantile(levels[k]);
    of_steps[at(1, m + 1, k)] = normal;
    offset[k] += nn::kLeastScale * normal;
  }
  const auto columns = [&](const std::vector<double>& all, std::size_t first, std::size_t count) {
    std::vector<double> some;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (i % (m + 1) >= first && i % (m + 1) < first + count) some.push_back(all[i]);
    return some;
  };
  g.predicts(result(columns(of_z, m, 1), columns(of_steps, m, 1), columns(offset, m, 1)));
  if (m > 0 && loss_kind_ != nn::LossKind::student_t)
    g.gives_quantiles(result(columns(of_z, 0, m), columns(of_steps, 0, m), columns(offset, 0, m)));
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
