#include "checker/quantiles_test.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"
#include "checker/sample_training.hpp"
#include "checker/thread_watch.hpp"
#include "plugin/quantiles.hpp"

namespace assay::checker {
namespace {

constexpr std::int64_t kRows = 200;
constexpr double kUnfilled = -12345;

std::vector<double> quantiles(const plugin::Model& model, const SampleTable& table) {
  const SampleBatch batch(table, model.quantiles_dtype(), false);
  std::vector<double> out(static_cast<std::size_t>(table.rows) * kLevels.size(), kUnfilled);
  model.quantiles(batch.batch(), kLevels, out, {});
  return out;
}

void expect_sound(const SampleTable& table, std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    expect(values[i] != kUnfilled, fmt::format("quantiles left row {} unfilled", i / kLevels.size()));
  if (const auto fault = plugin::quantile_fault(kLevels, values)) fail(fmt::format("row {}: {}", fault->row, fault->what));
  expect(std::ssize(values) == table.rows * std::ssize(kLevels), "there is a value for each row and level");
}

void expect_alone_as_among_others(const plugin::Model& model, const SampleTable& table, std::span<const double> all) {
  for (std::int64_t row = 0; row < table.rows; row += 13) {
    const std::vector<double> one = quantiles(model, table.taken(std::span(&row, 1)));
    for (std::size_t k = 0; k < kLevels.size(); ++k) {
      const double whole = all[static_cast<std::size_t>(row) * kLevels.size() + k];
      expect(std::abs(one[k] - whole) <= 1e-6 * (1 + std::abs(whole)),
             fmt::format("row {} alone has {:.9g} at level {}, among others {:.9g}: a row's quantiles depend on its company", row, one[k],
                         kLevels[k], whole));
    }
  }
}

void expect_same_after_load(Subject& subject, const plugin::Model& model, const SampleTable& table, std::span<const double> values) {
  if (!model.has_state()) return;
  plugin::Model loaded = make_model(subject);
  loaded.load(model.save({}), {});
  expect(same_bits(quantiles(loaded, table), values), "saved and loaded, it gives other quantiles");
}

// What a reader wants to know: how often the outcome of new rows lay at or below each level's forecast.
std::string shares(const SampleTable& fresh, std::span<const double> values) {
  std::string text = "new rows at or below: ";
  for (std::size_t k = 0; k < kLevels.size(); ++k) {
    double below = 0;
    for (std::size_t r = 0; r < fresh.y.size(); ++r) below += fresh.y[r] <= values[r * kLevels.size() + k] ? 1 : 0;
    text += fmt::format("{}{:.2f} ({})", k == 0 ? "" : ", ", below / static_cast<double>(fresh.rows), kLevels[k]);
  }
  return text;
}

}  // namespace

Outcome quantiles_of_forecasts(Subject& subject) {
  if (!make_model(subject).has_quantiles()) skip("gives no quantiles (model.quantiles/1)");
  expect((subject.spec().tasks & ASSAY_TASK_REGRESSION) != 0, "offers model.quantiles/1, but learns no regression");
  const SampleTable table = sample_for(subject, kRows, subject.seed, ASSAY_TASK_REGRESSION);
  plugin::Model model = make_model(subject);
  train(model, table, {subject.seed});
  std::vector<double> values;
  try {
    values = quantiles(model, table);
  } catch (const plugin::ComponentError& error) {
    if (error.status() != ASSAY_UNSUPPORTED) throw;
    skip("gives no quantiles with these parameters: " + error.happened());
  }
  expect_sound(table, values);
  expect_alone_as_among_others(model, table, values);
  expect_same_after_load(subject, model, table, values);
  if (subject.component->has(ASSAY_CONCURRENT_PREDICT))
    on_threads(8, [&](unsigned) {
      for (int i = 0; i < 10; ++i) expect(same_bits(quantiles(model, table), values), "quantiles differ when 8 threads ask at once");
    });
  const SampleTable fresh = linear_sample(ASSAY_TASK_REGRESSION, 2 * kRows, table.lookback, subject.seed + 1);
  const std::vector<double> of_fresh = quantiles(model, fresh);
  expect_sound(fresh, of_fresh);
  return {Status::pass, shares(fresh, of_fresh)};
}

}  // namespace assay::checker
