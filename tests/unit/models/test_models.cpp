// Linear models against statsmodels 0.13 and scikit-learn 1.2; the network's contract with the host; baselines by hand.
// The data: i = 0..59, X = [sin(1.1 i), 100 cos(0.37 i^2) + 50, 0.01 sin(2.3 i + 1)], w = 1 + 0.5 sin(0.7 i), e = sin(5.1 i^2 + 0.3).
#include <cmath>
#include <numeric>

#include "learner.hpp"
#include "support/catch.hpp"

using namespace models_test;
using assay::plugin::Model;

namespace {

enum class Label { value, binary };

Table<double> waves(Label label, bool scaled = false) {
  Table<double> t{.inputs = 3};
  t.task = label == Label::value ? ASSAY_TASK_REGRESSION : ASSAY_TASK_BINARY;
  for (int k = 0; k < 60; ++k) {
    const double i = k, e = std::sin(5.1 * i * i + 0.3);
    const double x[3] = {std::sin(1.1 * i), 100 * std::cos(0.37 * i * i) + 50, 0.01 * std::sin(2.3 * i + 1)};
    t.x.insert(t.x.end(), {x[0], x[1] / (scaled ? 100 : 1), x[2] / (scaled ? 0.01 : 1)});
    if (label == Label::value)
      t.y.push_back(1 + 2 * x[0] - 0.03 * x[1] + 40 * x[2] + e);
    else
      t.y.push_back(0.5 + 1.5 * x[0] - 0.01 * x[1] + 60 * x[2] + 2.5 * e > 0 ? 1 : 0);
  }
  return t;
}
std::vector<double> row_weights() {
  std::vector<double> w;
  for (int i = 0; i < 60; ++i) w.push_back(1 + 0.5 * std::sin(0.7 * i));
  return w;
}
void check_entry(const assay::plugin::StateEntries& state, const char* name, const std::vector<double>& expected, double epsilon) {
  REQUIRE(state.find(name));
  const auto values = state.find(name)->reals();
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(values[i] == Approx(expected[i]).epsilon(epsilon));
}

}  // namespace

TEST_CASE("ridge with l2 = 0 is weighted least squares with its standard errors (statsmodels WLS)") {
  auto t = waves(Label::value);
  t.weight = row_weights();
  auto model = make("linear.ridge", {{"l2", {0.0}}});
  model.fit(t.batch(), {});
  const auto s = model.summary({});
  check_entry(s, "intercept", {1.027771989969346}, 1e-10);
  check_entry(s, "coefficients", {1.9984530386095443, -0.029335893338957097, 45.641829278965744}, 1e-10);
  check_entry(s, "standard_errors", {0.12359216722440944, 0.13381439719505892, 0.0012658865809371212, 13.397576316310913}, 1e-10);
}

TEST_CASE("ridge with a penalty is scikit-learn's Ridge(alpha=2.5)") {
  auto t = waves(Label::value);
  t.weight = row_weights();
  auto model = make("linear.ridge", {{"l2", {2.5}}});
  model.fit(t.batch(), {});
  check_entry(model.summary({}), "intercept", {1.0149878450354426}, 1e-10);
  check_entry(model.summary({}), "coefficients", {1.8406616453407834, -0.029074243154493827, 0.055246547716937065}, 1e-9);
}

TEST_CASE("the logistic without penalty is statsmodels' Logit, plain and weighted") {
  auto t = waves(Label::binary);
  auto model = make("linear.logistic", {{"l2", {0.0}}});
  model.fit(t.batch(), {});
  check_entry(model.summary({}), "coefficients", {0.43994424430965573, 0.9736654361502824, -0.006744127020610649, 53.20569384183762}, 1e-9);
  check_entry(model.summary({}), "standard_errors", {0.3976134088262774, 0.4133508592693381, 0.0039922049349436885, 40.2947956648443},
              1e-8);
  check_entry(model.summary({}), "deviance", {73.1187927821219}, 1e-11);
  t.weight = row_weights();
  model.fit(t.batch(), {});
  check_entry(model.summary({}), "coefficients", {0.37545759392125583, 1.117025355805444, -0.0057080989811012575, 64.29190038537354}, 1e-8);
  check_entry(model.summary({}), "standard_errors", {0.3649485630712701, 0.42266415522852463, 0.003822769093939888, 41.095663148591534},
              1e-7);
}

