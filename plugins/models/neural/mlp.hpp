// neural.mlp: a fully connected network trained batch by batch (the host owns epochs, early stopping, schedule and checkpoints). Used by
// neural.cpp alone. The output follows the task: value, probability (sigmoid) or probabilities (softmax). A lookback window is flattened.
// No allocation in step() and predict(). step() on one thread, predict() on any number.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "../flat_rows.hpp"
#include "assay/eigen.hpp"
#include "assay/model.hpp"
#include "assay/nn/network.hpp"
#include "assay/nn/optimizer.hpp"

namespace models {

namespace nn = assay::nn;

struct NeuralMlp {
  using Scalar = float;

  std::vector<std::int64_t> hidden{64, 32};
  nn::Activation activation = nn::Activation::relu;
  std::string loss = "auto", init = "auto";
  nn::OptimizerSpec optimizer;
  double huber_delta = 1;
  bool scale_target = true;

  static void params(assay::Params<NeuralMlp>& p);
  void configured();

  void begin(const assay::Problem& problem, std::int64_t batch_size, assay::Call& call);
  double step(const assay::Batch& batch, const assay::Step& at, assay::Call& call);
  void predict(const assay::Rows& rows, assay::Out out, assay::Call& call) const;

  void save(assay::Saver& saver) const;
  void load(const assay::Saved& saved);
  void train_save(assay::Saver& saver) const;
  void train_load(const assay::Problem& problem, const assay::Saved& saved);

  // The optimiser's parameters one by one, as the experiment file names them.
  nn::OptimizerKind optimizer_kind = nn::OptimizerKind::adam;
  double learning_rate = 1e-3, momentum = 0, beta1 = 0.9, beta2 = 0.999, weight_decay = 0, clip_norm = 0, smoothing = 0.99;
  bool nesterov = false;

 private:
  static constexpr std::int64_t kChunk = 64;  // rows that predict() takes at once

  double shift_of(std::int64_t c) const { return weight_shift_[static_cast<std::size_t>(c)]; }
  nn::LossKind loss_of(assay::Task task) const;
  assay::VectorView<const float> targets(const assay::Batch& batch);  // the batch's y, scaled for a regression
  void plan(const assay::Problem& problem, std::int64_t batch_size);
  nn::Network<float> network(std::int64_t inputs, std::int64_t outputs, std::int64_t batch_size) const;
  void put_block(assay::Saver& saver, const std::string& prefix, std::span<const float> block) const;
  void get_block(const assay::Saved& saved, const std::string& prefix, std::span<float> block) const;

