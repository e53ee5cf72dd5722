// Which test compares two models, and that it is that test: against direct calls of stats on series prepared here.
#include <cmath>

#include "base/random.hpp"
#include "stats/distributions.hpp"
#include "stats/forecast_tests.hpp"
#include "stats/roc.hpp"
#include "support/catch.hpp"
#include "train/verdict.hpp"

using namespace assay;
using namespace assay::train;
using config::Task;

namespace {

ForecastSet numbers(std::uint64_t seed, double skill, std::int64_t n = 120, std::int64_t per_date = 0) {
  Random truth(1), noise(seed);
  ForecastSet set;
  for (std::int64_t i = 0; i < n; ++i) {
    set.row.push_back(i);
    set.truth.push_back(truth.normal());
    set.value.push_back(skill * set.truth.back() + 0.5 * noise.normal());
    if (per_date > 0) set.time.push_back(i / per_date);
  }
  return set;
}

ForecastSet classes(std::uint64_t seed, double skill) {
  ForecastSet set = numbers(seed, skill, 200);
  for (std::size_t i = 0; i < 200; ++i) {
    set.value[i] = 1 / (1 + std::exp(-set.value[i]));
    set.truth[i] = set.truth[i] > 0.4 ? 1 : 0;
  }
  return set;
}

ComparisonRules rules(Task task, LossKind loss) {
  ComparisonRules r;
  r.task = task;
  r.loss = loss;
  return r;
}

}  // namespace

TEST_CASE("the first metric decides what is compared") {
  CHECK(loss_kind(Task::regression, "rmse") == LossKind::squared);
  CHECK(loss_kind(Task::regression, "") == LossKind::squared);
  CHECK(loss_kind(Task::regression, "metrics.mae") == LossKind::absolute);
  CHECK(loss_kind(Task::regression, "smape") == LossKind::absolute);
  CHECK(loss_kind(Task::regression, "auc") == LossKind::squared);
  for (const char* id : {"pinball", "metric.crps", "metric.interval_score"}) CHECK(loss_kind(Task::regression, id) == LossKind::pinball);
  CHECK(loss_kind(Task::regression, "metric.interval_coverage") == LossKind::squared);
  CHECK(loss_kind(Task::binary, "auc") == LossKind::order);
  CHECK(loss_kind(Task::binary, "x.gini") == LossKind::order);
  CHECK(loss_kind(Task::binary, "f1") == LossKind::log);
  CHECK(loss_kind(Task::multiclass, "auc") == LossKind::log);
}

TEST_CASE("regression: Diebold-Mariano with the horizon's lags, on averages by date in panels") {
  const ForecastSet model = numbers(2, 0.9, 120, 4), other = numbers(3, 0.2, 120, 4);
  for (const LossKind kind : {LossKind::squared, LossKind::absolute}) {
    ComparisonRules r = rules(Task::regression, kind);
    r.horizon = 3;
    std::vector<double> by_date(30, 0);
    for (std::size_t i = 0; i < 120; ++i) {
      const double a = model.truth[i] - model.value[i], b = other.truth[i] - other.value[i];
      by_date[i / 4] += (kind == LossKind::squared ? b * b - a * a : std::abs(b) - std::abs(a)) / 4;
    }
    const auto expected = stats::diebold_mariano(by_date, 3);
    const Comparison c = compare(model, other, "other", false, r);
    CHECK(c.test == "Diebold-Mariano (HLN)");
    CHECK(c.measure == (kind == LossKind::squared ? "squared error" : "absolute error"));
    CHECK(c.difference == Approx(expected.mean));
    CHECK(c.p == Approx(expected.p_b_better));
    CHECK(c.p_two_sided == Approx(expected.p_two_sided));
    CHECK(c.smallest_effect == Approx(expected.smallest_effect));
    CHECK(c.difference > 0);
  }
}

