// Several horizons with a model that learns one: the wrapped learners do what they would do alone, and go on from what was saved. And the
// problem that a model of all horizons is told.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.hpp"
#include "fake_learner.hpp"
#include "support/build_plugins.hpp"
#include "support/catch.hpp"
#include "train/horizon_learner.hpp"
#include "train/local_learner.hpp"
#include "train/scorer.hpp"
#include "train/trainer.hpp"

using namespace assay;
using namespace assay::train;
using train_test::FakeLearner;

namespace {

constexpr std::int64_t kRows = 90;

struct Planted {
  std::vector<double> x, y, weight;
  Planted() {
    for (std::int64_t i = 0; i < kRows; ++i) {
      const auto t = static_cast<double>(i);
      x.insert(x.end(), {std::sin(t), std::cos(1.7 * t)});
      weight.push_back(1 + static_cast<double>(i % 3));
    }
    for (std::int64_t h = 0; h < 2; ++h)
      for (std::int64_t i = 0; i < kRows; ++i)
        y.push_back(h == 0 ? x[static_cast<std::size_t>(2 * i)] : 5 - 3 * x[static_cast<std::size_t>(2 * i + 1)]);
  }
  Rows rows() const {
    Rows rows;
    rows.count = kRows;
    rows.columns = 2;
    rows.x = x;
    rows.horizons = 2;
    rows.y = y;
    return rows;
  }
};

LearnerSetup setup(const std::string& model, std::vector<std::int64_t> horizons) {
  LearnerSetup out;
  out.model.id = model;
  out.inputs = {{"a", pipeline::InputKind::number, {}}, {"b", pipeline::InputKind::number, {}}};
  out.outputs = static_cast<std::int64_t>(std::max<std::size_t>(1, horizons.size()));
  out.horizons = std::move(horizons);
  out.seed = 11;
  return out;
}

// Networks learn several horizons in one fit; here each is made to learn one.
std::unique_ptr<HorizonLearner> by_horizon(const Planted& p) {
  std::vector<std::unique_ptr<Learner>> parts;
  for (std::int64_t h = 0; h < 2; ++h)
    parts.push_back(std::make_unique<LocalLearner>(build_plugins().component("model", "neural.mlp"), setup("neural.mlp", {}),
                                                   of_horizon(p.rows(), h), plugin::CallOptions{}));
  return std::make_unique<HorizonLearner>(std::move(parts), std::vector<std::int64_t>{1, 5});
}

struct AskingLearner final : FakeLearner {
  double answer = 0;
  explicit AskingLearner(double prediction) { state = prediction; }
  void fit(const Rows& validation, const Evaluate& evaluate) override {
    FakeLearner::fit(validation, evaluate);
    if (evaluate) answer = evaluate(predict(validation), -1);
  }
  std::vector<double> importance() override { return {state, 2}; }
  plugin::ModelSize size(plugin::Pruning) override { return {10, 1, 8, 1}; }
  Slopes slopes(const Rows&, std::int64_t output) override { return {{state}, {static_cast<double>(output)}}; }
  std::vector<std::pair<std::string, std::string>> summary() override { return {{"r", std::to_string(state)}}; }
};

}  // namespace

TEST_CASE("a model that learns one horizon is fitted for each, with the bits that each has alone") {
  const Planted p;
  const auto together = learner_here(build_plugins().component("model", "linear.ridge"), setup("linear.ridge", {1, 5}), p.rows(), {});
  together->fit({}, {});
  const std::vector<double> values = together->predict(p.rows());
  REQUIRE(values.size() == 2 * kRows);
  for (std::int64_t h = 0; h < 2; ++h) {
    LocalLearner alone(build_plugins().component("model", "linear.ridge"), setup("linear.ridge", {}), of_horizon(p.rows(), h), {});
    alone.fit({}, {});
    const std::vector<double> own = alone.predict(of_horizon(p.rows(), h));
    for (std::size_t i = 0; i < own.size(); ++i) REQUIRE(values[2 * i + static_cast<std::size_t>(h)] == own[i]);
  }
  const std::vector<std::byte> bundle = together->save("a note");
  const auto loaded = learner_here(build_plugins().component("model", "linear.ridge"), setup("linear.ridge", {1, 5}), p.rows(), {});
  loaded->load(bundle);
  CHECK(loaded->predict(p.rows()) == values);
  CHECK(plugin::parse_bundle({reinterpret_cast<const char*>(bundle.data()), bundle.size()}, "it").note == "a note");
  CHECK_THROWS_AS(together->graph(), Error);
}

