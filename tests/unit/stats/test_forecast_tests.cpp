// Reference values: oracle.py, part tests (statsmodels 0.13.5: OLS on a constant with HAC errors, multipletests, mcnemar).
#include <cmath>
#include <stdexcept>

#include "stats/draws.hpp"
#include "stats/forecast_tests.hpp"
#include "support/catch.hpp"
#include "unit/stats/test_data.hpp"

using namespace assay::stats;
using Values = std::vector<double>;

namespace {
Values shifted(Values values, double by) {
  for (auto& v : values) v += by;
  return values;
}
}  // namespace

TEST_CASE("Diebold-Mariano with the small-sample correction") {
  const auto d = shifted(test_data::series(80, 5, 0.5), 0.1);
  const auto one = diebold_mariano(d, 1);
  CHECK(one.n == 80);
  CHECK(one.df == 79);
  CHECK(one.mean == Approx(0.09262196850470351).epsilon(1e-12));
  CHECK(one.standard_error == Approx(0.04059772282377682).epsilon(1e-11));
  CHECK(one.statistic == Approx(2.281457236080683).epsilon(1e-11));
  CHECK(one.p_two_sided == Approx(0.025214100535123747).epsilon(1e-10));
  CHECK(one.p_b_better == Approx(0.012607050267561874).epsilon(1e-10));
  const auto three = diebold_mariano(d, 3);
  CHECK(three.standard_error == Approx(0.07110739426783953).epsilon(1e-11));
  CHECK(three.statistic == Approx(1.3025645146807834).epsilon(1e-11));
  CHECK(three.p_two_sided == Approx(0.19650794559529433).epsilon(1e-10));
  CHECK(!three.used_bartlett);
  CHECK(diebold_mariano(d, Values(80, 0.0), 3).statistic == three.statistic);
  CHECK(long_run_variance(d, 4, LagWeights::bartlett) == Approx(0.3461111264728118).epsilon(1e-11));
}

TEST_CASE("a negative flat variance is replaced by Bartlett's and says so") {
  Values wave(30);
  for (int i = 0; i < 30; ++i) wave[i] = (i % 2 == 0 ? 1.0 : -1.0) + 0.01 * i;
  REQUIRE(long_run_variance(wave, 1, LagWeights::flat) < 0);
  const auto test = diebold_mariano(wave, 2);
  CHECK(test.used_bartlett);
  CHECK(test.statistic == Approx(3.8749045584032196).epsilon(1e-10));
}

TEST_CASE("Diebold-Mariano where nothing can be told") {
  const auto same = diebold_mariano(Values(20, 0.0), 1);
  CHECK(same.statistic == 0);
  CHECK(same.p_two_sided == 1);
  CHECK(std::isnan(diebold_mariano(Values(20, 0.3), 1).p_two_sided));
  CHECK(std::isnan(diebold_mariano(Values{0.3}, 1).p_two_sided));
  CHECK(std::isnan(diebold_mariano(Values{}, 1).p_two_sided));
  CHECK(std::isnan(diebold_mariano(Values{1, 2, 3}, 3).p_two_sided));
  CHECK_THROWS_AS(diebold_mariano(Values{1, 2}, 0), std::invalid_argument);
  CHECK_THROWS_AS(diebold_mariano(Values{1, 2}, Values{1}, 1), std::invalid_argument);
}

TEST_CASE("Diebold-Mariano rejects about 5 % of equal forecasts, overlapping horizons included") {
  int rejected_one = 0, rejected_four = 0, rejected_blind = 0;
  for (std::uint64_t trial = 0; trial < 2000; ++trial) {
    Draws draws(99, trial);
    Values noise(103), overlapping(100);
    for (auto& v : noise) v = draws.uniform() + draws.uniform() + draws.uniform() - 1.5;
    for (std::size_t i = 0; i < 100; ++i) overlapping[i] = noise[i] + noise[i + 1] + noise[i + 2] + noise[i + 3];
    noise.resize(100);
    rejected_one += diebold_mariano(noise, 1).p_two_sided < 0.05;
    rejected_four += diebold_mariano(overlapping, 4).p_two_sided < 0.05;
    rejected_blind += diebold_mariano(overlapping, 1).p_two_sided < 0.05;
  }
  CHECK(rejected_one > 60);  // 100 expected, standard deviation 10
  CHECK(rejected_one < 140);
  CHECK(rejected_four > 60);  // the flat window is known to be a little liberal
  CHECK(rejected_four < 220);
  CHECK(rejected_blind > 500);  // what the lag is for
}

TEST_CASE("Clark-West") {
  const auto y = test_data::series(60, 7, 0.3), noise = test_data::series(60, 11, 0.0);
  Values large(60);
  for (std::size_t i = 0; i < 60; ++i) large[i] = 0.3 * y[i] + 0.2 * noise[i];
  const auto test = clark_west(clark_west_terms(y, Values(60, 0.0), large));
  CHECK(test.mean == Approx(0.04933605261287887).epsilon(1e-12));
  CHECK(test.statistic == Approx(6.521567765475821).epsilon(1e-11));
  CHECK(test.p_b_better == Approx(3.478813700815842e-11).epsilon(1e-8));
  CHECK(std::isinf(test.df));
}

TEST_CASE("panels are averaged by date first") {
  const std::vector<std::int64_t> date{20, 10, 20, 10, 30};
  const auto means = mean_by_key(Values{1, 2, 3, 6, 5}, date);
  CHECK(means.key == std::vector<std::int64_t>{10, 20, 30});
  CHECK(means.mean == Values{4, 2, 5});
  CHECK(means.count == std::vector<std::int64_t>{2, 2, 1});
}

TEST_CASE("Holm's adjustment") {
  const auto adjusted = holm(Values{0.01, 0.04, 0.03, 0.005, 0.5});
  const Values expected{0.04, 0.09, 0.09, 0.025, 0.5};
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(adjusted[i] == Approx(expected[i]));
  const auto with_gap = holm(Values{0.02, std::nan(""), 0.03});
  CHECK(with_gap[0] == Approx(0.04));
  CHECK(std::isnan(with_gap[1]));
  CHECK(with_gap[2] == Approx(0.04));
}

TEST_CASE("McNemar's exact test") {
  Values truth(20, 1.0), a(20, 1.0), b(20, 1.0);
  for (int i = 0; i < 10; ++i) b[i] = 0;
  for (int i = 10; i < 13; ++i) a[i] = 0;
  a[15] = b[15] = 0;
  const auto test = mcnemar(truth, a, b);
  CHECK(test.only_a_right == 10);
  CHECK(test.only_b_right == 3);
  CHECK(test.p_two_sided == Approx(0.09228515625));
  CHECK(mcnemar(truth, a, a).p_two_sided == 1);
}

TEST_CASE("the smallest effect is what the test finds four times in five") {
  CHECK(smallest_effect(2, 19) == Approx(5.907949209354384).epsilon(1e-10));
  Values sample(50);
  int found = 0;
  const double sigma = std::sqrt(1.0 / 12);
  const double effect = smallest_effect(sigma / std::sqrt(50.0), 49);
  for (std::uint64_t trial = 0; trial < 2000; ++trial) {
    Draws draws(5, trial);
    for (auto& v : sample) v = draws.uniform() - 0.5 + effect;
    found += diebold_mariano(sample, 1).p_two_sided < 0.05;
  }
  CHECK(found > 1540);  // 1600 expected, standard deviation 18
  CHECK(found < 1660);
}