TEST_CASE("quantiles are compared by their mean pinball losses, where both have some") {
  ForecastSet model = numbers(2, 0.9, 120, 4), other = numbers(3, 0.2, 120, 4);
  const double levels[] = {0.2, 0.7};
  for (ForecastSet* set : {&model, &other}) {
    set->levels.assign(levels, levels + 2);
    for (const double v : set->value) set->quantile.insert(set->quantile.end(), {v - 0.4, v + 0.3});
  }
  const auto loss = [&](const ForecastSet& set, std::size_t i) {
    double sum = 0;
    for (std::size_t k = 0; k < 2; ++k) {
      const double gap = set.truth[i] - set.quantile[2 * i + k];
      sum += std::max(levels[k] * gap, (levels[k] - 1) * gap) / 2;
    }
    return sum;
  };
  std::vector<double> by_date(30, 0);
  for (std::size_t i = 0; i < 120; ++i) by_date[i / 4] += (loss(other, i) - loss(model, i)) / 4;
  const auto expected = stats::diebold_mariano(by_date, 1);
  const Comparison c = compare(model, other, "other", true, rules(Task::regression, LossKind::pinball));
  CHECK(c.test == "Diebold-Mariano (HLN)");
  CHECK(c.measure == "pinball loss");
  CHECK(c.difference == Approx(expected.mean));
  CHECK(c.p == Approx(expected.p_b_better));
  other.levels.clear();
  other.quantile.clear();
  CHECK(compare(model, other, "other", false, rules(Task::regression, LossKind::pinball)).measure == "squared error");
}

TEST_CASE("tables have no horizon, and customers count once") {
  ForecastSet model = numbers(2, 0.9), other = numbers(3, 0.2);
  ComparisonRules r = rules(Task::regression, LossKind::squared);
  r.horizon = 50;  // means nothing without time
  std::vector<double> difference(120);
  for (std::size_t i = 0; i < 120; ++i)
    difference[i] = std::pow(other.truth[i] - other.value[i], 2) - std::pow(model.truth[i] - model.value[i], 2);
  CHECK(compare(model, other, "o", false, r).p == Approx(stats::diebold_mariano(difference, 1).p_b_better));
  for (std::int64_t i = 0; i < 120; ++i) model.group.push_back(i % 10);
  other.group = model.group;
  const auto by_customer = stats::mean_by_key(difference, model.group).mean;
  REQUIRE(by_customer.size() == 10);
  CHECK(compare(model, other, "o", false, r).p == Approx(stats::diebold_mariano(by_customer, 1).p_b_better));
}

TEST_CASE("Clark-West only for a nested baseline, squared error and an expanding window") {
  const ForecastSet model = numbers(2, 0.4, 120, 1), small = numbers(3, 0, 120, 1);
  ComparisonRules r = rules(Task::regression, LossKind::squared);
  CHECK(compare(model, small, "s", true, r).test == "Diebold-Mariano (HLN)");
  r.expanding = true;
  CHECK(compare(model, small, "s", false, r).test == "Diebold-Mariano (HLN)");
  const Comparison c = compare(model, small, "s", true, r);
  CHECK(c.test == "Clark-West");
  CHECK(c.p == Approx(stats::clark_west(stats::clark_west_terms(model.truth, small.value, model.value), 1).p_b_better));
  r.loss = LossKind::absolute;
  CHECK(compare(model, small, "s", true, r).test == "Diebold-Mariano (HLN)");
}

TEST_CASE("classes: DeLong where the first metric orders rows, else paired log losses") {
  const ForecastSet model = classes(2, 2), other = classes(3, 0.3);
  const Comparison order = compare(model, other, "o", false, rules(Task::binary, LossKind::order));
  const auto expected = stats::delong_paired(model.truth, model.value, other.value);
  CHECK(order.test == "DeLong");
  CHECK(order.measure == "AUC");
  CHECK(order.difference == expected.difference);
  CHECK(order.p_two_sided == expected.p_two_sided);
  CHECK(order.p == Approx(expected.p_two_sided / 2));  // the model is better, so its side is half
  CHECK(compare(other, model, "o", false, rules(Task::binary, LossKind::order)).p == Approx(1 - expected.p_two_sided / 2));

  std::vector<double> difference(200);
  for (std::size_t i = 0; i < 200; ++i) {
    const auto loss = [&](const ForecastSet& s) { return -std::log(s.truth[i] > 0.5 ? s.value[i] : 1 - s.value[i]); };
    difference[i] = loss(other) - loss(model);
  }
  const Comparison log = compare(model, other, "o", false, rules(Task::binary, LossKind::log));
  CHECK(log.test == "paired log loss");
  CHECK(log.p == Approx(stats::diebold_mariano(difference, 1).p_b_better));

  ForecastSet three = classes(2, 2), thirds = three;
  three.outputs = thirds.outputs = 3;
  three.value.clear();
  for (std::size_t i = 0; i < 200; ++i) {
    for (int k = 0; k < 3; ++k) three.value.push_back(k == static_cast<int>(three.truth[i]) ? 0.6 : 0.2);
  }
  thirds.value.assign(600, 1.0 / 3);
  const Comparison many = compare(three, thirds, "o", false, rules(Task::multiclass, LossKind::log));
  CHECK(many.difference == Approx(std::log(0.6 * 3)));
}