TEST_CASE("the logistic with a penalty is scikit-learn's, C = 1 / l2") {
  auto t = waves(Label::binary, true);
  auto model = make("linear.logistic", {{"l2", {0.8}}});
  model.fit(t.batch(), {});
  check_entry(model.summary({}), "coefficients", {0.3822418077632181, 0.8451140859575207, -0.5836533076666033, 0.4567229448846361}, 1e-5);
}

TEST_CASE("several classes: statsmodels' MNLogit without penalty, scikit-learn's multinomial with") {
  auto t = waves(Label::binary, true);
  t.task = ASSAY_TASK_MULTICLASS;
  t.outputs = 3;
  for (int k = 0; k < 60; ++k) {
    const double i = k, v = std::sin(1.1 * i) + std::cos(0.37 * i * i) + 0.5 + 1.2 * std::sin(5.1 * i * i + 0.3);
    t.y[static_cast<std::size_t>(k)] = v >= 1 ? 2 : v >= 0.1 ? 1 : 0;
  }
  auto plain = make("linear.logistic", {{"l2", {0.0}}});
  plain.fit(t.batch(), {});
  check_entry(plain.summary({}), "deviance", {79.99078178394325}, 1e-11);
  check_entry(plain.summary({}), "coefficients",  // rows: intercept and inputs; columns: classes 1 and 2
              {-0.3759662541126582, -0.7767673440555678, 1.6983636380871463, 3.843442421692076, 1.5157459293482712, 3.137163925830746,
               0.7066644556627631, 0.411410243644009},
              1e-8);
  auto model = make("linear.logistic", {{"l2", {0.8}}});
  model.fit(t.batch(), {});
  const auto p = predict(model, t);
  const double expected[] = {0.0401510643208301,   0.17347322883321334, 0.7863757068459567,
                             0.007573020584053709, 0.04161410978534428, 0.950812869630602};
  for (std::size_t i = 0; i < 6; ++i) CHECK(p[i] == Approx(expected[i]).epsilon(1e-5));
}

TEST_CASE("a logistic without a maximum says so") {
  auto t = waves(Label::binary);
  for (std::size_t i = 0; i < t.y.size(); ++i) t.y[i] = t.x[3 * i] > 0 ? 1 : 0;
  auto model = make("linear.logistic", {{"l2", {0.0}}});
  CHECK_THROWS_WITH(model.fit(t.batch(), {}), Catch::Contains("separate the classes"));
  std::fill(t.y.begin(), t.y.end(), 1.0);
  CHECK_THROWS_WITH(model.fit(t.batch(), {}), Catch::Contains("no row of class 0"));
}

TEST_CASE("the network resumes from its train state with the bits of a straight run, and a saved one predicts alike") {
  const auto wide = waves(Label::binary, true);
  Table<float> t{.inputs = 3};
  for (const double v : wide.x) t.x.push_back(static_cast<float>(v));
  for (const double v : wide.y) t.y.push_back(static_cast<float>(v));
  assay::plugin::CallOptions options;
  options.seed = 4;
  const auto steps = [&](Model& m, std::int64_t from, std::int64_t to) {
    double loss = 0;
    for (std::int64_t s = from; s < to; ++s) {
      const assay_batch batch = t.batch(20 * (s % 3), 20);
      const assay_step at{sizeof(assay_step), 0, s / 3, s, 1.0};
      loss = m.step(batch, at, options);
    }
    return loss;
  };
  auto straight = make("neural.mlp"), first = make("neural.mlp"), second = make("neural.mlp"), loaded = make("neural.mlp");
  t.batch();
  straight.begin(t.problem, 20, options);
  const double early = steps(straight, 0, 3), late = steps(straight, 3, 300);
  CHECK(late < 0.9 * early);
  first.begin(t.problem, 20, options);
  steps(first, 0, 100);
  second.train_load(t.problem, first.train_save(options), options);
  steps(second, 100, 300);
  CHECK(second.save(options).hash() == straight.save(options).hash());
  loaded.load(straight.save(options), options);
  CHECK(predict(loaded, t) == predict(straight, t));
  auto other = make("neural.mlp", {{"hidden", {assay::config::List{{std::int64_t{5}}}}}});
  CHECK_THROWS(other.load(straight.save(options), options));
}