  assay::Task task_ = assay::Task::regression;
  nn::LossKind loss_kind_ = nn::LossKind::squared;
  std::vector<double> class_weight_;
  std::vector<double> weight_shift_{0, 0};  // log of each class's weight, which forecasts take off again
  double center_ = 0, scale_ = 1;           // of the target; 0 and 1 for classes
  nn::Network<float> network_;
  nn::Optimizer<float> updater_;
  nn::Arena<float> staging_;  // rows of windows that are not dense
  nn::Arena<float> target_;   // a batch's scaled targets
};

inline void NeuralMlp::params(assay::Params<NeuralMlp>& p) {
  p.integers<&NeuralMlp::hidden>("hidden", "Units of each hidden layer, from input to output; empty: a linear model")
      .range(1, 8192)
      .items(0, 16);
  p.choice<&NeuralMlp::activation>("activation", "Activation of the hidden layers",
                                   {"relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid", "softplus"});
  p.choice<&NeuralMlp::loss>("loss", "auto: mse for regression, cross_entropy for classes",
                             {"auto", "mse", "mae", "huber", "cross_entropy"});
  p.real<&NeuralMlp::huber_delta>("huber_delta", "Huber's loss is quadratic up to this error and linear beyond")
      .range(0, 1e9)
      .open_min()
      .log_scale()
      .only_if("loss", "huber");
  p.boolean<&NeuralMlp::scale_target>(
      "scale_target",
      "Learn a regression's target as (value - mean) / standard deviation of the train rows; forecasts and loss come back "
      "in its own units, huber_delta counts standard deviations");
  p.choice<&NeuralMlp::optimizer_kind>("optimizer", "Optimiser", {"sgd", "adam", "adamw", "rmsprop"});
  p.real<&NeuralMlp::learning_rate>("learning_rate", "Step size, multiplied by the host's schedule").range(0, 10).open_min().log_scale();
  p.real<&NeuralMlp::momentum>("momentum", "Momentum of sgd").range(0, 1).open_max().only_if("optimizer", "sgd");
  p.boolean<&NeuralMlp::nesterov>("nesterov", "Nesterov's momentum").only_if("optimizer", "sgd");
  p.real<&NeuralMlp::smoothing>("smoothing", "Decay of the mean squared gradient of rmsprop")
      .range(0, 1)
      .open_max()
      .only_if("optimizer", "rmsprop");
  p.real<&NeuralMlp::beta1>("beta1", "Decay of the mean gradient of adam and adamw").range(0, 1).open_max();
  p.real<&NeuralMlp::beta2>("beta2", "Decay of the mean squared gradient of adam and adamw").range(0, 1).open_max();
  p.real<&NeuralMlp::weight_decay>("weight_decay", "Pull of all parameters towards zero; decoupled from the gradient in adamw")
      .range(0, 10);
  p.real<&NeuralMlp::clip_norm>("clip_norm", "Longest gradient, all parameters together; 0: no clipping").range(0, 1e9);
  p.choice<&NeuralMlp::init>("init",
                             "Initial weights; auto: he_uniform for relu, leaky_relu, elu and gelu layers, glorot_uniform for the others",
                             {"auto", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "orthogonal"});
}

inline void NeuralMlp::configured() {
  optimizer = {.kind = optimizer_kind,
               .learning_rate = learning_rate,
               .momentum = momentum,
               .nesterov = nesterov,
               .smoothing = smoothing,
               .beta1 = beta1,
               .beta2 = beta2,
               .weight_decay = weight_decay,
               .clip_norm = clip_norm};
}

inline nn::LossKind NeuralMlp::loss_of(assay::Task task) const {
  if (task == assay::Task::regression) {
    if (loss == "cross_entropy")
      throw assay::bad_input("neural.mlp: loss cross_entropy is for classes; a regression takes mse, mae or huber");
    return loss == "mae" ? nn::LossKind::absolute : loss == "huber" ? nn::LossKind::huber : nn::LossKind::squared;
  }
  if (loss != "auto" && loss != "cross_entropy")
    throw assay::bad_input("neural.mlp: loss " + loss + " is for regression; classes take cross_entropy");
  return task == assay::Task::binary ? nn::LossKind::binary_cross_entropy : nn::LossKind::cross_entropy;
}

inline nn::Network<float> NeuralMlp::network(std::int64_t inputs, std::int64_t outputs, std::int64_t batch_size) const {
  std::vector<nn::LayerSpec> layers;
  for (const std::int64_t units : hidden) layers.push_back(nn::Dense{units, activation});
  layers.push_back(nn::Dense{outputs});
  return {{.features = inputs}, std::move(layers), batch_size};
}

inline void NeuralMlp::plan(const assay::Problem& problem, std::int64_t batch_size) {
  task_ = problem.task();
  const auto weights = problem.class_weight();
  class_weight_.assign(weights.begin(), weights.end());
  weight_shift_.assign(std::max<std::size_t>(2, static_cast<std::size_t>(problem.outputs())), 0);
  for (std::size_t c = 0; c < class_weight_.size(); ++c) weight_shift_[c] = std::log(class_weight_[c]);
  loss_kind_ = loss_of(task_);
  const bool scales = scale_target && task_ == assay::Task::regression;
  center_ = scales ? problem.target_center() : 0;
  scale_ = scales ? problem.target_scale() : 1;
  const std::int64_t inputs = flat_width(problem);
  network_ = network(inputs, problem.outputs(), batch_size);
  updater_ = nn::Optimizer<float>(optimizer, network_.parameters().size());
  staging_ = nn::Arena<float>(problem.lookback() > 0 ? batch_size * inputs : 0);
  target_ = nn::Arena<float>(task_ == assay::Task::regression ? batch_size : 0);
}

inline void NeuralMlp::begin(const assay::Problem& problem, std::int64_t batch_size, assay::Call& call) {
  if (batch_size < 1) throw assay::bad_input("neural.mlp: the batch size has to be at least 1");
  plan(problem, batch_size);
  constexpr std::pair<const char*, nn::Initial> kNames[] = {{"glorot_uniform", nn::Initial::glorot_uniform},
                                                            {"glorot_normal", nn::Initial::glorot_normal},
                                                            {"he_uniform", nn::Initial::he_uniform},
                                                            {"he_normal", nn::Initial::he_normal},
                                                            {"orthogonal", nn::Initial::orthogonal}};
  std::optional<nn::Initial> named;
  for (const auto& [name, kind] : kNames)
    if (init == name) named = kind;
  network_.initialise(call.random(), named);
}

inline double NeuralMlp::step(const assay::Batch& batch, const assay::Step& at, assay::Call&) {
  const FlatRows<float> rows(batch);
  if (rows.size() > network_.batch_size()) throw assay::bad_input("neural.mlp: a batch has more rows than were announced");
  const nn::LossSpec spec{loss_kind_, huber_delta, class_weight_};
  const double mean = network_.loss_and_gradient(rows.take(0, rows.size(), staging_.data()), {targets(batch), batch.weight<float>()}, spec);
  updater_.update(network_.parameters().data(), network_.gradients().data(), at.rate_factor());
  return loss_kind_ == nn::LossKind::absolute ? mean * scale_ : mean * scale_ * scale_;  // 1 for classes
}

inline assay::VectorView<const float> NeuralMlp::targets(const assay::Batch& batch) {
  const auto y = batch.y<float>();
  if (task_ != assay::Task::regression) return y;
  const auto center = static_cast<float>(center_), inverse = static_cast<float>(1 / scale_);
  for (std::int64_t i = 0; i < y.size(); ++i) target_.data()[i] = (y[i] - center) * inverse;
  return {target_.data(), y.size()};
}

inline void NeuralMlp::predict(const assay::Rows& rows, assay::Out out, assay::Call& call) const {
  if (!network_.planned()) throw assay::bad_input("neural.mlp has not been trained");
  const FlatRows<float> flat(rows);
  const std::int64_t outputs = network_.outputs(), chunk = std::min(kChunk, flat.size());
  if (out.cols() != outputs) throw assay::bad_input("neural.mlp has been trained for another number of outputs");
  if (chunk == 0) return;
  const auto scratch = call.scratch<float>(network_.scratch_size(chunk));
  const auto raw = call.scratch<float>(static_cast<std::size_t>(chunk * outputs));
  const auto buffer = flat.is_direct() ? std::span<float>() : call.scratch<float>(static_cast<std::size_t>(chunk * flat.width()));
  for (std::int64_t first = 0; first < flat.size(); first += chunk) {
    const std::int64_t count = std::min(chunk, flat.size() - first);
    network_.predict(flat.take(first, count, buffer.data()), raw.data(), chunk, scratch.data());
    for (std::int64_t r = 0; r < count; ++r) {
      const float* z = raw.data() + r * outputs;
      if (task_ == assay::Task::regression)
        for (std::int64_t c = 0; c < outputs; ++c) out(first + r, c) = static_cast<double>(z[c]) * scale_ + center_;
      else if (task_ == assay::Task::binary)
        out(first + r) = 1 / (1 + std::exp(shift_of(1) - shift_of(0) - static_cast<double>(z[0])));
      else {
        double largest = -std::numeric_limits<double>::infinity(), total = 0;
        for (std::int64_t c = 0; c < outputs; ++c) largest = std::max(largest, static_cast<double>(z[c]) - shift_of(c));
        for (std::int64_t c = 0; c < outputs; ++c) total += out(first + r, c) = std::exp(static_cast<double>(z[c]) - shift_of(c) - largest);
        for (std::int64_t c = 0; c < outputs; ++c) out(first + r, c) /= total;
      }
    }
  }
}

// Arrays are stored without padding, which depends on the CPU level: inputs x outputs.
inline void NeuralMlp::put_block(assay::Saver& saver, const std::string& prefix, std::span<const float> block) const {
  for (const nn::Array& a : network_.arrays()) {
    assay::RowMajor<float> values(a.rows, a.cols);
    for (std::ptrdiff_t i = 0; i < values.size(); ++i) values.data()[i] = block[static_cast<std::size_t>(a.at(i / a.cols, i % a.cols))];
    saver.put((prefix + a.name).c_str(), values);
  }
}

inline void NeuralMlp::get_block(const assay::Saved& saved, const std::string& prefix, std::span<float> block) const {
  for (const nn::Array& a : network_.arrays()) {
    const assay::RowMajor<float> values = saved.matrix((prefix + a.name).c_str());
    if (values.rows() != a.rows || values.cols() != a.cols)
      throw assay::bad_state("the saved array " + a.name + " has another shape than the network of these parameters");
    for (std::ptrdiff_t i = 0; i < values.size(); ++i) block[static_cast<std::size_t>(a.at(i / a.cols, i % a.cols))] = values.data()[i];
  }
}

inline void NeuralMlp::save(assay::Saver& saver) const {
  if (!network_.planned()) throw assay::Error("neural.mlp has learned nothing that could be saved");
  saver.put("inputs", static_cast<std::int64_t>(network_.in().features));
  saver.put("outputs", static_cast<std::int64_t>(network_.outputs()));
  saver.put("task", static_cast<std::int64_t>(task_));
  saver.put("weight_shift", weight_shift_);
  saver.put("target_center", center_);
  saver.put("target_scale", scale_);
  put_block(saver, "", network_.parameters());
}

inline void NeuralMlp::load(const assay::Saved& saved) {
  const std::int64_t inputs = saved.number("inputs"), outputs = saved.number("outputs"), task = saved.number("task");
  const bool known = task == ASSAY_TASK_REGRESSION || task == ASSAY_TASK_BINARY || task == ASSAY_TASK_MULTICLASS;
  const double center = saved.number("target_center"), scale = saved.number("target_scale");
  if (!std::isfinite(center) || !std::isfinite(scale) || scale <= 0) throw assay::bad_state("the saved scale of the target makes no sense");
  const std::vector<double> shift = saved.vector("weight_shift");
  const bool sound = std::all_of(shift.begin(), shift.end(), [](double v) { return std::isfinite(v); });
  if (!sound || shift.size() != std::max<std::size_t>(2, outputs > 0 ? static_cast<std::size_t>(outputs) : 0))
    throw assay::bad_state("the saved shift of the classes makes no sense");
  // The first layer's size has to be there before memory is taken for it.
  const assay_array first = saved.array<float>("layer0.weight", 2);
  const std::int64_t units = hidden.empty() ? outputs : hidden.front();
  if (!known || inputs < 1 || outputs < 1 || outputs > (1 << 20) || first.shape[0] != inputs || first.shape[1] != units)
    throw assay::bad_state("the saved shape of the network makes no sense for these parameters");
  nn::Network<float> loaded = network(inputs, outputs, 0);
  std::swap(loaded, network_);
  try {
    get_block(saved, "", network_.parameters());
  } catch (...) {
    std::swap(loaded, network_);  // a failed load leaves what was there
    throw;
  }
  task_ = static_cast<assay::Task>(task);
  weight_shift_ = shift;
  center_ = center;
  scale_ = scale;
}

inline void NeuralMlp::train_save(assay::Saver& saver) const {
  save(saver);
  saver.put("batch_size", static_cast<std::int64_t>(network_.batch_size()));
  saver.put("steps", updater_.steps());
  put_block(saver, "first.", updater_.first().all());
  if (updater_.second().size() != 0) put_block(saver, "second.", updater_.second().all());
}

inline void NeuralMlp::train_load(const assay::Problem& problem, const assay::Saved& saved) {
  const std::int64_t batch_size = saved.number("batch_size"), steps = saved.number("steps");
  if (batch_size < 1 || batch_size > (std::int64_t{1} << 24) || steps < 0)
    throw assay::bad_state("the saved batch size or step count makes no sense");
  plan(problem, batch_size);
  get_block(saved, "", network_.parameters());
  get_block(saved, "first.", updater_.first().all());
  if (updater_.second().size() != 0) get_block(saved, "second.", updater_.second().all());
  updater_.set_steps(steps);
}

}  // namespace models
