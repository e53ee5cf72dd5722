// Reference values: oracle.py, part roc (scikit-learn 1.2.1, scipy 1.10.1; DeLong by the naive sum over all pairs).
#include <cmath>
#include <stdexcept>

#include "stats/correlation.hpp"
#include "stats/roc.hpp"
#include "support/catch.hpp"
#include "unit/stats/test_data.hpp"

using namespace assay::stats;
using Values = std::vector<double>;

TEST_CASE("AUC and KS with ties and weights") {
  const auto d = test_data::binary_table(120, 1);
  CHECK(auc(d.truth, d.a) == Approx(0.7116305266122219).epsilon(1e-13));
  CHECK(auc(d.truth, d.b) == Approx(0.61447479583216).epsilon(1e-13));
  CHECK(auc(d.truth, d.a, d.weight) == Approx(0.6977888250220081).epsilon(1e-13));
  CHECK(ks(d.truth, d.a) == Approx(0.38552520416784003).epsilon(1e-12));
  CHECK(ks(d.truth, d.a, d.weight) == Approx(0.40008285433172797).epsilon(1e-12));
}

TEST_CASE("AUC and KS in corner cases") {
  const Values truth{0, 0, 1, 1};
  CHECK(auc(truth, Values{1, 2, 3, 4}) == 1);
  CHECK(auc(truth, Values{4, 3, 2, 1}) == 0);
  CHECK(auc(truth, Values{5, 5, 5, 5}) == 0.5);
  CHECK(auc(truth, Values{1, 3, 3, 4}) == 0.875);  // 3.5 of 4 pairs
  CHECK(ks(truth, Values{5, 5, 5, 5}) == 0);
  CHECK(ks(truth, Values{4, 3, 2, 1}) == 1);  // a distance has no sign
  CHECK(std::isnan(auc(Values{1, 1}, Values{1, 2})));
  CHECK(std::isnan(ks(Values{0, 0}, Values{1, 2})));
  CHECK(std::isnan(auc(Values{}, Values{})));
  CHECK_THROWS_AS(auc(truth, Values{1, 2}), std::invalid_argument);
}

TEST_CASE("DeLong's variance and paired test agree with the sum over all pairs") {
  const auto d = test_data::binary_table(120, 1);
  const auto a = delong(d.truth, d.a), b = delong(d.truth, d.b);
  CHECK(a.auc == Approx(0.7116305266122219).epsilon(1e-13));
  CHECK(a.variance == Approx(0.0021945797538141815).epsilon(1e-11));
  CHECK(b.variance == Approx(0.002550795377774994).epsilon(1e-11));
  CHECK(a.positives == 53);
  CHECK(a.negatives == 67);
  const auto test = delong_paired(d.truth, d.a, d.b);
  CHECK(test.difference == Approx(0.7116305266122219 - 0.6144747958321599).epsilon(1e-11));
  CHECK(test.standard_error == Approx(0.03868196453765373).epsilon(1e-11));
  CHECK(test.statistic == Approx(2.511654512414664).epsilon(1e-10));
  CHECK(test.p_two_sided == Approx(0.01201666679095014).epsilon(1e-10));
}

TEST_CASE("DeLong where nothing can be told") {
  const auto d = test_data::binary_table(120, 1);
  Values doubled = d.a;
  for (auto& v : doubled) v *= 2;  // the same order
  const auto same = delong_paired(d.truth, d.a, doubled);
  CHECK(same.difference == 0);
  CHECK(same.standard_error == 0);
  CHECK(same.p_two_sided == 1);
  const Values truth{0, 0, 1, 1};
  const auto opposite = delong_paired(truth, Values{1, 2, 3, 4}, Values{4, 3, 2, 1});
  CHECK(opposite.difference == 1);
  CHECK(std::isnan(opposite.p_two_sided));
  CHECK(std::isnan(delong(Values{1, 0, 0}, Values{3, 2, 1}).variance));
  CHECK(std::isnan(delong_paired(Values{1, 1}, Values{3, 2}, Values{3, 2}).p_two_sided));
}

TEST_CASE("DeLong's interval stays inside 0 and 1") {
  const auto d = test_data::binary_table(120, 1);
  const auto estimate = delong(d.truth, d.a);
  const auto interval = delong_interval(estimate);
  // By hand: logit 0.90337..., its error sqrt(variance) / (a (1 - a)), times 1.96, back through the logistic function.
  const double logit = std::log(estimate.auc / (1 - estimate.auc));
  const double reach = 1.959963984540054 * std::sqrt(estimate.variance) / (estimate.auc * (1 - estimate.auc));
  CHECK(interval.low == Approx(1 / (1 + std::exp(-(logit - reach)))));
  CHECK(interval.high == Approx(1 / (1 + std::exp(-(logit + reach)))));
  const auto perfect = delong_interval(delong(Values{0, 0, 1, 1}, Values{1, 2, 3, 4}));
  CHECK(perfect.low == 1);
  CHECK(perfect.high == 1);
}

TEST_CASE("correlations and midranks") {
  const auto d = test_data::binary_table(120, 1);
  CHECK(pearson(d.a, d.b) == Approx(0.7221511161162684).epsilon(1e-12));
  CHECK(spearman(d.a, d.b) == Approx(0.7216331954691979).epsilon(1e-12));
  CHECK(pearson(d.a, d.b, d.weight) == Approx(0.7446170471113251).epsilon(1e-12));
  CHECK(spearman(d.a, d.b, d.weight) == Approx(0.7429172265633527).epsilon(1e-12));
  CHECK(midranks(Values{3, 1, 3, 2, 3}) == Values{4, 1, 4, 2, 4});
  CHECK(midranks(Values{}).empty());
}

TEST_CASE("the correlation with a constant is undefined, rounding noise included") {
  const Values x{1, 2, 3, 4};
  CHECK(std::isnan(pearson(x, Values{0.1, 0.1, 0.1, 0.1})));
  CHECK(std::isnan(pearson(x, Values(4, 0.0))));
  CHECK(std::isnan(pearson(x, Values{0.1, 0.1, std::nextafter(0.1, 1.0), 0.1})));
  CHECK(std::isnan(spearman(x, Values(4, 7.0))));
  CHECK(std::isnan(pearson(Values{1}, Values{1})));
  CHECK(pearson(x, Values{1e-9, 2e-9, 3e-9, 4e-9}) == Approx(1));  // small is not constant
  CHECK(pearson(x, x) <= 1);
}