TEST_CASE("DeLong takes rows for independent: customers and dates are resampled instead") {
  ForecastSet model = classes(2, 2), other = classes(3, 0.3);
  const ComparisonRules r = rules(Task::binary, LossKind::order);
  const Comparison plain = compare(model, other, "o", false, r);
  for (std::int64_t i = 0; i < 200; ++i) model.group.push_back(i / 4);
  other.group = model.group;
  const Comparison grouped = compare(model, other, "o", false, r);
  CHECK(grouped.test == "bootstrap of customers");
  CHECK(grouped.difference == Approx(plain.difference));
  CHECK(grouped.p < 0.05);
  CHECK(grouped.p == compare(model, other, "o", false, r).p);
  model.group.clear();
  for (std::int64_t i = 0; i < 200; ++i) model.time.push_back(i / 2);
  other.group.clear();
  other.time = model.time;
  CHECK(compare(model, other, "o", false, r).test == "bootstrap of dates");
}

TEST_CASE("a certain forecast that was wrong costs much, not infinitely much") {
  ForecastSet model = classes(2, 2), other = model;
  for (double& v : model.value) v = 0;
  const Comparison c = compare(model, other, "o", false, rules(Task::binary, LossKind::log));
  CHECK(std::isfinite(c.difference));
  CHECK(c.difference < 0);
}

TEST_CASE("only rows that both forecast are compared, whatever their order") {
  const ForecastSet model = numbers(2, 0.9), other = numbers(3, 0.2);
  std::vector<std::int64_t> back, some;
  for (std::int64_t i = 120; i-- > 30;) back.push_back(i);
  for (std::int64_t i = 30; i < 120; ++i) some.push_back(i);
  const ComparisonRules r = rules(Task::regression, LossKind::squared);
  const Comparison reference = compare(taken(model, some), taken(other, some), "o", false, r);
  CHECK(compare(model, taken(other, back), "o", false, r).p == Approx(reference.p));
  const Comparison none = compare(taken(model, some), taken(other, std::vector<std::int64_t>{0, 1}), "o", false, r);
  CHECK(std::isnan(none.p));
}

TEST_CASE("Holm over the baselines, an undefined test counts as none") {
  std::vector<Comparison> c(4);
  c[0].p = 0.01;
  c[1].p = 0.04;
  c[2].p = std::nan("");
  c[3].p = 0.03;
  c[0].opponent = "a", c[1].opponent = "b", c[2].opponent = "c", c[3].opponent = "d";
  adjust(c, 0.95);
  // Holm 1979 by hand for 0.01, 0.04, 0.03: 3 * 0.01, then 2 * 0.03 = 0.06, then max(0.06, 0.04)
  CHECK(c[0].p_holm == Approx(0.03));
  CHECK(c[3].p_holm == Approx(0.06));
  CHECK(c[1].p_holm == Approx(0.06));
  CHECK(std::isnan(c[2].p_holm));
  CHECK(c[0].better);
  CHECK_FALSE(c[1].better);
  CHECK_FALSE(c[2].better);
  const std::string text = verdict_text(c);
  CHECK_THAT(text, Catch::StartsWith("no gain over all baselines: better than a") && Catch::Contains("c (the test is undefined)"));
  c.resize(1);
  CHECK_THAT(verdict_text(c), Catch::StartsWith("better than a"));
  c[0].better = false;
  CHECK_THAT(verdict_text(c), Catch::StartsWith("no gain: not better than a"));
  Comparison at;
  at.opponent = "a", at.horizon = 1, at.p_holm = 0.25;
  std::vector<Comparison> several(4, at);
  several[1].opponent = "b", several[2].horizon = several[3].horizon = 5, several[3].opponent = "b";
  several[2].p_holm = 0.01, several[2].better = true, several[3].p_holm = NAN;
  CHECK(verdict_text(several) ==
        "no gain over all baselines: better than a at horizon 5 (p 0.01), not better than a at horizon 1 (p 0.25); b at horizon 1 (p "
        "0.25), 5 "
        "(the test is undefined)");
  CHECK(verdict_text({}) == "no baseline was named");
}
