#include "checker/weights_test.hpp"

#include <fmt/format.h>

#include "checker/sample_training.hpp"

namespace assay::checker {
namespace {

constexpr std::int64_t kRows = 200;

std::vector<double> fitted(const Subject& subject, const SampleTable& learned, const SampleTable& asked) {
  plugin::Model model = make_model(subject);
  train(model, learned, {subject.seed});
  return predict(model, asked);
}

// Every second row says the opposite of what it did: its value with the other sign, or another class.
SampleTable contradicted(SampleTable table) {
  for (std::size_t row = 1; row < table.y.size(); row += 2) {
    double& y = table.y[row];
    y = table.task == ASSAY_TASK_REGRESSION ? -y : table.task == ASSAY_TASK_BINARY ? 1 - y : 2 - y;
  }
  return table;
}

}  // namespace

Outcome weights(Subject& subject) {
  if (!subject.component->has(ASSAY_TAKES_WEIGHTS)) skip("it does not say that it takes weights");
  for (const std::uint32_t task : tasks_of(subject)) {
    const SampleTable plain = sample_for(subject, kRows, subject.seed, task);
    SampleTable half = plain;
    for (std::int64_t row = 0; row < kRows; ++row) half.weight.push_back(row % 2 == 0 ? 1 : 0);
    SampleTable lies = contradicted(half);
    const std::vector<double> told = fitted(subject, lies, plain);
    expect(same_bits(fitted(subject, half, plain), told),
           fmt::format("{}: what rows of weight 0 say changes its predictions: they have to be without a pull", task_name(task)));
    lies.weight.clear();
    expect(!same_bits(fitted(subject, lies, plain), told),
           fmt::format("{}: with weights it predicts the same bits as without: it does not heed them", task_name(task)));
  }
  return {};
}

}  // namespace assay::checker
