// boosting.xgboost against python3-xgboost 1.7.4 with the same parameters (tree_method hist, one thread, eta 0.1, max_depth 4). The data: u
// = 400 x 4 draws, x = [u0, u1 with every seventh missing, floor(5 u2) as a category], value = 4 u0 (u0 - 0.5) + 2 u1 u0 (0.3 for a missing
// u1)
// + 1.5 where the category is 3; class = value + u3 > 1.5; three classes cut the value at 0.6 and 1.4; weights 0.5 + u3.
#include <cmath>

#include "../models/learner.hpp"
#include "support/catch.hpp"

using namespace models_test;

namespace {

constexpr std::size_t kRows = 400;
enum class Label { value, binary, three };

struct Columns {
  assay_column number{}, category{};
  const assay_column* list[3];
  Columns() {
    number.struct_size = category.struct_size = sizeof(assay_column);
    number.kind = ASSAY_COLUMN_NUMBER;
    category.kind = ASSAY_COLUMN_CATEGORY;
    list[0] = list[1] = &number;
    list[2] = &category;
  }
};
const Columns& columns() {
  static const Columns all;
  return all;
}

Table<float> drawn(Label label, bool weighted) {
  Table<float> t{.inputs = 3};
  t.task = label == Label::value ? ASSAY_TASK_REGRESSION : label == Label::binary ? ASSAY_TASK_BINARY : ASSAY_TASK_MULTICLASS;
  t.outputs = label == Label::three ? 3 : 1;
  t.columns = columns().list;
  std::uint64_t state = 7;
  const auto draw = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<float>(static_cast<double>(state >> 40) / (1 << 24));
  };
  for (std::size_t i = 0; i < kRows; ++i) {
    float u[4];
    for (float& value : u) value = draw();
    const float seen = i % 7 == 0 ? 0.3f : u[1], level = std::floor(u[2] * 5);
    const float value = 4 * u[0] * (u[0] - 0.5f) + 2 * seen * u[0] + (level == 3 ? 1.5f : 0.0f);
    t.x.insert(t.x.end(), {u[0], i % 7 == 0 ? std::nanf("") : u[1], level});
    t.y.push_back(label == Label::value    ? value
                  : label == Label::binary ? static_cast<float>(value + u[3] > 1.5f)
                                           : static_cast<float>(value < 0.6f   ? 0
                                                                : value < 1.4f ? 1
                                                                               : 2));
    if (weighted) t.weight.push_back(0.5f + u[3]);
  }
  if (label == Label::value) {
    t.target_center = 1.025657194518717;
    t.target_scale = 1.050777131197075;
  }
  return t;
}

const assay::config::Map thirty{{"rounds", {std::int64_t{30}}}};

void check_first(const std::vector<double>& forecasts, const std::vector<double>& expected) {
  REQUIRE(forecasts.size() >= expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(forecasts[i] == Approx(expected[i]).epsilon(1e-5));
}

}  // namespace

TEST_CASE("boosted trees forecast what python3-xgboost forecasts: values, two classes, three classes") {
  auto values = drawn(Label::value, true);
  auto model = make("boosting.xgboost", thirty);
  model.fit(values.batch(), {});
  check_first(predict(model, values), {0.29371, -0.0755514539, 3.09694894, 0.0735240743, 1.66142059, 3.7221695});

  auto classes = drawn(Label::binary, true);
  auto binary = make("boosting.xgboost", thirty);
  binary.fit(classes.batch(), {});
  check_first(predict(binary, classes), {0.0292644911, 0.0292644911, 0.966991544, 0.0292644911, 0.966991544, 0.966991544});
  const std::vector<double> gain = binary.importance(3, {});
  check_first(gain, {1365.939697265625, 182.39060974121094, 1065.34375});

  auto three = drawn(Label::three, false);
  auto several = make("boosting.xgboost", thirty);
  several.fit(three.batch(), {});
  check_first(predict(several, three),
              {0.93304956, 0.0481478311, 0.0188026242, 0.958321214, 0.0213532578, 0.0203256067, 0.0196949225, 0.0217807163, 0.958524346});
}

