// Weights of rows on their way to models: what shipped models learn from them, through the learner that a run uses.
#include <cmath>

#include "support/build_plugins.hpp"
#include "support/catch.hpp"
#include "train/local_learner.hpp"

using namespace assay;
using namespace assay::train;

namespace {

struct Planted {
  std::vector<double> x, y, weight;
  Rows rows() const {
    Rows rows;
    rows.count = static_cast<std::int64_t>(y.size());
    rows.columns = 2;
    rows.x = x;
    rows.y = y;
    rows.weight = weight;
    return rows;
  }
};

// X[i] = ((7 i) % 11 / 4 - 1.25, (5 i) % 13 / 4 - 1.5); w = 0.5 + (3 i) % 5 / 2.
Planted planted(bool classes) {
  Planted p;
  for (int i = 0; i < 40; ++i) {
    const double a = i * 7 % 11 / 4.0 - 1.25, b = i * 5 % 13 / 4.0 - 1.5;
    p.x.insert(p.x.end(), {a, b});
    p.y.push_back(classes ? static_cast<double>(a + b + i * i % 7 / 2.0 - 1.5 > 0) : 1.5 * a - 0.75 * b + i * i % 7 / 4.0);
    p.weight.push_back(0.5 + i * 3 % 5 / 2.0);
  }
  return p;
}

LearnerSetup setup(const std::string& model, config::Task task, config::Map given) {
  LearnerSetup setup;
  setup.model.id = model;
  for (const config::ParamSpec& param : build_plugins().component("model", model).spec.params) {
    const config::Value* value = config::find(given, param.name);
    setup.model.params.emplace_back(param.name, value == nullptr ? param.fallback : *value);
  }
  setup.task = task;
  setup.inputs = {{"a", {}, {}}, {"b", {}, {}}};
  setup.seed = 3;
  return setup;
}

std::vector<double> fitted(const LearnerSetup& what, const Planted& train, const Planted& at) {
  LocalLearner learner(build_plugins().component("model", what.model.id), what, train.rows(), {});
  learner.fit({}, {});
  return learner.predict(at.rows());
}

}  // namespace

// sklearn.linear_model.Ridge(alpha=2).fit(X, y, sample_weight=w)
TEST_CASE("ridge learns with the rows' weights: scikit-learn's sample_weight") {
  const Planted p = planted(false);
  const std::vector<double> forecast = fitted(setup("linear.ridge", config::Task::regression, {{"l2", config::Value{2.0}}}), p, p);
  for (std::size_t i = 0; i < forecast.size(); ++i)
    CHECK(forecast[i] == Approx(0.5143077588725027 + 1.321446354181719 * p.x[2 * i] - 0.6550087682538636 * p.x[2 * i + 1]).epsilon(1e-10));
}

// sklearn.linear_model.LogisticRegression(C=0.5, tol=1e-12).fit(X, y, sample_weight=w), and with class_weight='balanced' instead, whose
// forecasts are brought back by the model: log(w1 / w0) is taken off the intercept (14 of 40 rows are of class 1).
TEST_CASE("the logistic learns with weights of rows and of classes: scikit-learn's sample_weight and class_weight") {
  Planted p = planted(true);
  LearnerSetup what = setup("linear.logistic", config::Task::binary, {{"l2", config::Value{2.0}}});
  const auto check = [&](double intercept, double a, double b) {
    const std::vector<double> forecast = fitted(what, p, p);
    for (std::size_t i = 0; i < forecast.size(); ++i)
      CHECK(forecast[i] == Approx(1 / (1 + std::exp(-(intercept + a * p.x[2 * i] + b * p.x[2 * i + 1])))).epsilon(2e-5));
  };
  check(-1.3488367648846165, 1.0182759654846785, 1.9172493000544488);
  p.weight.clear();
  what.class_weight = {40.0 / (2 * 26), 40.0 / (2 * 14)};
  check(-0.5629253202903337 - std::log(26.0 / 14), 0.8855772441334653, 1.7281881666856282);
}

TEST_CASE("the network learns with weights: a row of weight 2 is the row twice, one of weight 0 is none") {
  for (const bool classes : {false, true}) {
    Planted weighed = planted(classes), repeated;
    for (std::size_t i = 0; i < weighed.y.size(); ++i) {
      weighed.weight[i] = static_cast<double>(i % 3);
      for (std::size_t k = 0; k < i % 3; ++k) {
        repeated.x.insert(repeated.x.end(), {weighed.x[2 * i], weighed.x[2 * i + 1]});
        repeated.y.push_back(weighed.y[i]);
      }
    }
    const auto trained = [&](const Planted& p) {
      LearnerSetup what =
          setup("neural.mlp", classes ? config::Task::binary : config::Task::regression, {{"scale_target", config::Value{false}}});
      what.batch_size = static_cast<std::int64_t>(p.y.size());
      what.shuffle = false;
      LocalLearner learner(build_plugins().component("model", "neural.mlp"), what, p.rows(), {});
      learner.begin();
      for (int epoch = 0; epoch < 20; ++epoch) learner.epoch(epoch, 1);
      return learner.predict(weighed.rows());
    };
    Planted even = weighed;
    even.weight.clear();
    const std::vector<double> a = trained(weighed), b = trained(repeated), c = trained(even);
    double apart = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      CHECK(a[i] == Approx(b[i]).epsilon(1e-4).margin(1e-5));
      apart = std::max(apart, std::fabs(a[i] - c[i]));
    }
    CHECK(apart > 1e-2);
  }
}

TEST_CASE("models are told the mean and deviation of a regression's targets as the rows weigh") {
  const Planted p = planted(false);
  double total = 0, mean = 0, squares = 0;
  for (std::size_t i = 0; i < p.y.size(); ++i) total += p.weight[i], mean += p.weight[i] * p.y[i];
  mean /= total;
  for (std::size_t i = 0; i < p.y.size(); ++i) squares += p.weight[i] * (p.y[i] - mean) * (p.y[i] - mean);
  const LearnerSetup regression = setup("linear.ridge", config::Task::regression, {});
  const ProblemView weighed(regression, p.rows());
  CHECK(weighed.raw().target_center == Approx(mean).epsilon(1e-14));
  CHECK(weighed.raw().target_scale == Approx(std::sqrt(squares / total)).epsilon(1e-14));
}
