// Quantiles of models that learned nothing else about their errors: empirical ones, against numpy 1.24 and scikit-learn 1.2.
#include <cmath>

#include "learner.hpp"
#include "plugin/quantiles.hpp"
#include "support/catch.hpp"

using namespace models_test;
using assay::plugin::Model;

namespace {

const std::vector<double> kLevels = {0.05, 0.25, 0.5, 0.75, 0.95};

// The waves of test_models.cpp.
Table<double> waves(bool weighted) {
  Table<double> t{.inputs = 3};
  t.task = ASSAY_TASK_REGRESSION;
  t.levels = kLevels;
  for (int k = 0; k < 60; ++k) {
    const double i = k, e = std::sin(5.1 * i * i + 0.3);
    const double x[3] = {std::sin(1.1 * i), 100 * std::cos(0.37 * i * i) + 50, 0.01 * std::sin(2.3 * i + 1)};
    t.x.insert(t.x.end(), x, x + 3);
    t.y.push_back(1 + 2 * x[0] - 0.03 * x[1] + 40 * x[2] + e);
    if (weighted) t.weight.push_back(1 + 0.5 * std::sin(0.7 * i));
  }
  return t;
}

Table<double> eight_rows() {
  Table<double> t{.inputs = 1};
  t.task = ASSAY_TASK_REGRESSION;
  t.levels = kLevels;
  t.x.assign(8, 0);
  t.y = {3, 1, 4, 1, 5, 9, 2, 6};
  t.last_known = {2, 3, 1, 4, 1, 5, 9, 2};
  return t;
}

void check_row(const std::vector<double>& values, std::size_t row, double forecast, const std::vector<double>& errors) {
  for (std::size_t k = 0; k < errors.size(); ++k) CHECK(values[row * errors.size() + k] == Approx(forecast + errors[k]).margin(1e-9));
}

std::vector<double> fitted_quantiles(const char* id, Table<double>& t, const assay::config::Map& params = {}) {
  Model model = make(id, params);
  model.fit(t.batch(), {});
  const std::vector<double> values = quantiles(model, t);
  CHECK_FALSE(assay::plugin::quantile_fault(t.levels, values));
  Model loaded = make(id, params);
  loaded.load(model.save({}), {});
  CHECK(quantiles(loaded, t) == values);
  return values;
}

}  // namespace

// numpy.quantile(y, levels), numpy.quantile(y - last_known, levels)
TEST_CASE("baselines put the quantiles of their errors around the forecast (numpy)") {
  Table<double> t = eight_rows();
  const std::vector<double> of_targets = {1, 1.75, 3.5, 5.25, 7.95}, of_changes = {-5.6, -2.25, 2, 4, 4};
  check_row(fitted_quantiles("baseline.historical_mean", t), 3, 0, of_targets);
  check_row(fitted_quantiles("baseline.no_change", t), 5, 0, of_targets);
  const std::vector<double> last = fitted_quantiles("baseline.last_value", t);
  check_row(last, 0, 2, of_changes);
  check_row(last, 6, 9, of_changes);
  Model model = make("baseline.last_value");
  model.fit(t.batch(), {});
  t.last_known[0] = std::nan("");
  check_row(quantiles(model, t), 0, 0, of_targets);
}

// For each row k: scikit-learn's Ridge (or LinearRegression) fitted to the other 59, its error on row k; then numpy.quantile, and with
// weights numpy.interp over the middles of the sorted errors' weights.
TEST_CASE("ridge puts the quantiles of its leave-one-out errors around the forecast (scikit-learn, numpy)") {
  const auto check = [](bool weighted, double l2, const std::vector<double>& errors) {
    Table<double> t = waves(weighted);
    Model model = make("linear.ridge", {{"l2", {l2}}});
    model.fit(t.batch(), {});
    const std::vector<double> forecast = predict(model, t), values = fitted_quantiles("linear.ridge", t, {{"l2", {l2}}});
    for (const std::size_t row : {0, 31, 59}) check_row(values, row, forecast[row], errors);
  };
  check(false, 0, {-1.0174049396672618, -0.7773398455153738, -0.00019173555689788735, 0.7305242442396693, 1.0683713296028807});
  check(true, 0, {-1.07420452518163, -0.6875165929801565, -0.027103646651419417, 0.6956321580243758, 1.0291855570304462});
  check(false, 2.5, {-1.427155605431982, -0.5997136265612757, 0.1418147796116458, 0.6509092712838457, 1.2444537347825024});
  check(true, 2.5, {-1.4015181837783872, -0.6482937248976175, 0.11112078157800281, 0.68047976378975, 1.2226187091910685});
}

