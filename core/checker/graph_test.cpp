#include "checker/graph_test.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/error.hpp"
#include "checker/graph_values.hpp"
#include "checker/sample_training.hpp"

namespace assay::checker {
namespace {

constexpr std::int64_t kRows = 200, kLooked = 40;

// Rows in the precision in which the model sees them.
Tensor rows_of(const SampleTable& table, std::uint16_t dtype) {
  Tensor rows{{table.rows, kInputs}, table.x};
  if (table.lookback > 0) rows.shape = {table.rows, table.lookback, kInputs};
  if (dtype == ASSAY_F32)
    for (double& value : rows.values) value = static_cast<double>(static_cast<float>(value));
  return rows;
}

void check_quantiles(const plugin::Model& model, const SampleTable& looked, const Tensor& told) {
  expect(model.has_quantiles(), "its graph has quantiles, and the model gives none (model.quantiles/1)");
  const SampleBatch batch(looked, model.quantiles_dtype(), false);
  std::vector<double> given(static_cast<std::size_t>(looked.rows) * kLevels.size());
  model.quantiles(batch.batch(), kLevels, given, {});
  expect(told.shape == std::vector<std::int64_t>{looked.rows, std::ssize(kLevels)},
         fmt::format("its graph does not give {} x {} quantiles", looked.rows, kLevels.size()));
  for (std::size_t i = 0; i < given.size(); ++i)
    expect(std::abs(told.values[i] - given[i]) <= 1e-4 * (1 + std::abs(given[i])),
           fmt::format("its graph gives {:.6g} where its quantile of level {} is {:.6g}", told.values[i], kLevels[i % kLevels.size()],
                       given[i]));
}

void check_task(Subject& subject, std::uint32_t task) {
  const SampleTable table = sample_for(subject, kRows, subject.seed, task), looked = table.first(kLooked);
  plugin::Model model = make_model(subject);
  train(model, table, {subject.seed});
  const SampleBatch batch(table, model.predict_dtype(), false);
  const plugin::Graph graph = model.graph(batch.problem(), {});
  const Tensor told = computed(graph, rows_of(looked, model.predict_dtype()), *graph.result("predict"));
  const std::vector<double> forecasts = predict(model, looked);
  expect(told.shape == std::vector<std::int64_t>{looked.rows, looked.outputs()},
         fmt::format("{}: its graph does not give {} x {} forecasts", task_name(task), looked.rows, looked.outputs()));
  for (std::size_t i = 0; i < forecasts.size(); ++i)
    expect(std::abs(told.values[i] - forecasts[i]) <= 1e-4 * (1 + std::abs(forecasts[i])),
           fmt::format("{}: its graph gives {:.6g} where it predicts {:.6g}", task_name(task), told.values[i], forecasts[i]));
  if (const std::string* quantiles = graph.result("quantiles"); quantiles != nullptr)
    check_quantiles(model, looked, computed(graph, rows_of(looked, model.predict_dtype()), *quantiles));
}

}  // namespace

Outcome graph_of_forecasts(Subject& subject) {
  if (!make_model(subject).has_graph()) skip("tells no graph (model.graph/1)");
  try {
    for (const std::uint32_t task : tasks_of(subject)) check_task(subject, task);
  } catch (const UnknownOperator& unknown) {
    warn(fmt::format("its graph cannot be held against its forecasts: the checker does not compute {}", unknown.operation));
  } catch (const plugin::ComponentError& error) {
    if (error.status() != ASSAY_UNSUPPORTED) throw;
    return {Status::pass, "cannot be expressed: " + error.happened()};
  }
  return {};
}

}  // namespace assay::checker
