// A whole model over layers: loss, optimiser, scaling of the target, pruning, slopes, graph, state. An author derives a struct, says its
// layers and its parameters, and has a plugin (docs/networks.md); the shipped neural models are such structs. Trained batch by batch: the
// host owns epochs, early stopping, schedule and checkpoints. The output follows the task: value, probability (sigmoid) or probabilities
// (softmax); of a regression's loss also quantiles (quantile: at the problem's levels, gaussian and student_t: at any). No allocation in
// step() and predict(). step() on one thread (or on the call's, where a batch is cut into parts), predict() on any number.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "assay/model.hpp"
#include "assay/nn/network.hpp"
#include "assay/nn/optimizer.hpp"
#include "assay/nn/prune.hpp"

namespace assay::nn {
inline namespace ASSAY_NN_NAMESPACE ASSAY_HIDDEN {
namespace detail {

inline std::string shortest(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace detail

struct TrainedNetwork {
  using Scalar = float;

  static constexpr bool takes_categories = true, takes_horizons = true;

  std::string loss = "auto", init = "auto", categories = "embed";
  std::int64_t embedding_size = 0;
  nn::OptimizerSpec optimizer;
  double huber_delta = 1;
  bool scale_target = true;

  virtual ~TrainedNetwork() = default;

  // The architecture for rows of this shape; its last layer gives `outputs` raw values. Throws bad_input where the shape does not suit it.
  virtual std::vector<nn::LayerSpec> layers(nn::Shape in, std::ptrdiff_t outputs) const = 0;
  // How the layers see a row of the problem.
  virtual nn::Shape shape_of(std::int64_t lookback, std::int64_t inputs) const { return {std::max<std::int64_t>(1, lookback), inputs}; }

  void configured();

  void begin(const assay::Problem& problem, std::int64_t batch_size, assay::Call& call);
  double step(const assay::Batch& batch, const assay::Step& at, assay::Call& call);
  void predict(const assay::Rows& rows, assay::Out out, assay::Call& call) const;
  void quantiles(const assay::Rows& rows, std::span<const double> levels, assay::Out out, assay::Call& call) const;
  void graph(assay::Graph& g) const;
  void gradient(const assay::Rows& rows, std::int64_t output, assay::Slopes slopes, assay::Call& call) const;

  void prune(assay::Pruning how, double share);  // trained_network_pruning.hpp
  assay::ModelSize size(assay::Pruning how) const;

  void save(assay::Saver& saver) const;
  void load(const assay::Saved& saved);
  void train_save(assay::Saver& saver) const;
  void train_load(const assay::Problem& problem, const assay::Saved& saved);

  // The optimiser's parameters one by one, as the experiment file names them.
  nn::OptimizerKind optimizer_kind = nn::OptimizerKind::adam;
  double learning_rate = 1e-3, momentum = 0, beta1 = 0.9, beta2 = 0.999, weight_decay = 0, clip_norm = 0, smoothing = 0.99;
  bool nesterov = false;
  std::int64_t shards = 1;

 private:
  static constexpr std::int64_t kChunk = 64;  // rows that predict() takes at once

  static double mean_weight(const assay::VectorView<const float>& weight);

  double shift_of(std::int64_t c) const { return weight_shift_[static_cast<std::size_t>(c)]; }
  nn::LossKind loss_of(assay::Task task) const;
  nn::LossSpec loss_spec() const {
    return {.kind = loss_kind_, .huber_delta = huber_delta, .class_weight = class_weight_, .levels = levels_};
  }
  bool is_distribution() const { return nn::learns_distribution(loss_kind_); }
  std::string diverged(const assay::Step& at) const;
  std::vector<nn::LayerSpec> all_layers(nn::Shape in, std::ptrdiff_t outputs) const;
  std::vector<nn::EmbeddedColumn> categories_of(const assay::Problem& problem) const;
  nn::Target<float> targets(const assay::Batch& batch);  // the batch's y, scaled for a regression
  double center_of(std::int64_t output) const { return center_[std::min(static_cast<std::size_t>(output), center_.size() - 1)]; }
  double scale_of(std::int64_t output) const { return scale_[std::min(static_cast<std::size_t>(output), scale_.size() - 1)]; }
  void plan(const assay::Problem& problem, std::int64_t batch_size);
  void remove_units(double share);  // trained_network_pruning.hpp
  std::vector<nn::LayerSpec> layers_left(nn::Shape in, std::int64_t outputs, const std::vector<std::int64_t>& units) const;
  static std::vector<std::int64_t> saved_units(const assay::Saved& saved);
  static std::vector<nn::EmbeddedColumn> saved_categories(const assay::Saved& saved);
  void load_network(const assay::Saved& saved);
  nn::Network<float> network(nn::Shape in, std::int64_t outputs, std::int64_t batch_size) const;
  nn::Samples<float> samples(const assay::Rows& rows) const;
  void leave_out_categories(assay::Slopes slopes) const;
  // trained_network_quantiles.hpp
  void learn_levels(const assay::Problem& problem);
  void begin_at_normal_levels();
  std::ptrdiff_t median() const;                                  // the place of 0.5 among the levels
  double in_target_units(double mean_loss, double weight) const;  // of a batch, whose mean weight is told
  double point_forecast(const float* raw) const;                  // scaled, as the network learns it
  void point_direction(const float* raw, float* direction) const;
  template <class Each>
  void each_raw(const assay::Rows& rows, assay::Call& call, const Each& each) const;
  void graph_of_distribution(assay::Graph& g, const std::string& raw) const;
  static std::vector<double> saved_levels(const assay::Saved& saved, nn::LossKind kind, std::int64_t outputs);
  static void check_size(const assay::Saved& saved, nn::Shape in, const std::vector<nn::LayerSpec>& layers);
  void put_block(assay::Saver& saver, const std::string& prefix, std::span<const float> block, std::span<const float> state = {}) const;
  void get_block(const assay::Saved& saved, const std::string& prefix, std::span<float> block, std::span<float> state = {}) const;

  assay::Task task_ = assay::Task::regression;
  nn::LossKind loss_kind_ = nn::LossKind::squared;
  std::vector<double> class_weight_;
  std::vector<double> weight_shift_{0, 0};    // log of each class's weight, which forecasts take off again
  std::vector<double> center_{0}, scale_{1};  // of the target, for each horizon; 0 and 1 for classes
  std::vector<double> levels_;                // of loss quantile
  nn::Network<float> network_;
  nn::Optimizer<float> updater_;
  nn::Arena<float> target_;                   // a batch's scaled targets
  std::vector<nn::EmbeddedColumn> embedded_;  // inputs that are categories
  std::vector<std::int64_t> units_left_;      // of each layer that has units, once some have left; else empty
  nn::Arena<float> live_;                     // 0 for each weight that was pruned, 1 elsewhere; empty where none was
  std::int64_t batch_size_ = 0;               // of the training that has begun; 0: none has
};

// The parameters that every neural model has.
template <class T>
inline void training_params(assay::Params<T>& p) {
  p.template choice<&T::loss>("loss",
                              "auto: mse for regression, cross_entropy for classes; quantile learns the levels of evaluate.quantiles, "
                              "gaussian and student_t a density",
                              {"auto", "mse", "mae", "huber", "quantile", "gaussian", "student_t", "cross_entropy"});
  p.template real<&T::huber_delta>("huber_delta", "Huber's loss is quadratic up to this error and linear beyond")
      .range(0, 1e9)
      .open_min()
      .log_scale()
      .only_if("loss", "huber");
  p.template boolean<&T::scale_target>(
      "scale_target",
      "Learn a regression's target as (value - mean) / standard deviation of the train rows; forecasts and loss come back "
      "in its own units, huber_delta counts standard deviations");
  p.template choice<&T::optimizer_kind>("optimizer", "Optimiser", {"sgd", "adam", "adamw", "rmsprop"});
  p.template real<&T::learning_rate>("learning_rate", "Step size, multiplied by the host's schedule").range(0, 10).open_min().log_scale();
  p.template real<&T::momentum>("momentum", "Momentum of sgd").range(0, 1).open_max().only_if("optimizer", "sgd");
  p.template boolean<&T::nesterov>("nesterov", "Nesterov's momentum").only_if("optimizer", "sgd");
  p.template real<&T::smoothing>("smoothing", "Decay of the mean squared gradient of rmsprop")
      .range(0, 1)
      .open_max()
      .only_if("optimizer", "rmsprop");
  p.template real<&T::beta1>("beta1", "Decay of the mean gradient of adam and adamw").range(0, 1).open_max();
  p.template real<&T::beta2>("beta2", "Decay of the mean squared gradient of adam and adamw").range(0, 1).open_max();
  p.template real<&T::weight_decay>("weight_decay", "Pull of all parameters towards zero; decoupled from the gradient in adamw")
      .range(0, 10);
  p.template integer<&T::shards>("shards",
                                 "Parts that a batch is cut into, each worth a core where there is one; the same for any number of cores")
      .range(1, 256);
  p.template real<&T::clip_norm>("clip_norm", "Longest gradient, all parameters together; 0: no clipping").range(0, 1e9);
  p.template choice<&T::categories>(
      "categories", "Inputs that are categories: a learned vector for each level, or the level's number as it is", {"embed", "numbers"});
  p.template integer<&T::embedding_size>("embedding_size", "Length of those vectors; 0: half the number of levels, at most 50")
      .range(0, 1024)
      .only_if("categories", "embed");
  p.template choice<&T::init>("init",
                              "Initial weights; auto: he_uniform for relu, leaky_relu, elu and gelu layers, glorot_uniform for the others",
                              {"auto", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "orthogonal"});
}

inline void TrainedNetwork::configured() {
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

inline nn::LossKind TrainedNetwork::loss_of(assay::Task task) const {
  if (task == assay::Task::regression) {
    if (loss == "cross_entropy")
      throw assay::bad_input("loss cross_entropy is for classes; a regression takes mse, mae, huber, quantile, gaussian or student_t");
    if (loss == "quantile") return nn::LossKind::quantile;
    if (loss == "gaussian" || loss == "student_t") return loss == "gaussian" ? nn::LossKind::gaussian : nn::LossKind::student_t;
    return loss == "mae" ? nn::LossKind::absolute : loss == "huber" ? nn::LossKind::huber : nn::LossKind::squared;
  }
  if (loss != "auto" && loss != "cross_entropy") throw assay::bad_input("loss " + loss + " is for regression; classes take cross_entropy");
  return task == assay::Task::binary ? nn::LossKind::binary_cross_entropy : nn::LossKind::cross_entropy;
}

inline nn::Network<float> TrainedNetwork::network(nn::Shape in, std::int64_t outputs, std::int64_t batch_size) const {
  return {in, layers_left(in, outputs, units_left_), batch_size, shards};
}

inline std::vector<nn::LayerSpec> TrainedNetwork::layers_left(nn::Shape in, std::int64_t outputs,
                                                              const std::vector<std::int64_t>& units) const {
  return units.empty() ? all_layers(in, outputs) : nn::UnitMap(all_layers(in, outputs), units).layers();
}

// The layers with the embedding of categories below them.
inline std::vector<nn::LayerSpec> TrainedNetwork::all_layers(nn::Shape in, std::ptrdiff_t outputs) const {
  if (embedded_.empty()) return layers(in, outputs);
  nn::Shape inside = in;
  for (const nn::EmbeddedColumn& c : embedded_) inside.features += c.size - 1;
  std::vector<nn::LayerSpec> all = layers(inside, outputs);
  all.insert(all.begin(), nn::Embedding{embedded_});
  return all;
}

// Which inputs are categories, and how long the vector of each is: (levels + 1) / 2 and at most 50 where embedding_size is 0.
inline std::vector<nn::EmbeddedColumn> TrainedNetwork::categories_of(const assay::Problem& problem) const {
  std::vector<nn::EmbeddedColumn> found;
  if (categories != "embed" || !problem.has_columns() || shape_of(problem.lookback(), problem.inputs()).features != problem.inputs())
    return found;
  for (std::int64_t i = 0; i < problem.inputs(); ++i) {
    const assay::Column column = problem.column(i);
    const auto levels = static_cast<std::ptrdiff_t>(column.level_count());
    if (column.kind() != assay::ColumnKind::category || levels == 0) continue;
    found.push_back({i, levels, embedding_size > 0 ? embedding_size : std::min<std::ptrdiff_t>(50, (levels + 1) / 2)});
  }
  return found;
}

// A batch's rows as the network's shape has them: windows, plain rows, or plain rows read along their columns.
inline nn::Samples<float> TrainedNetwork::samples(const assay::Rows& rows) const {
  const nn::Shape in = network_.in();
  nn::Samples<float> s;
  s.rows = rows.size();
  s.time = in.time;
  s.features = in.features;
  if (rows.lookback() == 0) {
    const auto x = rows.x<float>();
    s.data = x.data();
    s.row_stride = x.row_stride();
    s.time_stride = 1;
    if (x.cols() != in.time * in.features) throw assay::bad_input("the rows have another number of inputs than the network");
    return s;
  }
  const assay_array& x = rows.raw().x;
  s.data = assay::detail::data_of<const float>(x, 3, "x");
  s.row_stride = x.stride[0];
  s.time_stride = x.stride[1];
  if (x.shape[1] != in.time || x.shape[2] != in.features) throw assay::bad_input("the windows have another shape than the network's");
  return s;
}

inline void TrainedNetwork::plan(const assay::Problem& problem, std::int64_t batch_size) {
  task_ = problem.task();
  const auto weights = problem.class_weight();
  class_weight_.assign(weights.begin(), weights.end());
  weight_shift_.assign(task_ == assay::Task::multiclass ? std::max<std::size_t>(2, static_cast<std::size_t>(problem.outputs())) : 2, 0);
  for (std::size_t c = 0; c < class_weight_.size(); ++c) weight_shift_[c] = std::log(class_weight_[c]);
  loss_kind_ = loss_of(task_);
  const bool scales = scale_target && task_ == assay::Task::regression;
  const std::int64_t horizons = task_ == assay::Task::regression ? problem.horizons() : 1;
  center_.assign(static_cast<std::size_t>(horizons), 0);
  scale_.assign(static_cast<std::size_t>(horizons), 1);
  for (std::size_t h = 0; scales && h < center_.size(); ++h) {
    center_[h] = problem.target_center(static_cast<std::int64_t>(h));
    scale_[h] = problem.target_scale(static_cast<std::int64_t>(h));
  }
  learn_levels(problem);
  embedded_ = categories_of(problem);
  const std::int64_t outputs = is_distribution() ? nn::outputs_of(loss_spec()) : problem.outputs();
  network_ = network(shape_of(problem.lookback(), problem.inputs()), outputs, batch_size);
  updater_ = nn::Optimizer<float>(optimizer, network_.parameters().size());
  live_ = {};
  batch_size_ = batch_size;
  target_ = nn::Arena<float>(task_ == assay::Task::regression ? batch_size * horizons : 0);
}

inline void TrainedNetwork::begin(const assay::Problem& problem, std::int64_t batch_size, assay::Call& call) {
  if (batch_size < 1) throw assay::bad_input("the batch size has to be at least 1");
  units_left_.clear();
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
  begin_at_normal_levels();
}

inline double TrainedNetwork::step(const assay::Batch& batch, const assay::Step& at, assay::Call& call) {
  if (batch.size() > network_.batch_size()) throw assay::bad_input("a batch has more rows than were announced");
  const nn::Target<float> target = targets(batch);
  const assay::Random random = call.random().child(~std::uint64_t{0}).child(static_cast<std::uint64_t>(at.step()));  // for dropout
  const auto parallel = [&](std::ptrdiff_t n, const auto& part) {
    if (n == 1) return part(0);
    call.parallel(static_cast<std::uint32_t>(n), [&](std::uint32_t i) { part(static_cast<std::ptrdiff_t>(i)); });
  };
  const double mean = network_.loss_and_gradient(samples(batch), target, loss_spec(), random, parallel);
  if (!std::isfinite(mean)) throw assay::Error(diverged(at));
  const auto keep_pruned = [this](std::span<float> values) {
    for (std::size_t i = 0; i < live_.size(); ++i) values[i] *= live_.data()[i];
  };
  keep_pruned(network_.gradients());  // clipping counts what is there
  updater_.update(network_.parameters().data(), network_.gradients().data(), at.rate_factor());
  keep_pruned(network_.parameters());  // momentum from before would move them
  if (scale_.size() > 1) return mean;  // each horizon in its own deviations
  return in_target_units(mean, mean_weight(target.weight));
}

// Where a training that came to no number broke, and what usually mends it: the first layer with weights that are none, or else the first
// that made such values of the batch.
inline std::string TrainedNetwork::diverged(const assay::Step& at) const {
  const auto is_finite = [this](const nn::Array& a) {
    const auto values = a.is_state ? network_.state() : network_.parameters();
    for (std::ptrdiff_t i = 0; i < a.rows * a.cols; ++i)
      if (!std::isfinite(values[static_cast<std::size_t>(a.at(i / a.cols, i % a.cols))])) return false;
    return true;
  };
  const auto named = [this](std::size_t layer) {
    return "layer " + std::to_string(layer + 1) + " of " + std::to_string(network_.layers().size()) + ", " +
           nn::name_of(network_.layers().at(layer));
  };
  std::string where = "the forecasts are numbers, but too far from the targets, or a target is none";
  const auto broken = std::find_if_not(network_.arrays().begin(), network_.arrays().end(), is_finite);
  if (broken != network_.arrays().end())
    where = "the first weights that are not either are those of " + named(std::stoul(broken->name.substr(5)));  // "layer3.weights"
  else if (const auto layer = network_.first_broken())
    where = "the first values that are not either come out of " + named(*layer);
  return "epoch " + std::to_string(at.epoch() + 1) + ", step " + std::to_string(at.step() + 1) + ": the loss is no longer a number; " +
         where + ". A smaller learning_rate (it is " + detail::shortest(optimizer.learning_rate) +
         "), clip_norm: 1 or scaled inputs usually mend that";
}

inline nn::Target<float> TrainedNetwork::targets(const assay::Batch& batch) {
  if (task_ != assay::Task::regression) return {batch.y<float>(), batch.weight<float>()};
  const auto y = batch.y_by_horizon<float>();
  const auto horizons = static_cast<std::int64_t>(center_.size());
  if (y.cols() != horizons) throw assay::bad_input("a batch has targets of another number of horizons than was announced");
  for (std::int64_t h = 0; h < horizons; ++h) {
    const auto center = static_cast<float>(center_of(h)), inverse = static_cast<float>(1 / scale_of(h));
    for (std::int64_t i = 0; i < y.rows(); ++i) target_.data()[i * horizons + h] = (y(i, h) - center) * inverse;
  }
  if (horizons == 1) return {assay::VectorView<const float>(target_.data(), y.rows()), batch.weight<float>()};
  return {target_.data(), horizons, batch.weight<float>()};
}

inline void TrainedNetwork::predict(const assay::Rows& rows, assay::Out out, assay::Call& call) const {
  const std::int64_t outputs = network_.planned() ? network_.outputs() : 0;
  if (network_.planned() && out.cols() != (is_distribution() ? 1 : outputs))
    throw assay::bad_input("the network has been trained for another number of outputs");
  each_raw(rows, call, [&](std::int64_t row, const float* z) {
    if (is_distribution())
      out(row) = point_forecast(z) * scale_[0] + center_[0];
    else if (task_ == assay::Task::regression)
      for (std::int64_t c = 0; c < outputs; ++c) out(row, c) = static_cast<double>(z[c]) * scale_of(c) + center_of(c);
    else if (task_ == assay::Task::binary)
      out(row) = 1 / (1 + std::exp(shift_of(1) - shift_of(0) - static_cast<double>(z[0])));
    else {
      double largest = -std::numeric_limits<double>::infinity(), total = 0;
      for (std::int64_t c = 0; c < outputs; ++c) largest = std::max(largest, static_cast<double>(z[c]) - shift_of(c));
      for (std::int64_t c = 0; c < outputs; ++c) total += out(row, c) = std::exp(static_cast<double>(z[c]) - shift_of(c) - largest);
      for (std::int64_t c = 0; c < outputs; ++c) out(row, c) /= total;
    }
  });
}

// each(row, its raw outputs)
template <class Each>
inline void TrainedNetwork::each_raw(const assay::Rows& rows, assay::Call& call, const Each& each) const {
  if (!network_.planned()) throw assay::bad_input("the network has not been trained");
  const nn::Samples<float> all = samples(rows);
  const std::int64_t outputs = network_.outputs(), chunk = std::min(kChunk, rows.size());
  if (chunk == 0) return;
  const auto scratch = call.scratch<float>(network_.scratch_size(chunk));
  const auto raw = call.scratch<float>(static_cast<std::size_t>(chunk * outputs));
  for (std::int64_t first = 0; first < rows.size(); first += chunk) {
    const std::int64_t count = std::min(chunk, rows.size() - first);
    network_.predict(all.slice(first, count), raw.data(), chunk, scratch.data());
    for (std::int64_t r = 0; r < count; ++r) each(first + r, raw.data() + r * outputs);
  }
}

// A class's score is its raw output less the mean of the others'.
inline void TrainedNetwork::gradient(const assay::Rows& rows, std::int64_t output, assay::Slopes slopes, assay::Call& call) const {
  if (!network_.planned()) throw assay::bad_input("the network has not been trained");
  const nn::Samples<float> all = samples(rows);
  const std::int64_t outputs = network_.outputs(), chunk = std::min(kChunk, rows.size()), width = all.time * all.features;
  const bool classes = task_ == assay::Task::multiclass;
  if (output < 0 || (task_ == assay::Task::binary ? output > 1 : output >= (is_distribution() ? 1 : outputs)))
    throw assay::bad_input("there is no such output");
  if (chunk == 0) return;
  const std::int64_t column = task_ == assay::Task::binary ? 0 : output;
  const double sign = task_ == assay::Task::binary && output == 0 ? -1 : 1, scale = sign * scale_of(column);
  std::vector<float> direction(static_cast<std::size_t>(outputs), classes ? -1 / static_cast<float>(outputs - 1) : 0.0F);
  direction[static_cast<std::size_t>(column)] = 1;
  double shift = task_ == assay::Task::binary ? shift_of(1) - shift_of(0) : 0;
  for (std::int64_t c = 0; classes && c < outputs; ++c) shift += static_cast<double>(direction[static_cast<std::size_t>(c)]) * shift_of(c);
  const auto scratch = call.scratch<float>(network_.gradient_scratch_size(chunk));
  const auto raw = call.scratch<float>(static_cast<std::size_t>(chunk * outputs)),
             slope = call.scratch<float>(static_cast<std::size_t>(chunk * width));
  for (std::int64_t first = 0; first < rows.size(); first += chunk) {
    const std::int64_t count = std::min(chunk, rows.size() - first);
    const auto of_row = [&](const float* z, float* to) {
      if (is_distribution())
        point_direction(z, to);
      else
        std::copy(direction.begin(), direction.end(), to);
    };
    network_.input_gradient(all.slice(first, count), of_row, raw.data(), slope.data(), chunk, scratch.data());
    for (std::int64_t r = 0; r < count; ++r) {
      double score = -shift;
      for (std::int64_t c = 0; c < outputs; ++c)
        score += static_cast<double>(direction[static_cast<std::size_t>(c)]) *
                 static_cast<double>(raw[static_cast<std::size_t>(r * outputs + c)]);
      if (is_distribution()) score = point_forecast(raw.data() + r * outputs);
      slopes.score(first + r) = score * scale + center_of(column);
      const std::span<double> to = slopes.of_row(first + r);
      for (std::int64_t i = 0; i < width; ++i)
        to[static_cast<std::size_t>(i)] = scale * static_cast<double>(slope[static_cast<std::size_t>(r * width + i)]);
    }
  }
  leave_out_categories(slopes);
}

// The number of a category has no slope.
inline void TrainedNetwork::leave_out_categories(assay::Slopes slopes) const {
  const auto* embedding = network_.layers().empty() ? nullptr : std::get_if<nn::Embedding>(&network_.layers().front());
  if (embedding == nullptr) return;
  for (std::int64_t r = 0; r < slopes.rows(); ++r)
    for (const nn::EmbeddedColumn& c : embedding->columns)
      for (std::ptrdiff_t t = 0; t < network_.in().time; ++t)
        slopes.of_row(r)[static_cast<std::size_t>(t * network_.in().features + c.column)] = assay::kMissing;
}

// As predict() has it: the network in float, what its outputs become in double.
inline void TrainedNetwork::graph(assay::Graph& g) const {
  if (!network_.planned()) throw assay::bad_input("the network has not been trained");
  const std::string raw = network_.graph(g);
  if (is_distribution()) return graph_of_distribution(g, raw);
  const std::string z = g.cast<double>(raw);
  if (task_ == assay::Task::regression) {
    const auto horizons = static_cast<std::int64_t>(center_.size());
    const auto each = [&](const std::vector<double>& v) { return horizons == 1 ? g.scalar(v[0]) : g.constant(v, {horizons}); };
    return g.predicts(g.node("Add", {g.node("Mul", {z, each(scale_)}), each(center_)}));
  }
  if (task_ == assay::Task::binary) return g.predicts(g.node("Sigmoid", {g.node("Sub", {z, g.scalar(shift_of(1) - shift_of(0))})}));
  const std::string shifted = g.node("Sub", {z, g.constant(weight_shift_, {static_cast<std::int64_t>(weight_shift_.size())})});
  g.predicts(g.node("Softmax", {shifted}, {{"axis", -1}}));
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay::nn

#include "assay/nn/trained_network_pruning.hpp"
#include "assay/nn/trained_network_quantiles.hpp"
#include "assay/nn/trained_network_state.hpp"
