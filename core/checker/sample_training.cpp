#include "checker/sample_training.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "base/random.hpp"

namespace assay::checker {
namespace {

plugin::CallOptions options_of(std::uint64_t seed, unsigned max_threads) {
  plugin::CallOptions options;
  options.seed = seed;
  options.max_threads = max_threads;
  return options;
}

void train_by_steps(plugin::Model& model, const SampleTable& table, const Training& training) {
  const SeedTree tree = SeedTree(training.seed).child("training");
  if (training.first_step == 0) {
    const SampleBatch whole(table.first(std::min<std::int64_t>(table.rows, 1)), model.step_dtype(), true);
    model.begin(whole.problem(), kBatchSize, options_of(tree.child("weights").seed(), training.max_threads));
  }
  int step = 0;
  for (int epoch = 0; epoch < training.epochs; ++epoch) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(table.rows));
    std::iota(order.begin(), order.end(), 0);
    Random random(tree.child("order").child(static_cast<std::uint64_t>(epoch)));
    random.shuffle(std::span<std::int64_t>(order));
    for (std::size_t at = 0; at < order.size(); at += kBatchSize, ++step) {
      if (training.last_step >= 0 && step >= training.last_step) return;
      if (step < training.first_step) continue;
      const auto rows = std::span<const std::int64_t>(order).subspan(at, std::min<std::size_t>(kBatchSize, order.size() - at));
      SampleBatch batch(table.taken(rows), model.step_dtype(), true);
      if (training.protect) batch.protect();
      const assay_step when{sizeof when, 0, epoch, step, 1.0};
      const double loss = model.step(batch.batch(), when,
                                     options_of(tree.child("step").child(static_cast<std::uint64_t>(step)).seed(), training.max_threads));
      expect(std::isfinite(loss), fmt::format("the loss of step {} is {}", step, loss));
    }
    if (training.enough && epoch % 10 == 9 && training.enough()) return;
  }
}

std::int64_t wanted_lookback(const Subject& subject, std::uint32_t task) {
  plugin::Model model = make_model(subject);
  Training brief;
  brief.epochs = 1;
  try {
    train(model, linear_sample(task, 2 * kBatchSize, 0, 1), brief);
  } catch (const plugin::ComponentError& error) {
    return error.status() == ASSAY_BAD_INPUT ? 4 : 0;
  }
  return 0;
}

}  // namespace

plugin::Model make_model(const Subject& subject) { return {*subject.component, subject.params, options_of(subject.seed, 1)}; }

void train(plugin::Model& model, const SampleTable& table, const Training& training) {
  if (model.has_step()) return train_by_steps(model, table, training);  // as the host does, whatever else is offered
  SampleBatch batch(table, model.fit_dtype(), true);
  if (training.protect) batch.protect();
  model.fit(batch.batch(), options_of(training.seed, training.max_threads));
}

std::vector<double> predict(const plugin::Model& model, const SampleTable& table, std::uint64_t seed, bool protect, unsigned max_threads) {
  SampleBatch rows(table, model.predict_dtype(), false);
  if (protect) rows.protect();
  std::vector<double> out(static_cast<std::size_t>(table.rows * table.outputs()), -12345.0);
  model.predict(rows.batch(), out, options_of(seed, max_threads));
  return out;
}

std::vector<std::uint32_t> tasks_of(const Subject& subject) {
  std::vector<std::uint32_t> tasks;
  for (const std::uint32_t task : {ASSAY_TASK_REGRESSION, ASSAY_TASK_BINARY, ASSAY_TASK_MULTICLASS})
    if ((subject.spec().tasks & task) != 0) tasks.push_back(task);
  return tasks;
}

SampleTable sample_for(const Subject& subject, std::int64_t rows, std::uint64_t seed, std::uint32_t task) {
  if (task == 0) {
    const auto tasks = tasks_of(subject);
    expect(!tasks.empty(), "it declares no task that it can learn");
    task = tasks.front();
  }
  return linear_sample(task, rows, wanted_lookback(subject, task), seed);
}

bool same_bits(std::span<const double> a, std::span<const double> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

std::size_t count_not_finite(std::span<const double> values) {
  std::size_t count = 0;
  for (const double value : values) count += std::isfinite(value) ? 0 : 1;
  return count;
}

}  // namespace assay::checker
