// Permutation importance and partial dependence against scikit-learn 1.x; who gives values to whom.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "explain/importance.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::explain;

namespace {

Rows sample() {
  Rows out{4, {}};
  for (int i = 0; i < 12; ++i)
    for (int j = 0; j < 4; ++j) out.values.push_back(std::sin(1.3 * (i + 1) * (j + 1) + 0.7 * j));
  return out;
}

double value(std::span<const double> x) { return x[0] * x[1] + std::max(0.0, x[2]) - 0.5 * x[0] * x[0] + 0 * x[3]; }

ForecastMaker forecasts() {
  return []() -> Forecast {
    return [](const Rows& rows, std::span<const std::int64_t>) {
      std::vector<double> out;
      for (std::int64_t r = 0; r < rows.count(); ++r) out.push_back(value(rows.row(r)));
      return out;
    };
  };
}

double less_error(std::span<const double> forecast) {  // sklearn's neg_mean_squared_error of y = value + 0.1 cos(i)
  const Rows rows = sample();
  double sum = 0;
  for (std::size_t i = 0; i < forecast.size(); ++i) {
    const double y = value(rows.row(static_cast<std::int64_t>(i))) + 0.1 * std::cos(static_cast<double>(i));
    sum -= (forecast[i] - y) * (forecast[i] - y) / 12;
  }
  return sum;
}

std::vector<Feature> features() { return {{"a", {0}}, {"b", {1}}, {"c", {2}}, {"d", {3}}}; }

}  // namespace

// /usr/bin/python3: permutation_importance(f, X, y, scoring="neg_mean_squared_error", n_repeats=20000, random_state=0)
TEST_CASE("permutation importance has scikit-learn's mean and deviation over many draws") {
  const double mean[] = {0.5812995769445499, 0.464926647083961, 0.21331270709944164, 0.0};
  const double deviation[] = {0.21884643860758793, 0.1667186314157188, 0.06656939247147135, 0.0};
  constexpr std::size_t kDraws = 4000;
  std::vector<std::vector<std::int64_t>> donors;
  for (std::size_t d = 0; d < kDraws; ++d) donors.push_back(donors_within(12, {}, Random(SeedTree(4).child(d))));
  const Importance found = permutation_importance(sample(), features(), donors, forecasts(), less_error, {2});
  CHECK(std::abs(found.whole - less_error(forecasts()()(sample(), {}))) < 1e-15);
  for (std::size_t f = 0; f < 4; ++f) {
    const Drop drop = summary_of(found.drops[f], 0.95);
    const double chance = deviation[f] / std::sqrt(static_cast<double>(kDraws)) + 1e-15;
    CHECK(std::abs(drop.mean - mean[f]) < 4 * chance);
    CHECK(std::abs(drop.deviation - deviation[f]) < 0.05 * deviation[f] + 1e-15);
    CHECK(drop.low <= drop.mean);
    CHECK(std::abs(drop.high - drop.mean - 1.9605 * drop.deviation / std::sqrt(static_cast<double>(kDraws))) <= 1e-3 * drop.deviation);
  }
}

TEST_CASE("the same draws give the same bits on any number of threads; one draw has no interval") {
  const std::vector<std::vector<std::int64_t>> donors{donors_within(12, {}, Random(1)), donors_within(12, {}, Random(2))};
  CHECK(permutation_importance(sample(), features(), donors, forecasts(), less_error, {1}).drops ==
        permutation_importance(sample(), features(), donors, forecasts(), less_error, {4}).drops);
  CHECK(std::isnan(summary_of(std::vector<double>{0.3}, 0.95).low));
  CHECK(summary_of(std::vector<double>{0.3}, 0.95).mean == 0.3);
}

// /usr/bin/python3: partial_dependence(f, X, [0], method="brute", kind="both", grid_resolution=5, percentiles=(0, 1))
TEST_CASE("partial dependence and a row's own curve are scikit-learn's") {
  const double at[] = {-0.883454655720153, -0.4129551554464635, 0.057544344827226035, 0.5280438451009155, 0.9985433453746051};
  const double mean[] = {-0.10878250654944326, 0.19203725490309964, 0.27148723659785096, 0.12956743853481073, -0.23372213928602106};
  const double curve[] = {0.48839605005053527, 0.32543963845655444, -0.05888655289521783, -0.6645825240047816, -1.4916482748721371};
  Rows grid{4, {}};
  for (const double v : at) grid.add(std::vector<double>{v, 99, 99, 99});  // only the feature's own value is taken
  const Dependence found = partial_dependence(sample(), {"a", {0}}, grid, forecasts(), {3});
  for (std::size_t g = 0; g < 5; ++g) {
    CHECK(std::abs(found.mean[g] - mean[g]) < 1e-12);
    CHECK(std::abs(found.curve[g][3] - curve[g]) < 1e-12);
  }
}

TEST_CASE("donors are a permutation; within dates nothing leaves its date; stretches stay whole") {
  const std::vector<std::int64_t> dates{1, 1, 1, 2, 2, 2, 2, 3, 3, 4};
  std::set<std::vector<std::int64_t>> different;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto among = donors_within(10, dates, Random(seed));
    CHECK(std::set<std::int64_t>(among.begin(), among.end()).size() == 10);
    for (std::size_t i = 0; i < 10; ++i) CHECK(dates[static_cast<std::size_t>(among[i])] == dates[i]);
    different.insert(among);
    const auto stretches = donors_by_stretches(11, 4, Random(seed));
    CHECK(std::set<std::int64_t>(stretches.begin(), stretches.end()).size() == 11);
    int breaks = 0;
    for (std::size_t i = 1; i < 11; ++i) breaks += stretches[i] != stretches[i - 1] + 1;
    CHECK(breaks <= 2);
  }
  CHECK(different.size() > 10);
}
