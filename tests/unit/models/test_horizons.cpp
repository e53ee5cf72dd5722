// Networks that learn several horizons in one fit: every column keeps its own target, scale and slopes.
#include <cmath>
#include <utility>

#include "learner.hpp"
#include "support/catch.hpp"

using models_test::make;
using models_test::predict;
using models_test::Table;

namespace {

// Two inputs; the first horizon's target follows the one, the second's the other, in units of its own.
Table<float> two_horizons(float factor = 3, float shift = 40) {
  Table<float> t{.task = ASSAY_TASK_REGRESSION, .inputs = 2};
  t.outputs = t.horizons = 2;
  double mean[2] = {0, 0}, square[2] = {0, 0};
  for (int i = 0; i < 120; ++i) {
    const auto a = static_cast<float>(std::sin(0.7 * i)), b = static_cast<float>(std::cos(1.9 * i));
    t.x.insert(t.x.end(), {a, b});
    t.y.insert(t.y.end(), {a + 0.25F * b, factor * (b - 0.25F * a) + shift});
    for (std::size_t h = 0; h < 2; ++h) {
      const double y = t.y[t.y.size() - 2 + h];
      mean[h] += y / 120, square[h] += y * y / 120;
    }
  }
  for (std::size_t h = 0; h < 2; ++h) {
    t.horizon_center.push_back(mean[h]);
    t.horizon_scale.push_back(std::sqrt(square[h] - mean[h] * mean[h]));
  }
  return t;
}

assay::plugin::Model trained(Table<float>& t, const char* id, std::int64_t steps, const assay::config::Map& params = {}) {
  auto model = make(id, params);
  const assay_batch batch = t.batch();
  assay::plugin::CallOptions options;
  options.seed = 5;
  model.begin(t.problem, batch.rows, options);
  for (std::int64_t s = 0; s < steps; ++s) model.step(batch, {sizeof(assay_step), 0, 0, s, 1}, options);
  return model;
}

}  // namespace

TEST_CASE("each column of a network follows its own horizon, as least squares finds it") {
  Table<float> t = two_horizons();
  // Without hidden layers it is linear, and both targets are: the weights are theirs.
  const auto model = trained(t, "neural.mlp", 3000, {{"hidden", {assay::config::List{}}}, {"learning_rate", {0.01}}});
  const std::vector<double> out = predict(model, t);
  for (std::size_t i = 0; i < out.size(); ++i) CHECK(out[i] == Approx(t.y[i]).margin(2e-3));
  for (const char* loss : {"mae", "huber"}) {
    const auto other =
        trained(t, "neural.mlp", 3000, {{"hidden", {assay::config::List{}}}, {"learning_rate", {0.003}}, {"loss", {std::string(loss)}}});
    const std::vector<double> values = predict(other, t);
    for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == Approx(t.y[i]).margin(i % 2 == 0 ? 0.02 : 0.06));
  }
}

TEST_CASE("a horizon's unit changes its own forecasts alone") {
  Table<float> plain = two_horizons(), scaled = plain;
  for (std::size_t i = 1; i < scaled.y.size(); i += 2) scaled.y[i] *= 4;  // exact in floats
  scaled.horizon_center[1] *= 4;
  scaled.horizon_scale[1] *= 4;
  const auto a = predict(trained(plain, "neural.mlp", 50), plain), b = predict(trained(scaled, "neural.mlp", 50), scaled);
  for (std::size_t i = 0; i < a.size(); i += 2) {
    CHECK(a[i] == b[i]);
    CHECK(4 * a[i + 1] == b[i + 1]);
  }
}

TEST_CASE("saved, resumed, sharded: a network of several horizons goes on with the same bits") {
  Table<float> t = two_horizons();
  for (const char* id : {"neural.mlp", "neural.cnn"}) {
    const auto straight = trained(t, id, 40);
    auto first = trained(t, id, 15), second = make(id), loaded = make(id);
    assay::plugin::CallOptions options;
    options.seed = 5;
    const assay_batch batch = t.batch();
    second.train_load(t.problem, first.train_save(options), options);
    for (std::int64_t s = 15; s < 40; ++s) second.step(batch, {sizeof(assay_step), 0, 0, s, 1}, options);
    CHECK(second.save(options).hash() == straight.save(options).hash());
    loaded.load(straight.save(options), options);
    CHECK(predict(loaded, t) == predict(straight, t));
    Table<float> three = t;
    three.outputs = three.horizons = 3;
    CHECK_THROWS(predict(loaded, three));
  }
}

TEST_CASE("the slopes of one horizon are those of its column") {
  Table<float> t = two_horizons();
  const auto model = trained(t, "neural.mlp", 200, {{"activation", {std::string("tanh")}}});
  const std::vector<double> out = predict(model, t);
  for (std::int64_t h = 0; h < 2; ++h) {
    std::vector<double> score(120), slope(240);
    model.gradient(t.batch(), h, score, slope, {});
    for (const std::size_t input : {0, 1}) {
      Table<float> moved = t;
      constexpr float kStep = 1e-2F;
      for (std::size_t i = input; i < moved.x.size(); i += 2) moved.x[i] += kStep;
      const std::vector<double> up = predict(model, moved);
      for (std::size_t i = input; i < moved.x.size(); i += 2) moved.x[i] -= 2 * kStep;
      const std::vector<double> down = predict(model, moved);
      double worst = 0, largest = 0;
      for (std::size_t i = 0; i < 120; ++i) {
        const std::size_t at = 2 * i + static_cast<std::size_t>(h);
        CHECK(score[i] == Approx(out[at]).epsilon(1e-6));
        worst = std::max(worst, std::abs(slope[2 * i + input] - (up[at] - down[at]) / (2 * kStep)));
        largest = std::max(largest, std::abs(slope[2 * i + input]));
      }
      CHECK(largest > 0.05);
      CHECK(worst < 1e-3 * largest);
    }
  }
}
