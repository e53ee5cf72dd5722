// Hand-worked cases, and thresholds against trying every one.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "stats/decisions.hpp"
#include "support/catch.hpp"
#include "unit/stats/test_data.hpp"

using namespace assay::stats;
using Values = std::vector<double>;

namespace {

double score_at(const test_data::BinaryTable& d, double threshold, ThresholdRule by, const Values& weight) {
  double tp = 0, fp = 0, fn = 0, tn = 0;
  for (std::size_t i = 0; i < d.truth.size(); ++i) {
    const double w = weight.empty() ? 1 : weight[i];
    const bool decided = d.a[i] >= threshold, positive = d.truth[i] == 1;
    (decided ? (positive ? tp : fp) : (positive ? fn : tn)) += w;
  }
  if (by == ThresholdRule::accuracy) return (tp + tn) / (tp + tn + fp + fn);
  if (by == ThresholdRule::f1) return 2 * tp / (2 * tp + fp + fn);
  return tp / (tp + fn) - fp / (fp + tn);
}

}  // namespace

TEST_CASE("no threshold does better than the best one") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const auto d = test_data::binary_table(120, seed);
    for (const auto by : {ThresholdRule::accuracy, ThresholdRule::f1, ThresholdRule::youden}) {
      for (const auto& weight : {Values{}, d.weight}) {
        const auto best = best_threshold(d.truth, d.a, by, weight);
        double tried = -1;
        for (int i = 0; i <= 1010; ++i) tried = std::max(tried, score_at(d, i / 1000.0, by, weight));
        CHECK(best.score == Approx(tried).epsilon(1e-12));
        CHECK(score_at(d, best.value, by, weight) == Approx(best.score).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("thresholds lie midway, ties go to the nearest to a half") {
  CHECK(best_threshold(Values{0, 0, 1, 1}, Values{0.1, 0.2, 0.4, 0.9}, ThresholdRule::accuracy).value == Approx(0.3));
  // Accuracy 3/4 between 0.2 and 0.3 as well as between 0.4 and 0.7: the latter's middle 0.55 is nearer.
  const auto tie = best_threshold(Values{0, 1, 0, 1}, Values{0.2, 0.3, 0.4, 0.7}, ThresholdRule::accuracy);
  CHECK(tie.value == Approx(0.55));
  CHECK(tie.score == 0.75);
  // Equal probabilities cannot be parted.
  CHECK(best_threshold(Values{0, 1, 1}, Values{0.4, 0.4, 0.4}, ThresholdRule::f1).score == Approx(0.8));
  // Nobody positive: "none", above the largest probability, also where that is 1.
  const auto none = best_threshold(Values{0, 0}, Values{0.2, 1.0}, ThresholdRule::accuracy);
  CHECK(none.value > 1);
  CHECK(none.score == 1);
  CHECK(best_threshold(Values{1, 1}, Values{0.2, 0.9}, ThresholdRule::accuracy).value == 0);
  const double a = 0.4, b = std::nextafter(a, 1.0);
  const auto neighbours = best_threshold(Values{0, 1}, Values{a, b}, ThresholdRule::accuracy);
  CHECK((neighbours.value > a && neighbours.value <= b));
}

TEST_CASE("a threshold that no rule can choose is NaN") {
  CHECK(std::isnan(best_threshold(Values{}, Values{}, ThresholdRule::f1).value));
  CHECK(std::isnan(best_threshold(Values{0, 0}, Values{0.1, 0.2}, ThresholdRule::f1).value));
  CHECK(std::isnan(best_threshold(Values{1, 1}, Values{0.1, 0.2}, ThresholdRule::youden).value));
  CHECK_THROWS_AS(best_threshold(Values{1}, Values{}, ThresholdRule::f1), std::invalid_argument);
}

TEST_CASE("fairness by hand") {
  // Group 0: 4 rows, 2 positive, 3 selected, 2 hits. Group 7: 5 rows, 2 positive, 1 selected, 1 hit.
  const Values truth{1, 1, 0, 0, 1, 1, 0, 0, 0}, decision{1, 1, 1, 0, 1, 0, 0, 0, 0};
  const std::vector<std::int64_t> group{0, 0, 0, 0, 7, 7, 7, 7, 7};
  const auto f = fairness(truth, decision, group);
  REQUIRE(f.groups.size() == 2);
  CHECK(f.groups[0].group == 0);
  CHECK(f.groups[0].selection_rate == 0.75);
  CHECK(f.groups[0].true_positive_rate == 1);
  CHECK(f.groups[0].false_positive_rate == 0.5);
  CHECK(f.groups[0].precision == Approx(2.0 / 3));
  CHECK(f.groups[0].accuracy == 0.75);
  CHECK(f.groups[1].count == 5);
  CHECK(f.groups[1].positives == 2);
  CHECK(f.groups[1].base_rate == 0.4);
  CHECK(f.groups[1].selection_rate == 0.2);
  CHECK(f.groups[1].true_positive_rate == 0.5);
  CHECK(f.groups[1].false_positive_rate == 0);
  CHECK(f.demographic_parity_difference == Approx(0.55));
  CHECK(f.demographic_parity_ratio == Approx(0.2 / 0.75));
  CHECK(f.true_positive_rate_difference == 0.5);
  CHECK(f.false_positive_rate_difference == 0.5);
  CHECK(f.equalised_odds_difference == 0.5);
}

TEST_CASE("fairness where a rate is undefined") {
  const std::vector<std::int64_t> two{1, 1, 2, 2}, one{1, 1, 1, 1};
  const auto no_positives = fairness(Values{1, 0, 0, 0}, Values{1, 0, 1, 0}, two);
  CHECK(std::isnan(no_positives.groups[1].true_positive_rate));
  CHECK(std::isnan(no_positives.true_positive_rate_difference));
  CHECK(no_positives.false_positive_rate_difference == 0.5);
  CHECK(no_positives.equalised_odds_difference == 0.5);
  const auto nobody = fairness(Values{1, 0, 1, 0}, Values{0, 0, 0, 0}, two);
  CHECK(nobody.demographic_parity_difference == 0);
  CHECK(std::isnan(nobody.demographic_parity_ratio));
  CHECK(std::isnan(nobody.groups[0].precision));
  CHECK(std::isnan(fairness(Values{1, 0, 1, 0}, Values{1, 0, 0, 0}, one).demographic_parity_difference));
  CHECK(fairness(Values{}, Values{}, {}).groups.empty());
}