TEST_CASE("training by horizon is each horizon's own, its loss their mean, and a checkpoint goes on with the same bits") {
  const Planted p;
  const auto straight = by_horizon(p), first = by_horizon(p), second = by_horizon(p);
  std::vector<double> losses, rates{1, 0.5, 0.25, 1};
  straight->begin();
  for (std::size_t e = 0; e < rates.size(); ++e) losses.push_back(straight->epoch(static_cast<std::int64_t>(e), rates[e]));
  const std::vector<double> expected = straight->predict(p.rows());
  std::vector<double> mean(rates.size(), 0);
  for (std::int64_t h = 0; h < 2; ++h) {
    LocalLearner alone(build_plugins().component("model", "neural.mlp"), setup("neural.mlp", {}), of_horizon(p.rows(), h), {});
    alone.begin();
    for (std::size_t e = 0; e < rates.size(); ++e) mean[e] += alone.epoch(static_cast<std::int64_t>(e), rates[e]) / 2;
    const std::vector<double> own = alone.predict(of_horizon(p.rows(), h));
    for (std::size_t i = 0; i < own.size(); ++i) REQUIRE(expected[2 * i + static_cast<std::size_t>(h)] == own[i]);
  }
  for (std::size_t e = 0; e < rates.size(); ++e) CHECK(losses[e] == Approx(mean[e]).epsilon(1e-14));
  first->begin();
  for (std::size_t e = 0; e < 2; ++e) first->epoch(static_cast<std::int64_t>(e), rates[e]);
  first->keep_best();
  const std::vector<double> best = first->predict(p.rows());
  second->resume(first->checkpoint());
  for (std::size_t e = 2; e < rates.size(); ++e) second->epoch(static_cast<std::int64_t>(e), rates[e]);
  CHECK(second->predict(p.rows()) == expected);
  second->restore_best();
  CHECK(second->predict(p.rows()) == best);
}

TEST_CASE("a fit that stops early by itself is scored by its own horizon, and what models tell is put together") {
  std::vector<std::unique_ptr<Learner>> parts;
  for (const double prediction : {3.0, 7.0}) parts.push_back(std::make_unique<AskingLearner>(prediction));
  const auto* const one = dynamic_cast<AskingLearner*>(parts[0].get());
  const auto* const other = dynamic_cast<AskingLearner*>(parts[1].get());
  HorizonLearner both(std::move(parts), {2, 9});
  const Planted p;
  both.fit(p.rows(),
           [](std::span<const double> predictions, std::int64_t horizon) { return 100 * static_cast<double>(horizon) + predictions[0]; });
  CHECK(one->answer == 3);
  CHECK(other->answer == 107);
  CHECK(one->fit_validation.horizons == 1);
  CHECK(other->fit_validation.y[0] == p.y[kRows]);
  CHECK(both.importance() == std::vector<double>{5, 2});
  CHECK(both.size(plugin::Pruning::weights).parameters == 20);
  CHECK(both.slopes(p.rows(), 1).score == std::vector<double>{7});
  CHECK(both.slopes(p.rows(), 1).slope == std::vector<double>{0});  // its one output
  CHECK(both.summary()[1].first == "r@9");
  both.fit({}, {});
  CHECK_FALSE(one->fit_could_evaluate);
}

TEST_CASE("a model of all horizons is told each one's mean and deviation, and its rows side by side") {
  Planted p;
  Rows rows = p.rows();
  rows.weight = p.weight;
  const LearnerSetup what = setup("neural.mlp", {1, 5});
  const ProblemView view(what, rows);
  REQUIRE(view.raw().n_horizons == 2);
  for (std::int64_t h = 0; h < 2; ++h) {
    const LearnerSetup one = setup("neural.mlp", {});
    const ProblemView alone(one, of_horizon(rows, h));
    CHECK(alone.raw().n_horizons == 1);
    CHECK(alone.raw().horizon_center == nullptr);
    CHECK(view.raw().horizon_center[h] == alone.raw().target_center);
    CHECK(view.raw().horizon_scale[h] == alone.raw().target_scale);
  }
  CHECK(view.raw().target_center == view.raw().horizon_center[0]);
  const std::vector<std::int64_t> which{4, 0};
  std::vector<float> y;
  side_by_side(rows.y, rows.count, which, y);
  REQUIRE(y.size() == 4);
  CHECK(y[0] == static_cast<float>(p.y[4]));
  CHECK(y[1] == static_cast<float>(p.y[kRows + 4]));
  CHECK(y[2] == static_cast<float>(p.y[0]));
  CHECK(y[3] == static_cast<float>(p.y[kRows]));
}
