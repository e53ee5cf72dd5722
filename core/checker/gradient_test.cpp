#include "checker/gradient_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "checker/sample_training.hpp"

namespace assay::checker {
namespace {

constexpr std::int64_t kRows = 200, kLooked = 6, kSteps = 256;
constexpr double kMove = 0.5;

// What abi.h calls a raw score, from forecasts.
double score_of(const SampleTable& table, std::span<const double> forecast, std::int64_t output) {
  if (table.task == ASSAY_TASK_REGRESSION) return forecast[static_cast<std::size_t>(output)];
  const auto log_of = [](double p) { return std::log(std::clamp(p, 1e-300, 1.0)); };
  if (table.task == ASSAY_TASK_BINARY) return (output == 1 ? 1 : -1) * (log_of(forecast[0]) - log_of(1 - forecast[0]));
  double others = 0;
  for (std::size_t k = 0; k < forecast.size(); ++k)
    if (static_cast<std::int64_t>(k) != output) others += log_of(forecast[k]);
  return log_of(forecast[static_cast<std::size_t>(output)]) - others / static_cast<double>(forecast.size() - 1);
}

struct Told {
  std::vector<double> score, slope;
};

Told told_by(const plugin::Model& model, const SampleTable& table, std::int64_t output) {
  const SampleBatch batch(table, model.gradient_dtype(), false);
  Told told{std::vector<double>(static_cast<std::size_t>(table.rows), -12345.0),
            std::vector<double>(static_cast<std::size_t>(table.rows * table.row_width()), -12345.0)};
  model.gradient(batch.batch(), output, told.score, told.slope, {});
  return told;
}

// The first rows of the table one after another, each kSteps times with one number on its way from kMove below to kMove above.
SampleTable moved_rows(const SampleTable& table, std::int64_t input) {
  std::vector<std::int64_t> which;
  for (std::int64_t i = 0; i < kLooked * kSteps; ++i) which.push_back(i / kSteps);
  SampleTable out = table.taken(which);
  for (std::int64_t i = 0; i < out.rows; ++i)
    out.x[static_cast<std::size_t>(i * out.row_width() + input)] +=
        2 * kMove * ((static_cast<double>(i % kSteps) + 0.5) / static_cast<double>(kSteps) - 0.5);
  return out;
}

// The mean slope over a way, times its length, is what the score gained on it: that holds for corners in the score too.
void check_way(const plugin::Model& model, const SampleTable& table, std::int64_t input, std::int64_t output) {
  SampleTable below = table.first(kLooked), above = below;
  for (std::int64_t r = 0; r < kLooked; ++r) {
    below.x[static_cast<std::size_t>(r * table.row_width() + input)] -= kMove;
    above.x[static_cast<std::size_t>(r * table.row_width() + input)] += kMove;
  }
  const auto outputs = static_cast<std::size_t>(table.outputs());
  const std::vector<double> low = predict(model, below), high = predict(model, above);
  const Told told = told_by(model, moved_rows(table, input), output);
  for (std::size_t r = 0; r < static_cast<std::size_t>(kLooked); ++r) {
    const double gained = score_of(table, std::span(high).subspan(r * outputs, outputs), output) -
                          score_of(table, std::span(low).subspan(r * outputs, outputs), output);
    double mean = 0;
    for (std::size_t s = 0; s < static_cast<std::size_t>(kSteps); ++s)
      mean += told.slope[(r * static_cast<std::size_t>(kSteps) + s) * static_cast<std::size_t>(table.row_width()) +
                         static_cast<std::size_t>(input)] /
              static_cast<double>(kSteps);
    if (std::isnan(mean)) fail(fmt::format("{}: input {} has no slope (NaN), though it is a number", task_name(table.task), input));
    expect(std::abs(gained - 2 * kMove * mean) <= 0.02 * std::abs(gained) + 0.005,
           fmt::format("{}: over a way of {} along input {} the score of output {} gains {:.5g}, its slopes say {:.5g}",
                       task_name(table.task), 2 * kMove, input, output, gained, 2 * kMove * mean));
  }
}

void check_scores(const plugin::Model& model, const SampleTable& table, std::int64_t output, const Told& told) {
  const auto outputs = static_cast<std::size_t>(table.outputs());
  const std::vector<double> forecasts = predict(model, table);
  for (std::size_t r = 0; r < told.score.size(); ++r) {
    const double expected = score_of(table, std::span(forecasts).subspan(r * outputs, outputs), output);
    if (std::abs(expected) > 12) continue;  // a probability that is all but 0 or 1 does not tell its score
    expect(std::abs(told.score[r] - expected) <= 1e-3 * (1 + std::abs(expected)),
           fmt::format("{}: the raw score of output {} is told as {:.6g}, the forecast says {:.6g}", task_name(table.task), output,
                       told.score[r], expected));
  }
}

}  // namespace

Outcome slopes_of_forecasts(Subject& subject) {
  if (!make_model(subject).has_gradient()) {
    expect(!subject.component->has(ASSAY_LINEAR), "is flagged LINEAR, but tells no slopes (model.gradient/1)");
    skip("tells no slopes (model.gradient/1)");
  }
  for (const std::uint32_t task : tasks_of(subject)) {
    const SampleTable table = sample_for(subject, kRows, subject.seed, task);
    plugin::Model model = make_model(subject);
    train(model, table, {subject.seed});
    const std::int64_t outputs = task == ASSAY_TASK_BINARY ? 2 : table.outputs();
    for (std::int64_t output = 0; output < outputs; ++output) {
      const Told told = told_by(model, table, output);
      expect(std::find(told.slope.begin(), told.slope.end(), -12345.0) == told.slope.end() &&
                 std::find(told.score.begin(), told.score.end(), -12345.0) == told.score.end(),
             "gradient left scores or slopes unfilled");
      check_scores(model, table, output, told);
      for (std::int64_t input = 0; input < table.row_width(); ++input) check_way(model, table, input, output);
      const auto width = static_cast<std::size_t>(table.row_width());
      for (std::size_t i = width; model.is_linear() && i < told.slope.size(); ++i)
        expect(told.slope[i] == told.slope[i % width], "is flagged LINEAR, but its slopes differ between rows");
    }
  }
  return {};
}

}  // namespace assay::checker
