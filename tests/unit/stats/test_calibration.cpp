// Reference values: oracle.py, part calibrations (statsmodels 0.13.5, scikit-learn 1.2.1).
#include <cmath>
#include <stdexcept>

#include "stats/calibration.hpp"
#include "support/catch.hpp"
#include "unit/stats/test_data.hpp"

using namespace assay::stats;
using Values = std::vector<double>;

namespace {
struct Data {
  Values truth, probability, weight;
};
Data data() {
  const auto d = test_data::binary_table(300, 2);
  Data out{d.truth, d.a, d.weight};
  for (auto& p : out.probability) p = 0.05 + 0.9 * p;
  return out;
}
}  // namespace

TEST_CASE("the calibration line is the logistic regression on the logit") {
  const auto d = data();
  const auto c = calibration(d.truth, d.probability);
  REQUIRE(c.line.converged);
  CHECK(c.line.intercept == Approx(-0.2320538113356734).epsilon(1e-9));
  CHECK(c.line.slope == Approx(0.6582393310175539).epsilon(1e-9));
  CHECK(c.line.intercept_error == Approx(0.12719757173061152).epsilon(1e-8));
  CHECK(c.line.slope_error == Approx(0.10199949768891349).epsilon(1e-8));
  CHECK(c.line.log_loss == Approx(0.5988511652131397).epsilon(1e-10));
  CHECK(c.in_the_large == Approx(-0.2490957477126665).epsilon(1e-8));
  CHECK(c.in_the_large_error == Approx(0.1381540396619359).epsilon(1e-8));
  const auto w = calibration(d.truth, d.probability, d.weight).line;
  CHECK(w.intercept == Approx(-0.2760077497921003).epsilon(1e-8));
  CHECK(w.slope == Approx(0.611949936220397).epsilon(1e-8));
  CHECK(w.intercept_error == Approx(0.07958128303112677).epsilon(1e-7));
  CHECK(w.slope_error == Approx(0.06285344782750796).epsilon(1e-7));
}

TEST_CASE("no finite line: says so instead of giving numbers") {
  const Values truth{0, 0, 1, 1};
  const auto separable = fit_logistic(truth, Values{1, 2, 3, 4});
  CHECK(!separable.converged);
  CHECK(std::isnan(separable.slope));
  CHECK(!fit_logistic(truth, Values{2, 2, 2, 2}).converged);
  CHECK(!fit_logistic(Values{1, 1, 1}, Values{1, 2, 3}).converged);
  CHECK(!fit_logistic(Values{}, Values{}).converged);
  const auto constant = calibration(truth, Values{0.2, 0.2, 0.2, 0.2});
  CHECK(!constant.line.converged);
  CHECK(constant.in_the_large == Approx(std::log(4.0)));  // logit(0.5) - logit(0.2)
  CHECK(constant.observed_rate == 0.5);
  CHECK(constant.mean_probability == Approx(0.2));
  CHECK_THROWS_AS(calibration(truth, Values{0.1}), std::invalid_argument);
}

TEST_CASE("certain probabilities do not break the line") {
  auto d = data();
  d.probability[0] = 0;
  d.probability[1] = 1;
  const auto c = calibration(d.truth, d.probability);
  CHECK(c.line.converged);
  CHECK(std::isfinite(c.line.slope));
  CHECK(std::isfinite(c.in_the_large));
}

TEST_CASE("reliability table with bins of equal width") {
  const auto d = data();
  const auto table = reliability_table(d.truth, d.probability, 5, Bins::equal_width);
  const Values rate{0.24615384615384617, 0.23809523809523808, 0.3333333333333333, 0.6190476190476191, 0.7959183673469388};
  const Values mean{0.11576923076923067, 0.29214285714285726, 0.49324999999999997, 0.7085714285714289, 0.8563265306122447};
  REQUIRE(table.size() == 5);
  double gap = 0, count = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(table[i].observed_rate == Approx(rate[i]).epsilon(1e-12));
    CHECK(table[i].mean_probability == Approx(mean[i]).epsilon(1e-12));
    gap += static_cast<double>(table[i].count) * std::abs(rate[i] - mean[i]);
    count += static_cast<double>(table[i].count);
  }
  CHECK(count == 300);
  CHECK(table[0].count == 65);
  CHECK(table[0].observed_low == Approx(0.15757986855897982).epsilon(1e-10));
  CHECK(table[0].observed_high == Approx(0.36305783195877844).epsilon(1e-10));
  CHECK(expected_calibration_error(table) == Approx(gap / 300).epsilon(1e-12));
  CHECK(std::isnan(expected_calibration_error({})));
}

TEST_CASE("bins of equal count never part equal probabilities") {
  const Values truth{0, 1, 0, 1, 1, 0, 1, 1}, probability{0.1, 0.2, 0.2, 0.2, 0.2, 0.3, 0.8, 0.9};
  const auto table = reliability_table(truth, probability, 4);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    count += table[i].count;
    if (i > 0) CHECK(table[i].lowest > table[i - 1].highest);
  }
  CHECK(count == 8);
  CHECK(table[0].count == 5);  // 0.1 and all the 0.2
  const auto even = reliability_table(Values(8, 1.0), Values{.1, .2, .3, .4, .5, .6, .7, .8}, 4);
  REQUIRE(even.size() == 4);
  for (const auto& bin : even) CHECK(bin.count == 2);
  CHECK(reliability_table(Values{}, Values{}, 3).empty());
  CHECK_THROWS_AS(reliability_table(truth, probability, 0), std::invalid_argument);
}

TEST_CASE("the Brier score is the sum of its parts") {
  const auto d = data();
  const auto parts = brier_parts(d.truth, d.probability);
  CHECK(parts.brier == Approx(0.21285325).epsilon(1e-10));
  CHECK(parts.reliability - parts.resolution + parts.uncertainty == Approx(parts.brier).epsilon(1e-12));
  // By hand: two groups of two; 0.25 seen 0.5 and 0.75 seen 1.
  const auto hand = brier_parts(Values{0, 1, 1, 1}, Values{0.25, 0.25, 0.75, 0.75});
  CHECK(hand.reliability == Approx(0.0625));
  CHECK(hand.resolution == Approx(0.0625));
  CHECK(hand.uncertainty == Approx(0.1875));
  CHECK(std::isnan(brier_parts(Values{}, Values{}).brier));
}
