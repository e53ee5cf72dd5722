// What a network saves and reads back: what it learned (state/1), and where its training stands (train_state/1). Members of TrainedNetwork,
// apart from it for their length. Included by it. Thread rule: as trained_network.hpp.
#pragma once

#include "assay/nn/trained_network.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {

// Throws where the state is of a network with another loss.
inline std::vector<double> TrainedNetwork::saved_levels(const assay::Saved& saved, nn::LossKind kind, std::int64_t outputs) {
  std::vector<double> levels;
  if (kind == nn::LossKind::quantile) {
    levels = saved.get<std::vector<double>>("levels");
    for (std::size_t k = 0; k < levels.size(); ++k)
      if (!(levels[k] > 0 && levels[k] < 1) || (k > 0 && levels[k] <= levels[k - 1]))
        throw assay::bad_state("the saved levels of quantiles make no sense");
    if (std::find(levels.begin(), levels.end(), 0.5) == levels.end())
      throw assay::bad_state("the saved levels of quantiles lack the median");
  }
  nn::LossSpec spec;
  spec.kind = kind;
  spec.levels = levels;
  if (nn::outputs_of(spec) != 0 && nn::outputs_of(spec) != outputs)
    throw assay::bad_state("the saved network has another number of outputs than its loss needs");
  return levels;
}

// Arrays are stored without padding, which depends on the CPU level: rows x cols. The state (running means) goes with the parameters only.
inline void TrainedNetwork::put_block(assay::Saver& saver, const std::string& prefix, std::span<const float> block,
                                      std::span<const float> state) const {
  for (const nn::Array& a : network_.arrays()) {
    if (a.is_state && state.empty()) continue;
    const auto from = a.is_state ? state : block;
    std::vector<float> values;
    for (std::ptrdiff_t i = 0; i < a.rows * a.cols; ++i) values.push_back(from[static_cast<std::size_t>(a.at(i / a.cols, i % a.cols))]);
    saver.put_array((prefix + a.name).c_str(), assay::detail::array_of(values.data(), {a.rows, a.cols}));
  }
}

inline void TrainedNetwork::get_block(const assay::Saved& saved, const std::string& prefix, std::span<float> block,
                                      std::span<float> state) const {
  for (const nn::Array& a : network_.arrays()) {
    if (a.is_state && state.empty()) continue;
    const auto into = a.is_state ? state : block;
    const assay_array values = saved.array<float>((prefix + a.name).c_str(), 2);
    if (values.shape[0] != a.rows || values.shape[1] != a.cols)
      throw assay::bad_state("the saved array " + a.name + " has another shape than the network of these parameters");
    const auto* const data = static_cast<const float*>(values.data);
    for (std::ptrdiff_t i = 0; i < a.rows * a.cols; ++i) into[static_cast<std::size_t>(a.at(i / a.cols, i % a.cols))] = data[i];
  }
}

inline void TrainedNetwork::save(assay::Saver& saver) const {
  if (!network_.planned()) throw assay::Error("the network has learned nothing that could be saved");
  saver.put("times", static_cast<std::int64_t>(network_.in().time));
  saver.put("inputs", static_cast<std::int64_t>(network_.in().features));
  saver.put("outputs", static_cast<std::int64_t>(network_.outputs()));
  saver.put("task", static_cast<std::int64_t>(task_));
  saver.put("weight_shift", weight_shift_);
  if (center_.size() == 1) {
    saver.put("target_center", center_[0]);
    saver.put("target_scale", scale_[0]);
  } else {
    saver.put("target_center", center_);
    saver.put("target_scale", scale_);
  }
  if (!levels_.empty()) saver.put("levels", levels_);
  if (!units_left_.empty()) saver.put("units_left", units_left_);
  std::vector<std::int64_t> embedded;
  for (const nn::EmbeddedColumn& c : embedded_) embedded.insert(embedded.end(), {c.column, c.categories, c.size});
  if (!embedded.empty()) saver.put("embedded", embedded);
  put_block(saver, "", network_.parameters(), network_.state());
}

inline std::vector<std::int64_t> TrainedNetwork::saved_units(const assay::Saved& saved) {
  return saved.has("units_left") ? saved.get<std::vector<std::int64_t>>("units_left") : std::vector<std::int64_t>{};
}

// The arrays of a state have to be there before memory is taken for their network.
inline void TrainedNetwork::check_size(const assay::Saved& saved, nn::Shape in, const std::vector<nn::LayerSpec>& layers) {
  for (const nn::Array& a : nn::arrays_of(in, layers)) {
    const assay_array array = saved.array<float>(a.name.c_str(), 2);
    if (array.shape[0] != a.rows || array.shape[1] != a.cols)
      throw assay::bad_state("the saved array " + a.name + " has another shape than the network of these parameters");
  }
}

inline std::vector<nn::EmbeddedColumn> TrainedNetwork::saved_categories(const assay::Saved& saved) {
  std::vector<nn::EmbeddedColumn> embedded;
  if (!saved.has("embedded")) return embedded;
  const auto flat = saved.get<std::vector<std::int64_t>>("embedded");
  constexpr std::int64_t kMost = 1 << 20;
  for (std::size_t i = 0; i + 2 < flat.size(); i += 3) embedded.push_back({flat[i], flat[i + 1], flat[i + 2]});
  const bool sound = flat.size() % 3 == 0 && std::all_of(flat.begin(), flat.end(), [](std::int64_t v) { return v >= 0 && v <= kMost; });
  if (!sound) throw assay::bad_state("the saved categories make no sense");
  return embedded;
}

