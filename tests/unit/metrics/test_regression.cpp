// Reference values: tests/unit/stats/oracle.py, part metrics (scikit-learn 1.2.1, scipy 1.10.1), and hand-worked corner cases.
#include <cmath>
#include <set>

#include "metrics_plugin.hpp"
#include "support/catch.hpp"
#include "unit/stats/test_data.hpp"

using namespace metrics_plugin;
using Values = std::vector<double>;

namespace {

Rows forecast() {
  const auto y = test_data::series(100, 31, 0.4), noise = test_data::series(100, 32, 0.0);
  auto rows = regression(y, {});
  for (std::size_t i = 0; i < y.size(); ++i) rows.value.push_back(0.5 * y[i] + 0.3 * noise[i]);
  for (std::int64_t i = 0; i < 100; ++i) rows.time.push_back(i / 10);
  return rows;
}

Rows in_tenths(Rows rows) {
  for (auto* column : {&rows.truth, &rows.value}) {
    for (auto& v : *column) v = std::floor(10 * v);
  }
  return rows;
}

}  // namespace

TEST_CASE("errors agree with scikit-learn, weighted and not") {
  auto rows = forecast();
  CHECK(score("metric.mse", rows) == Approx(0.032816860680277046).epsilon(1e-12));
  CHECK(score("metric.rmse", rows) == Approx(0.18115424554858506).epsilon(1e-12));
  CHECK(score("metric.mae", rows) == Approx(0.1414657782906391).epsilon(1e-12));
  CHECK(score("metric.r2", rows) == Approx(0.6955814604244119).epsilon(1e-12));
  CHECK(score("metric.smape", rows) == Approx(0.7683194682450052).epsilon(1e-12));
  CHECK(score("metric.bias", rows) == Approx(0.01637557542478418).epsilon(1e-11));
  rows.naive_mae = 0.25;
  CHECK(score("metric.mase", rows) == Approx(0.1414657782906391 / 0.25).epsilon(1e-12));
  test_data::Numbers u(33);
  for (int i = 0; i < 100; ++i) rows.weight.push_back(1 + std::floor(4 * u()));
  CHECK(score("metric.mse", rows) == Approx(0.033964990489685466).epsilon(1e-12));
  CHECK(score("metric.rmse", rows) == Approx(0.18429593183162093).epsilon(1e-12));
  CHECK(score("metric.mae", rows) == Approx(0.14443338447158716).epsilon(1e-12));
  CHECK(score("metric.r2", rows) == Approx(0.703242895352225).epsilon(1e-12));
}

TEST_CASE("correlations agree with scipy, ties included") {
  const auto rows = forecast();
  CHECK(score("metric.ic", rows) == Approx(0.8897446326937529).epsilon(1e-12));
  CHECK(score("metric.rank_ic", in_tenths(rows)) == Approx(0.8612037370432395).epsilon(1e-12));
  CHECK(score("metric.icir", in_tenths(rows)) == Approx(7.334784107192049).epsilon(1e-10));
  CHECK(score("metric.icir", rows, {choice("kind", "linear")}) == Approx(13.105596809636824).epsilon(1e-10));
  CHECK((table("metric.ic").needs & ASSAY_METRIC_BY_DATE) != 0);
  CHECK((table("metric.rank_ic").needs & ASSAY_METRIC_BY_DATE) != 0);
  CHECK((table("metric.icir").needs & ASSAY_METRIC_BY_DATE) == 0);
}

TEST_CASE("the IC of a constant forecast is undefined, not zero") {
  auto rows = forecast();
  for (auto& v : rows.value) v = 0.1;
  for (const auto* id : {"metric.ic", "metric.rank_ic", "metric.icir"}) {
    INFO(id);
    CHECK(std::isnan(score(id, rows)));
    CHECK(std::isnan(score(id, regression({1, 1, 1, 1}, {1, 2, 3, 4}))));
  }
  CHECK(std::isnan(score("metric.ic", regression({1, 2}, {1, 2}))));
  CHECK(score("metric.ic", regression({1, 2}, {1, 2}), {integer("min_rows", 2)}) == Approx(1));
  CHECK(score("metric.rank_ic", regression({1, 2, 3}, {1, 8, 9})) == Approx(1));
}

TEST_CASE("icir leaves out dates that are too short, and needs two") {
  auto rows = regression({1, 2, 3, 1, 2, 3, 1, 2}, {1, 2, 3, 1, 3, 2, 1, 2});
  rows.time = {1, 1, 1, 2, 2, 2, 3, 3};
  // Rank ICs 1 and 0.5: mean 0.75, standard deviation 0.5 / sqrt(2).
  CHECK(score("metric.icir", rows) == Approx(0.75 / (0.5 / std::sqrt(2.0))));
  rows.time = {1, 1, 1, 1, 1, 1, 3, 3};
  CHECK(std::isnan(score("metric.icir", rows)));
  rows.time.clear();
  CHECK(std::isnan(score("metric.icir", rows)));
  auto steady = regression({1, 2, 3, 1, 2, 3}, {1, 2, 3, 1, 2, 3});
  steady.time = {1, 1, 1, 2, 2, 2};
  CHECK(std::isnan(score("metric.icir", steady)));  // no spread to divide by
}

