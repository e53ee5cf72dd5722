// Networks that learn a distribution: what they learn, in which units, and that it survives saving, going on and pruning.
#include <cmath>

#include "base/random.hpp"
#include "learner.hpp"
#include "plugin/quantiles.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace models_test;

namespace {

constexpr std::int64_t kBatch = 64;

// y = sin(2 x) and a normal error whose deviation is 0.1 where x < 0 and 0.5 elsewhere.
Table<float> uneven(std::int64_t rows, std::uint64_t seed) {
  Table<float> t{.task = ASSAY_TASK_REGRESSION, .inputs = 1};
  t.levels = {0.05, 0.25, 0.5, 0.75, 0.95};
  Random random(seed);
  for (std::int64_t i = 0; i < rows; ++i) {
    const double x = 4 * random.uniform() - 2;
    t.x.push_back(static_cast<float>(x));
    t.y.push_back(static_cast<float>(std::sin(2 * x) + (x < 0 ? 0.1 : 0.5) * random.normal()));
  }
  t.target_scale = 0.8;
  return t;
}

config::Map with_loss(const char* loss) {
  return {{"loss", {std::string(loss)}},
          {"hidden", {config::List{{std::int64_t{24}}, {std::int64_t{24}}}}},
          {"activation", {std::string("tanh")}},
          {"learning_rate", {0.01}}};
}

double steps(plugin::Model& model, Table<float>& t, std::int64_t from, std::int64_t to) {
  const std::int64_t batches = std::ssize(t.y) / kBatch;
  double loss = 0;
  for (std::int64_t s = from; s < to; ++s) {
    plugin::CallOptions options;
    options.seed = static_cast<std::uint64_t>(s);
    const double rate = s > 3 * to / 4 ? 0.1 : 1;
    loss = model.step(t.batch(s % batches * kBatch, kBatch), {sizeof(assay_step), 0, s / batches, s, rate}, options);
  }
  return loss;
}

plugin::Model begun(Table<float>& t, const config::Map& params) {
  plugin::Model model = make("neural.mlp", params);
  const assay_batch any = t.batch();
  plugin::CallOptions options;
  options.seed = 7;
  model.begin(*any.problem, kBatch, options);
  return model;
}

plugin::Model trained(Table<float>& t, const config::Map& params, std::int64_t to) {
  plugin::Model model = begun(t, params);
  steps(model, t, 0, to);
  return model;
}

}  // namespace

TEST_CASE("a network learns how sure it can be, in each place") {
  Table<float> t = uneven(2048, 1), fresh = uneven(4000, 2);
  for (const char* loss : {"quantile", "gaussian", "student_t"}) {
    INFO(loss);
    const plugin::Model model = trained(t, with_loss(loss), 4000);
    const std::vector<double> values = quantiles(model, fresh), point = predict(model, fresh);
    REQUIRE_FALSE(plugin::quantile_fault(fresh.levels, values));
    double below[2][5] = {}, width[2] = {}, rows[2] = {}, error = 0;
    for (std::size_t r = 0; r < point.size(); ++r) {
      const int side = fresh.x[r] < 0 ? 0 : 1;
      rows[side] += 1;
      width[side] += values[5 * r + 4] - values[5 * r];
      error += std::abs(point[r] - std::sin(2 * static_cast<double>(fresh.x[r]))) / static_cast<double>(point.size());
      for (std::size_t k = 0; k < 5; ++k) below[side][k] += static_cast<double>(fresh.y[r]) <= values[5 * r + k] ? 1 : 0;
    }
    CHECK(error < 0.1);
    for (const int side : {0, 1}) {
      const double deviation = side == 0 ? 0.1 : 0.5;
      CHECK(width[side] / rows[side] == Approx(2 * 1.645 * deviation).epsilon(0.25));
      for (std::size_t k = 0; k < 5; ++k) CHECK(below[side][k] / rows[side] == Approx(fresh.levels[k]).margin(0.08));
    }
  }
}

TEST_CASE("the point forecast of learned levels is their median, of a density its mean") {
  Table<float> t = uneven(128, 3);
  for (const char* loss : {"quantile", "gaussian", "student_t"}) {
    const plugin::Model model = trained(t, with_loss(loss), 20);
    const std::vector<double> values = quantiles(model, t), point = predict(model, t);
    for (std::size_t r = 0; r < point.size(); ++r) CHECK(values[5 * r + 2] == point[r]);
  }
  Table<float> other = t;
  other.levels = {0.001, 0.5, 0.6};
  const plugin::Model density = trained(t, with_loss("gaussian"), 20), learned = trained(t, with_loss("quantile"), 20),
                      plain = trained(t, with_loss("mse"), 20);
  const std::vector<double> at_others = quantiles(density, other), asked = quantiles(density, t);
  for (std::size_t r = 0; r < t.y.size(); ++r) {  // the deviation that two levels tell is one
    const double deviation = (asked[5 * r + 4] - asked[5 * r + 2]) / 1.6448536269514722;
    CHECK(at_others[3 * r] == Approx(asked[5 * r + 2] - 3.090232306167813 * deviation).margin(1e-12));
  }
  for (const auto& [model, table] : {std::pair(&learned, &other), std::pair(&plain, &t)}) try {
      quantiles(*model, *table);
      FAIL("it should refuse");
    } catch (const plugin::ComponentError& e) {
      CHECK(e.status() == ASSAY_UNSUPPORTED);
    }
}