inline void TrainedNetwork::load(const assay::Saved& saved) {
  std::vector<nn::EmbeddedColumn> embedded = saved_categories(saved);
  std::swap(embedded, embedded_);
  try {
    load_network(saved);
  } catch (...) {
    std::swap(embedded, embedded_);  // a failed load leaves what was there
    throw;
  }
}

inline void TrainedNetwork::load_network(const assay::Saved& saved) {
  const std::int64_t times = saved.number("times"), inputs = saved.number("inputs"), outputs = saved.number("outputs"),
                     task = saved.number("task");
  const bool known = task == ASSAY_TASK_REGRESSION || task == ASSAY_TASK_BINARY || task == ASSAY_TASK_MULTICLASS;
  const nn::LossKind kind = loss_of(static_cast<assay::Task>(task));
  std::vector<double> levels = saved_levels(saved, kind, outputs);
  const bool is_value = task == ASSAY_TASK_REGRESSION && !nn::learns_distribution(kind);  // of each horizon
  const auto by_horizon = [&](const char* name) {
    return is_value && outputs > 1 ? saved.get<std::vector<double>>(name) : std::vector<double>{saved.get<double>(name)};
  };
  std::vector<double> center = by_horizon("target_center"), scale = by_horizon("target_scale");
  const bool scaled = std::all_of(center.begin(), center.end(), [](double v) { return std::isfinite(v); }) &&
                      std::all_of(scale.begin(), scale.end(), [](double v) { return std::isfinite(v) && v > 0; });
  if (!scaled || center.empty() || center.size() != scale.size() || (is_value && std::ssize(center) != outputs))
    throw assay::bad_state("the saved scale of the target makes no sense");
  const std::vector<double> shift = saved.vector("weight_shift");
  const bool sound = std::all_of(shift.begin(), shift.end(), [](double v) { return std::isfinite(v); });
  const std::int64_t classes = task == ASSAY_TASK_MULTICLASS ? std::max<std::int64_t>(2, outputs) : 2;
  if (!sound || std::ssize(shift) != classes) throw assay::bad_state("the saved shift of the classes makes no sense");
  constexpr std::int64_t kMost = 1 << 20;
  if (!known || times < 1 || times > kMost || inputs < 1 || inputs > kMost || outputs < 1 || outputs > kMost)
    throw assay::bad_state("the saved shape of the network makes no sense for these parameters");
  std::vector<std::int64_t> units = saved_units(saved);
  const std::vector<nn::LayerSpec> left = layers_left({times, inputs}, outputs, units);
  check_size(saved, {times, inputs}, left);
  const nn::Shape in = network_.planned() ? network_.in() : nn::Shape{};
  const bool goes_on = batch_size_ > 0 && in.time == times && in.features == inputs && network_.outputs() == outputs &&
                       static_cast<std::int64_t>(task_) == task;  // the training that has begun may go on from what is loaded
  nn::Network<float> loaded({times, inputs}, left, goes_on ? batch_size_ : 0, shards);
  std::swap(loaded, network_);
  try {
    get_block(saved, "", network_.parameters(), network_.state());
  } catch (...) {
    std::swap(loaded, network_);  // a failed load leaves what was there
    throw;
  }
  units_left_ = std::move(units);
  live_ = {};
  if (goes_on)
    updater_ = nn::Optimizer<float>(optimizer, network_.parameters().size());
  else
    batch_size_ = 0;
  task_ = static_cast<assay::Task>(task);
  loss_kind_ = kind;
  levels_ = std::move(levels);
  weight_shift_ = shift;
  center_ = std::move(center);
  scale_ = std::move(scale);
}

inline void TrainedNetwork::train_save(assay::Saver& saver) const {
  save(saver);
  saver.put("batch_size", static_cast<std::int64_t>(network_.batch_size()));
  saver.put("steps", updater_.steps());
  put_block(saver, "first.", updater_.first().all());
  if (updater_.second().size() != 0) put_block(saver, "second.", updater_.second().all());
  saver.put("masked", live_.size() != 0);
  if (live_.size() != 0) put_block(saver, "live.", live_.all());
}

inline void TrainedNetwork::train_load(const assay::Problem& problem, const assay::Saved& saved) {
  const std::int64_t batch_size = saved.number("batch_size"), steps = saved.number("steps");
  if (batch_size < 1 || batch_size > (std::int64_t{1} << 24) || steps < 0)
    throw assay::bad_state("the saved batch size or step count makes no sense");
  units_left_ = saved_units(saved);
  plan(problem, batch_size);
  get_block(saved, "", network_.parameters(), network_.state());
  get_block(saved, "first.", updater_.first().all());
  if (updater_.second().size() != 0) get_block(saved, "second.", updater_.second().all());
  updater_.set_steps(steps);
  if (!saved.get<bool>("masked")) return;
  live_ = nn::Arena<float>(static_cast<std::ptrdiff_t>(network_.parameters().size()));
  get_block(saved, "live.", live_.all());
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn
