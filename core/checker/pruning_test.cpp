#include "checker/pruning_test.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/error.hpp"
#include "checker/sample_training.hpp"

namespace assay::checker {
namespace {

constexpr std::int64_t kRows = 200;
constexpr int kFirst = 11, kSecond = 18, kEpochs = 4;  // steps before pruning, and after it

struct Method {
  plugin::Pruning method;
  const char* what;
};

// The steps from `first` to before `last`, as in one training.
void steps(plugin::Model& model, const SampleTable& table, std::uint64_t seed, int first, int last) {
  Training training{seed, kEpochs};
  training.first_step = first;
  training.last_step = last;
  train(model, table, training);
}

plugin::Model begun(const Subject& subject, const SampleTable& table) {
  plugin::Model model = make_model(subject);
  steps(model, table, subject.seed, 0, kFirst);
  return model;
}

// What the method could take; nothing where the model refuses it.
std::optional<plugin::ModelSize> size_of(const plugin::Model& model, const Method& by) {
  try {
    return model.size(by.method, {});
  } catch (const plugin::ComponentError& error) {
    if (error.status() == ASSAY_UNSUPPORTED) return std::nullopt;
    throw;
  }
}

void reaches(plugin::Model& model, const Method& by, const SampleTable& table) {
  const std::vector<double> before = predict(model, table);
  model.prune(by.method, 0, {});
  expect(same_bits(predict(model, table), before), fmt::format("asked to prune none of its {}, it predicts otherwise", by.what));
  model.prune(by.method, 0.5, {});
  const plugin::ModelSize size = model.size(by.method, {});
  expect(2 * size.pruned >= size.prunable,
         fmt::format("asked to prune half of its {}, it took {} of {}", by.what, size.pruned, size.prunable));
  const std::vector<double> after = predict(model, table);
  expect(count_not_finite(after) == 0, fmt::format("with half of its {} pruned its predictions are not finite", by.what));
  model.prune(by.method, 0.25, {});
  expect(same_bits(predict(model, table), after),
         fmt::format("half of its {} are pruned; asked for a quarter, it predicts otherwise", by.what));
}

void keeps(plugin::Model& model, const Subject& subject, const Method& by, const SampleTable& table) {
  const std::int64_t taken = model.size(by.method, {}).pruned;
  if (model.has_train_state()) {
    plugin::Model second = make_model(subject);
    const SampleBatch any(table.first(1), second.step_dtype(), true);
    second.train_load(any.problem(), model.train_save({}), {});
    steps(second, table, subject.seed, kFirst, kSecond);
    steps(model, table, subject.seed, kFirst, kSecond);
    expect(same_bits(predict(second, table), predict(model, table)),
           fmt::format("with {} pruned, stopped, reloaded and gone on is not the same as straight through", by.what));
  } else {
    steps(model, table, subject.seed, kFirst, kSecond);
  }
  const std::int64_t left = model.size(by.method, {}).pruned;
  expect(left >= taken, fmt::format("further steps bring pruned {} back: {} were taken, {} are gone", by.what, taken, left));
  plugin::Model third = begun(subject, table);
  third.load(model.save({}), {});
  expect(same_bits(predict(third, table), predict(model, table)),
         fmt::format("with {} pruned, saved and loaded it predicts otherwise", by.what));
  third.prune(by.method, 0.75, {});
  steps(third, table, subject.seed, kFirst, kSecond);
  const plugin::ModelSize size = third.size(by.method, {});
  expect(4 * size.pruned >= 3 * size.prunable,
         fmt::format("loaded and pruned further, to three quarters of its {}, it took {} of {}", by.what, size.pruned, size.prunable));
}

}  // namespace

Outcome prunes(Subject& subject) {
  if (!make_model(subject).has_prune()) skip("offers no model.prune/1");
  const SampleTable table = sample_for(subject, kRows, subject.seed);
  std::string text;
  for (const Method& by : {Method{plugin::Pruning::weights, "weights"}, Method{plugin::Pruning::units, "units"}}) {
    plugin::Model model = begun(subject, table);
    const auto size = size_of(model, by);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", size ? std::to_string(size->prunable) : "no", by.what);
    if (!size) continue;
    expect(size->prunable > 0, fmt::format("it has no {} to prune, and does not refuse", by.what));
    reaches(model, by, table);
    keeps(model, subject, by, table);
  }
  return {Status::pass, text};
}

}  // namespace assay::checker