TEST_CASE("directional accuracy: rows without a move are out, a forecast of none counts half") {
  CHECK(score("metric.directional_accuracy", forecast()) == Approx(0.93));
  CHECK(score("metric.directional_accuracy", regression({1, -1, 0, 2}, {0.5, 0.2, 3, 0})) == Approx(1.5 / 3));
  CHECK(std::isnan(score("metric.directional_accuracy", regression({1, -1, 2}, {0, 0, 0}))));
  CHECK(std::isnan(score("metric.directional_accuracy", regression({0, 0}, {1, -1}))));
  auto prices = regression({101, 99, 103}, {102, 98, 100});
  const std::vector<Setting> from_last{choice("reference", "last_known")};
  CHECK(std::isnan(score("metric.directional_accuracy", prices, from_last)));
  prices.last_known = {100, 101, 101};
  CHECK(score("metric.directional_accuracy", prices, from_last) == Approx(2.0 / 3));
  prices.last_known[2] = std::nan("");  // not known yet: left out
  CHECK(score("metric.directional_accuracy", prices, from_last) == 1);
  CHECK(score("metric.directional_accuracy", prices) == 1);
}

TEST_CASE("scales of zero") {
  CHECK(score("metric.smape", regression({0, 1}, {0, 1})) == 0);
  CHECK(score("metric.smape", regression({0, 1}, {0.5, 1})) == 1);
  auto rows = forecast();
  CHECK(std::isnan(score("metric.mase", rows)));  // naive_mae unknown
  rows.naive_mae = 0;
  CHECK(std::isnan(score("metric.mase", rows)));
  CHECK(std::isnan(score("metric.r2", regression({0.1, 0.1, 0.1}, {0.1, 0.2, 0.3}))));
  CHECK(std::isnan(score("metric.r2", regression({1}, {2}))));
  CHECK(score("metric.r2", regression({1, 2, 3}, {2, 2, 2})) == Approx(0).margin(1e-15));
}

TEST_CASE("every metric: no rows are undefined, order does not matter, the table is well formed") {
  std::set<std::string> ids;
  for (std::uint32_t i = 0; i < plugin().n_components; ++i) {
    const auto& c = *plugin().components[i];
    const std::string id = c.id;
    INFO(id);
    CHECK(ids.insert(id).second);
    CHECK(id.rfind("metric.", 0) == 0);
    CHECK(c.kind == std::string("metric"));
    CHECK(std::string(c.summary).size() > 10);
    CHECK(c.ability("metric.score/2") == nullptr);
    const auto& t = table(id);
    CHECK(t.tasks == c.tasks);
    const bool numbers = (t.tasks & ASSAY_TASK_REGRESSION) != 0;
    const double empty = score(id, numbers ? regression({}, {}) : Rows{});
    if (id == "metric.confusion")
      CHECK(empty == 0);
    else
      CHECK(std::isnan(empty));

    const auto d = test_data::binary_table(120, 1);
    Rows forward = numbers ? forecast() : Rows{.truth = d.truth, .value = d.a};
    if (!numbers) {
      for (const double p : d.a) forward.decision.push_back(p >= 0.5 ? 1 : 0);
    }
    forward.naive_mae = 0.3;
    const auto quantiles_around = [](Rows& rows) {
      rows.levels = {0.1, 0.5, 0.9};
      rows.quantile.clear();
      for (const double v : rows.value) rows.quantile.insert(rows.quantile.end(), {v - 0.05, v, v + 0.05});
    };
    if (numbers) quantiles_around(forward);
    auto backward = forward;
    for (auto* column : {&backward.truth, &backward.value, &backward.decision}) *column = Values(column->rbegin(), column->rend());
    if (numbers) quantiles_around(backward);
    backward.time.assign(forward.time.rbegin(), forward.time.rend());
    const double value = score(id, forward);
    CHECK(std::isfinite(value));
    CHECK(score(id, backward) == Approx(value).epsilon(1e-11));
    const double worth = t.direction * value;
    if (numbers) {  // the direction is right: the truth itself does at least as well
      forward.value = forward.truth;
      quantiles_around(forward);
    } else {
      forward.value = forward.decision = forward.truth;
    }
    const double best = score(id, forward);
    if (id == "metric.icir")
      CHECK(std::isnan(best));  // every date's IC is 1: no spread
    else if (id == "metric.quantile_calibration_error")
      CHECK(best == Approx(0.7 / 3));  // none at or below 0.1's, all at or below the others'
    else
      CHECK(t.direction * best >= worth);
  }
  CHECK(ids.size() == 27);
}
