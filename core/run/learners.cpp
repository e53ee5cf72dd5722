#include "run/learners.hpp"

#include "base/hash.hpp"
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
  setup.outputs = task == config::Task::multiclass ? static_cast<std::int64_t>(classes) : 1;
  setup.class_weight = spec.balanced ? balanced_weights(labels, classes) : spec.class_weight;
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
                                              const train::Rows& rows, plugin::CallOptions options) {
  return std::make_unique<train::LocalLearner>(model, setup, rows, std::move(options));
}

train::ForecastSet forecast_set(const pipeline::FoldPart& part, std::vector<double> values, std::int64_t outputs, double naive_mae) {
  train::ForecastSet set;
  set.outputs = outputs;
  set.row = part.row;
  set.truth = part.y;
  set.value = std::move(values);
  set.time = part.time;
  set.label_end = part.label_end;
  set.entity = part.entity;
  set.group = part.group;
  set.last_known_target = part.last_known_target;
  set.naive_mae = naive_mae;
  return set;
}

}  // namespace assay::run