TEST_CASE("learned levels begin at those of a normal") {
  Table<float> t = uneven(64, 3);
  t.x.assign(64, 0);
  t.target_center = 3;
  t.target_scale = 2;
  const std::vector<double> values = quantiles(begun(t, with_loss("quantile")), t);  // rows of zeros: the biases alone
  const double normal[] = {-1.6448536269514722, -0.6744897501960817, 0, 0.6744897501960817, 1.6448536269514722};
  for (std::size_t k = 0; k < 5; ++k) CHECK(values[k] == Approx(3 + 2 * normal[k]).margin(1e-5));
}

TEST_CASE("a distribution is of one horizon") {
  Table<float> t = uneven(64, 3);
  assay_batch any = t.batch();
  const std::vector<double> center{0, 0}, scale{1, 1};
  t.problem.n_horizons = t.problem.n_outputs = 2;
  t.problem.horizon_center = center.data();
  t.problem.horizon_scale = scale.data();
  try {
    make("neural.mlp", with_loss("gaussian")).begin(*any.problem, kBatch, {});
    FAIL("it should refuse");
  } catch (const plugin::ComponentError& e) {
    CHECK(e.status() == ASSAY_UNSUPPORTED);
    CHECK(e.happened().find("there are 2 horizons") != std::string::npos);
  }
}

TEST_CASE("levels are needed, the median among them") {
  Table<float> t = uneven(64, 3);
  t.levels.clear();
  CHECK_THROWS_WITH(begun(t, with_loss("quantile")), Catch::Contains("add evaluate: {quantiles: [0.05, 0.5, 0.95]}"));
  t.levels = {0.1, 0.9};
  CHECK_THROWS_WITH(begun(t, with_loss("quantile")), Catch::Contains("0.5 is not among evaluate.quantiles"));
  CHECK_NOTHROW(begun(t, with_loss("gaussian")));
  t.task = ASSAY_TASK_BINARY;
  CHECK_THROWS_WITH(begun(t, with_loss("gaussian")), Catch::Contains("loss gaussian is for regression"));
}

// Learning a = 50 + y / 100 is learning y: pinball losses are in the target's unit, and a density of a is 100 times that of y.
TEST_CASE("losses and quantiles are in the target's units") {
  Table<float> plain = uneven(256, 4), moved = plain;
  for (float& y : moved.y) y = 50 + y / 100;
  moved.target_center = 50;
  moved.target_scale = plain.target_scale / 100;
  for (const char* loss : {"quantile", "gaussian", "student_t"}) {
    INFO(loss);
    plugin::Model one = begun(plain, with_loss(loss)), other = begun(moved, with_loss(loss));
    const double of_plain = steps(one, plain, 0, 40), of_moved = steps(other, moved, 0, 40);
    if (std::string(loss) == "quantile")
      CHECK(of_moved == Approx(of_plain / 100).epsilon(0.02));
    else
      CHECK(of_moved == Approx(of_plain - std::log(100)).margin(0.02));
    const std::vector<double> a = quantiles(one, plain), b = quantiles(other, moved);
    for (std::size_t i = 0; i < a.size(); i += 17) CHECK(b[i] == Approx(50 + a[i] / 100).margin(5e-4));
  }
  // With weights a density's loss is the weighted mean of what it would be without scaling.
  config::Map unscaled = with_loss("gaussian");
  unscaled.emplace_back("scale_target", config::Value{false});
  Table<float> weighted = plain;
  for (std::size_t i = 0; i < weighted.y.size(); ++i) weighted.weight.push_back(i % 2 == 0 ? 1.5F : 0.25F);
  weighted.target_scale = 1;
  plugin::Model scaled_by_one = begun(weighted, with_loss("gaussian")), as_it_is = begun(weighted, unscaled);
  CHECK(steps(scaled_by_one, weighted, 0, 5) == Approx(steps(as_it_is, weighted, 0, 5)).epsilon(1e-6));
}

TEST_CASE("what was learned is saved, gone on with and pruned") {
  Table<float> t = uneven(256, 5);
  for (const char* loss : {"quantile", "gaussian", "student_t"}) {
    INFO(loss);
    plugin::Model straight = trained(t, with_loss(loss), 60), first = trained(t, with_loss(loss), 0),
                  second = make("neural.mlp", with_loss(loss)), loaded = make("neural.mlp", with_loss(loss));
    steps(first, t, 0, 25);
    second.train_load(t.problem, first.train_save({}), {});
    for (std::int64_t s = 25; s < 60; ++s) steps(second, t, s, s + 1);
    for (std::int64_t s = 25; s < 60; ++s) steps(first, t, s, s + 1);
    CHECK(second.save({}).hash() == first.save({}).hash());
    loaded.load(straight.save({}), {});
    CHECK(quantiles(loaded, t) == quantiles(straight, t));
    const char* other = std::string(loss) == "gaussian" ? "quantile" : "gaussian";
    plugin::Model stranger = make("neural.mlp", with_loss(other));
    CHECK_THROWS(stranger.load(straight.save({}), {}));
    for (const auto how : {plugin::Pruning::weights, plugin::Pruning::units}) {
      straight.prune(how, 0.5, {});
      steps(straight, t, 60, 70);
      CHECK_FALSE(plugin::quantile_fault(t.levels, quantiles(straight, t)));
    }
  }
}