TEST_CASE("equal weights change no quantile, a row of weight 0 counts as none") {
  Table<double> plain = eight_rows(), weighted = eight_rows();
  weighted.weight.assign(8, 0.3);
  const std::vector<double> expected = fitted_quantiles("baseline.historical_mean", plain),
                            equal = fitted_quantiles("baseline.historical_mean", weighted);
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(equal[i] == Approx(expected[i]).epsilon(1e-13));
  weighted.x.push_back(0);
  weighted.y.push_back(1e6);
  weighted.last_known.push_back(0);
  weighted.weight.push_back(0);
  const std::vector<double> with_none = fitted_quantiles("baseline.historical_mean", weighted);
  CHECK(std::vector<double>(with_none.begin(), with_none.end() - 5) == equal);
}

TEST_CASE("one row is every quantile; a ridge that no row can check says so") {
  Table<double> t{.inputs = 1};
  t.task = ASSAY_TASK_REGRESSION;
  t.levels = kLevels;
  t.x = {1};
  t.y = {7};
  t.last_known = {6};
  check_row(fitted_quantiles("baseline.historical_mean", t), 0, 7, {0, 0, 0, 0, 0});
  t.x = {1, 2};
  t.y = {1, 3};
  t.last_known = {};
  Model model = make("linear.ridge", {{"l2", {0.0}}});
  CHECK_THROWS_WITH(model.fit(t.batch(), {}), Catch::Contains("too few train rows for quantiles"));
}

TEST_CASE("levels other than those that were learned are refused, and none are kept unasked") {
  Table<double> t = eight_rows();
  for (const char* id : {"baseline.historical_mean", "baseline.no_change", "baseline.last_value", "linear.ridge"}) {
    Model model = make(id);
    model.fit(t.batch(), {});
    Table<double> other = t;
    other.levels = {0.1, 0.9};
    try {
      quantiles(model, other);
      FAIL("it should refuse");
    } catch (const assay::plugin::ComponentError& e) {
      CHECK(e.status() == ASSAY_UNSUPPORTED);
    }
    Table<double> unasked = t;
    unasked.levels.clear();
    Model plain = make(id);
    plain.fit(unasked.batch(), {});
    const assay::plugin::StateEntries kept = plain.save({});
    for (const assay::plugin::StateEntry& entry : kept.items()) CHECK(entry.name.find("quantiles") == std::string::npos);
  }
}

TEST_CASE("quantiles that cross or are no numbers are named with their row") {
  using assay::plugin::quantile_fault;
  const std::vector<double> levels = {0.1, 0.5, 0.9};
  CHECK_FALSE(quantile_fault(levels, std::vector<double>{1, 1, 2, -1, 0, 0}));
  const auto crossed = quantile_fault(levels, std::vector<double>{1, 1, 2, -1, 0.5, 0.25});
  REQUIRE(crossed);
  CHECK(crossed->row == 1);
  CHECK(crossed->what == "its quantiles cross: 0.5 at level 0.5, but 0.25 at level 0.9");
  const std::vector<double> unknown = {1, 1, 2, std::nan(""), 0, INFINITY};
  REQUIRE(quantile_fault(levels, unknown));
  CHECK(quantile_fault(levels, unknown)->what == "its quantile of level 0.1 is nan");
  CHECK_FALSE(quantile_fault(levels, unknown, std::vector<double>{1, std::nan("")}));
}
