#include "checker/horizons_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "checker/sample_training.hpp"

namespace assay::checker {
namespace {

constexpr std::int64_t kRows = 400;

std::vector<double> column(std::span<const double> values, std::size_t horizon) {
  std::vector<double> out;
  for (std::size_t i = horizon; i < values.size(); i += 2) out.push_back(values[i]);
  return out;
}

double correlation_at(const SampleTable& table, std::span<const double> out, std::size_t horizon) {
  SampleTable one;
  one.y = column(table.y, horizon);
  return skill(one, column(out, horizon));
}

void expect_own_columns(const SampleTable& fresh, std::span<const double> out) {
  for (std::size_t h = 0; h < 2; ++h) {
    const double reached = correlation_at(fresh, out, h);
    expect(reached >= skill_wanted(ASSAY_TASK_REGRESSION),
           fmt::format("what it forecasts for horizon {} of 2 is not what that horizon's targets are: correlation {:.2f} on new rows",
                       h + 1, reached));
    const std::vector<double> own = column(out, h);
    double mean = 0;
    for (const double v : own) mean += v / static_cast<double>(own.size());
    const double here = h == 0 ? 0 : kSecond.center, there = h == 0 ? kSecond.center : 0;
    expect(std::abs(mean - here) < std::abs(mean - there),
           fmt::format("the forecasts of horizon {} of 2 lie around {:.2g}, its targets around {:g}", h + 1, mean, here));
  }
}

}  // namespace

Outcome horizons_apart(Subject& subject) {
  const auto& abilities = subject.spec().abilities;
  if (std::find(abilities.begin(), abilities.end(), "model.horizons/1") == abilities.end())
    skip("learns one horizon (no model.horizons/1): of several the host makes a fit for each");
  expect((subject.spec().tasks & ASSAY_TASK_REGRESSION) != 0, "offers model.horizons/1, but learns no regression");
  const SampleTable one = sample_for(subject, kRows, subject.seed, ASSAY_TASK_REGRESSION), table = two_horizons(one);
  const SampleTable fresh = two_horizons(linear_sample(ASSAY_TASK_REGRESSION, kRows, one.lookback, subject.seed + 1));
  plugin::Model model = make_model(subject);
  Training training{subject.seed, 200};
  training.enough = [&] {
    const std::vector<double> out = predict(model, fresh);
    return std::min(correlation_at(fresh, out, 0), correlation_at(fresh, out, 1)) >= skill_wanted(ASSAY_TASK_REGRESSION);
  };
  try {
    train(model, table, training);
  } catch (const plugin::ComponentError& error) {
    if (error.status() != ASSAY_UNSUPPORTED) throw;
    skip("learns one horizon with these parameters: " + error.happened());
  }
  const std::vector<double> out = predict(model, fresh);
  expect(count_not_finite(out) == 0, "with two horizons its predictions are not finite");
  if (!subject.component->has(ASSAY_BASELINE)) expect_own_columns(fresh, out);
  for (std::int64_t row = 0; row < fresh.rows; row += 37) {
    const std::vector<double> alone = predict(model, fresh.taken(std::span(&row, 1)));
    for (std::size_t h = 0; h < 2; ++h) {
      const double among = out[static_cast<std::size_t>(row) * 2 + h];
      expect(std::abs(alone[h] - among) <= 1e-6 * (1 + std::abs(among)),
             fmt::format("row {} alone has {:.9g} at horizon {} of 2, among others {:.9g}", row, alone[h], h + 1, among));
    }
  }
  if (model.has_state()) {
    plugin::Model loaded = make_model(subject);
    loaded.load(model.save({}), {});
    expect(same_bits(predict(loaded, fresh), out), "saved and loaded with two horizons, it predicts differently");
  }
  return {Status::pass,
          fmt::format("correlations {:.2f} and {:.2f} on new rows", correlation_at(fresh, out, 0), correlation_at(fresh, out, 1))};
}

}  // namespace assay::checker