TEST_CASE("the network's forecasts follow the target's units: learning 50 + y / 1000 is learning y") {
  const auto wide = waves(Label::value);
  Table<float> plain{.task = ASSAY_TASK_REGRESSION, .inputs = 3};
  for (const double v : wide.x) plain.x.push_back(static_cast<float>(v));
  for (const double v : wide.y) plain.y.push_back(static_cast<float>(v));
  plain.target_center = 2;
  plain.target_scale = 4;
  Table<float> moved = plain;
  for (float& y : moved.y) y = 50 + y * 1e-3f;
  moved.target_center = 50 + plain.target_center * 1e-3;
  moved.target_scale = plain.target_scale * 1e-3;
  const auto train = [](Table<float>& table) {
    auto model = make("neural.mlp");
    assay_batch batch = table.batch();
    assay::plugin::CallOptions options;
    options.seed = 3;
    model.begin(table.problem, batch.rows, options);
    double loss = 0;
    for (std::int64_t step = 0; step < 60; ++step) loss = model.step(batch, {sizeof(assay_step), 0, 0, step, 1}, {});
    return std::pair(predict(model, table), loss);
  };
  const auto [of_plain, plain_loss] = train(plain);
  const auto [of_moved, moved_loss] = train(moved);
  for (std::size_t i = 0; i < of_plain.size(); ++i) CHECK(of_moved[i] == Approx(50 + of_plain[i] * 1e-3).margin(2e-5));
  CHECK(moved_loss == Approx(plain_loss * 1e-6).epsilon(0.02));  // 50 + y / 1000 has four digits of y left in a float
}

TEST_CASE("class weights change what is learned, not what a probability means") {
  // Without inputs that tell anything the best probability is the share of class 1, whatever the weights.
  Table<double> t{.inputs = 1};
  for (int i = 0; i < 400; ++i) {
    t.x.push_back(std::sin(static_cast<double>(i)));
    t.y.push_back(i % 8 == 0 ? 1 : 0);
  }
  const std::vector<double> weight{1, 7};
  t.class_weight = weight.data();
  auto logistic = make("linear.logistic", {{"l2", {0.0}}});
  logistic.fit(t.batch(), {});
  const auto of_logistic = predict(logistic, t);
  CHECK(std::accumulate(of_logistic.begin(), of_logistic.end(), 0.0) / 400 == Approx(0.125).margin(0.01));

  Table<float> f{.inputs = 1};
  f.x.assign(t.x.begin(), t.x.end());
  f.y.assign(t.y.begin(), t.y.end());
  f.class_weight = weight.data();
  auto network = make("neural.mlp", {{"hidden", {assay::config::List{}}}, {"learning_rate", {0.05}}});
  assay_batch batch = f.batch();
  network.begin(f.problem, batch.rows, {});
  for (std::int64_t s = 0; s < 400; ++s) network.step(batch, {sizeof(assay_step), 0, 0, s, 1}, {});
  const auto of_network = predict(network, f);
  CHECK(std::accumulate(of_network.begin(), of_network.end(), 0.0) / 400 == Approx(0.125).margin(0.01));
}

TEST_CASE("baselines forecast what their names say") {
  Table<double> t{.inputs = 1};
  t.task = ASSAY_TASK_REGRESSION;
  t.x = {0, 0, 0, 0};
  t.y = {1, 2, 3, 6};
  t.last_known = {std::nan(""), 1, 2, 3};
  const auto forecast = [&](const char* id) {
    auto model = make(id);
    model.fit(t.batch(), {});
    return predict(model, t);
  };
  CHECK(forecast("baseline.no_change") == std::vector<double>{0, 0, 0, 0});
  CHECK(forecast("baseline.historical_mean") == std::vector<double>{3, 3, 3, 3});
  CHECK(forecast("baseline.last_value") == std::vector<double>{3, 1, 2, 3});
  t.task = ASSAY_TASK_BINARY;
  t.y = {0, 1, 0, 0};
  CHECK(forecast("baseline.prior") == std::vector<double>{0.25, 0.25, 0.25, 0.25});
  t.weight = {1, 3, 1, 1};
  CHECK(forecast("baseline.prior")[0] == 0.5);
}
