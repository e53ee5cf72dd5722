#include "run/learners.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "plugin/quantiles.hpp"
#include "run/remote_learner.hpp"
#include "train/local_learner.hpp"

namespace assay::run {

namespace {

std::string schema_hash(const std::vector<pipeline::InputColumn>& inputs) {
  Sha256 hash;
  for (const pipeline::InputColumn& c : inputs) {
    hash.add_part("name", c.name);
    hash.add_part("kind", std::to_string(static_cast<int>(c.kind)));
    for (const std::string& level : c.levels) hash.add_part("level", level);
  }
  return hash.finish_hex();
}

// n / (classes * n_k): every class weighs the same in all.
std::vector<double> balanced_weights(std::span<const double> y, std::size_t classes) {
  std::vector<double> count(classes, 0), weight(classes, 1);
  for (const double v : y) count[static_cast<std::size_t>(v)] += 1;
  for (std::size_t k = 0; k < classes; ++k)
    if (count[k] > 0) weight[k] = static_cast<double>(y.size()) / (static_cast<double>(classes) * count[k]);
  return weight;
}

}  // namespace

train::LearnerSetup learner_setup(const config::Experiment& experiment, const config::Component& model, config::Task task,
                                  std::size_t classes, const std::vector<pipeline::InputColumn>& inputs, std::span<const double> labels,
                                  std::uint64_t seed) {
  const config::TrainSpec& spec = experiment.train;
  train::LearnerSetup setup;
  setup.model = model;
  setup.task = task;
  setup.inputs = inputs;
  setup.outputs = outputs_of(experiment, task, classes);
  setup.horizons = experiment.target.horizons;
  setup.class_weight = spec.balanced ? balanced_weights(labels, classes) : spec.class_weight;
  if (task == config::Task::regression) setup.levels = experiment.evaluate.quantiles;
  setup.batch_size = spec.batch_size;
  setup.shuffle = spec.shuffle;
  setup.seed = seed;
  setup.max_threads = static_cast<std::uint32_t>(experiment.resources.threads_per_worker);
  setup.schema_hash = schema_hash(inputs);
  return setup;
}

std::unique_ptr<train::Learner> worker_learner(const train::LearnerSetup& setup, const plugin::LoadedComponent& model,
                                               const worker::Descriptor& packed, const worker::ConversationOptions& options) {
  return std::make_unique<RemoteLearner>(setup, model.file->path, packed, options);
}

std::unique_ptr<train::Learner> local_learner(const train::LearnerSetup& setup, const plugin::LoadedComponent& model,
                                              const train::Rows& rows, const plugin::CallOptions& options) {
  return train::learner_here(model, setup, rows, options);
}

std::vector<double> checked_quantiles(train::Learner& learner, const train::Rows& rows, std::span<const double> levels,
                                      std::span<const double> value, const std::function<std::int64_t(std::size_t)>& row_name) {
  if (!learner.traits().tells_quantiles) return {};
  std::vector<double> quantile = learner.quantiles(rows);
  if (const auto fault = plugin::quantile_fault(levels, quantile, value))
    throw Error(Fault::failed, "forecasting quantiles", fmt::format("for row {} {}", row_name(fault->row), fault->what),
                "A quantile is a number, and never below that of a lower level");
  return quantile;
}

std::int64_t outputs_of(const config::Experiment& experiment, config::Task task, std::size_t classes) {
  if (task == config::Task::multiclass) return static_cast<std::int64_t>(classes);
  return std::max<std::int64_t>(1, std::ssize(experiment.target.horizons));
}

train::ForecastSet forecast_set(const pipeline::FoldPart& part, std::vector<double> values, std::int64_t outputs, double naive_mae,
                                std::int64_t horizon) {
  const auto rows = static_cast<std::size_t>(part.rows());
  const auto block = [&](const auto& blocks) {
    using Values = std::decay_t<decltype(blocks)>;
    if (blocks.empty()) return Values();
    const auto first = blocks.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(horizon) * rows);
    return Values(first, first + static_cast<std::ptrdiff_t>(rows));
  };
  train::ForecastSet set;
  const auto column = static_cast<std::size_t>(outputs == 1 ? 0 : horizon), columns = static_cast<std::size_t>(outputs);
  set.row = part.row;
  set.truth = block(part.y);
  if (part.horizons == 1) {
    set.outputs = outputs;
    set.value = std::move(values);
  } else {
    for (std::size_t i = 0; i < rows; ++i) set.value.push_back(values[i * columns + column]);
  }
  set.time = part.time;
  set.label_end = block(part.label_end);
  set.entity = part.entity;
  set.group = part.group;
  set.last_known_target = block(part.last_known_target);
  set.naive_mae = naive_mae;
  return set;
}

}  // namespace assay::run