TEST_CASE("boosting ends at the best round on validation rows (xgb.train with early_stopping_rounds 10 on the log loss)") {
  auto t = drawn(Label::binary, false);
  const std::vector<float> truth(t.y.begin() + 300, t.y.end());
  std::vector<float> inputs(t.x.begin() + 900, t.x.end());
  assay_batch batch = t.batch(0, 300);
  const assay_array validation = array_of(inputs, 3);
  batch.validation_x = &validation;
  batch.validation_rows = 100;
  assay::plugin::CallOptions options;
  int asked = 0;
  options.evaluate = [&](const assay_array& given) {
    const std::span<const double> p(static_cast<const double*>(given.data), truth.size());
    ++asked;
    double sum = 0;
    for (std::size_t i = 0; i < p.size(); ++i) sum += std::log(truth[i] > 0 ? p[i] : 1 - p[i]);
    return sum / static_cast<double>(p.size());
  };
  auto model = make("boosting.xgboost", {{"rounds", {std::int64_t{200}}}, {"learning_rate", {0.5}}, {"patience", {std::int64_t{10}}}});
  model.fit(batch, options);
  CHECK(asked == 24);  // 14 rounds, the best, and 10 that were no better
  const assay_batch rows = t.batch(300, 100);
  std::vector<double> out(100);
  model.predict(rows, out, {});
  check_first(out, {0.7713539, 0.00248904782, 0.00364475395, 0.994659722});
  CHECK(model.summary({}).find("rounds")->reals()[0] == 14);

  // A score that is undefined at first does not stand in the way of later ones; one that stays undefined leaves all rounds.
  int rounds = 0;
  options.evaluate = [&](const assay_array&) { return ++rounds < 3 ? std::nan("") : rounds == 5 ? 2.0 : 1.0; };
  auto late = make("boosting.xgboost", {{"rounds", {std::int64_t{200}}}, {"patience", {std::int64_t{4}}}});
  late.fit(batch, options);
  CHECK(rounds == 9);
  CHECK(late.summary({}).find("rounds")->reals()[0] == 5);
  options.evaluate = [](const assay_array&) { return std::nan(""); };
  late.fit(batch, options);
  CHECK(late.summary({}).find("rounds")->reals()[0] == 200);
}

TEST_CASE("boosting: class weights change the trees, not what a probability means; levels never seen are as good as missing") {
  auto t = drawn(Label::binary, false);
  const auto mean_forecast = [&](const double* weights) {
    t.class_weight = weights;
    auto model = make("boosting.xgboost", {{"rounds", {std::int64_t{60}}}, {"max_depth", {std::int64_t{2}}}});
    model.fit(t.batch(), {});
    double sum = 0;
    for (const double p : predict(model, t)) sum += p;
    return sum / static_cast<double>(kRows);
  };
  const double weights[2] = {1, 9}, plain = mean_forecast(nullptr), weighed = mean_forecast(weights);
  CHECK(plain == Approx(0.46).margin(0.01));
  CHECK(weighed != plain);
  CHECK(weighed == Approx(0.46).margin(0.04));

  t.class_weight = nullptr;
  auto model = make("boosting.xgboost", thirty);
  model.fit(t.batch(), {});
  auto unseen = t, missing = t;
  for (std::size_t i = 2; i < t.x.size(); i += 3) {
    unseen.x[i] = -1;
    missing.x[i] = std::nanf("");
  }
  CHECK(predict(model, unseen) == predict(model, missing));
}

TEST_CASE("boosting gives the same bits for any number of threads that it may use") {
  auto t = drawn(Label::binary, true);
  std::vector<std::vector<double>> forecasts;
  for (const std::uint32_t threads : {1u, 4u}) {
    assay::plugin::CallOptions options;
    options.max_threads = threads;
    options.seed = 5;
    auto model = make("boosting.xgboost", {{"rounds", {std::int64_t{40}}}, {"subsample", {0.7}}, {"column_sample", {0.7}}});
    model.fit(t.batch(), options);
    forecasts.push_back(predict(model, t));
  }
  CHECK(forecasts[0] == forecasts[1]);
}
