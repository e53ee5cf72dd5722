// Reference values: oracle.py, parts bootstraps (scipy.stats.bootstrap, 100000 resamples) and blocks (Politis & White written from the
// paper).
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <stdexcept>

#include "stats/bootstrap.hpp"
#include "stats/roc.hpp"
#include "support/catch.hpp"
#include "unit/stats/test_data.hpp"

using namespace assay::stats;
using Values = std::vector<double>;
using Rows = std::vector<std::int64_t>;

namespace {

Values skewed() {
  auto x = test_data::series(40, 21, 0.0);
  for (auto& v : x) v = std::exp(2 * v);
  return x;
}

double variance_of(const Values& x, std::span<const std::int64_t> rows) {
  double mean = 0, squares = 0;
  for (const auto r : rows) mean += x[r] / static_cast<double>(rows.size());
  for (const auto r : rows) squares += (x[r] - mean) * (x[r] - mean);
  return squares / static_cast<double>(rows.size());
}

struct Expected {
  IntervalKind kind;
  double low, high;
};

}  // namespace

TEST_CASE("intervals agree with scipy's to the noise of resampling") {
  const auto x = skewed();
  const auto resampler = Resampler::rows(40);
  BootstrapOptions options{.replicates = 40000, .seed = 3};
  for (const auto& e : {Expected{IntervalKind::percentile, 0.98338, 1.36349}, Expected{IntervalKind::basic, 0.97268, 1.35279},
                        Expected{IntervalKind::bca, 0.99220, 1.37328}}) {
    options.kind = e.kind;
    const auto interval = bootstrap_mean(resampler, x, options);
    CHECK(interval.low == Approx(e.low).margin(0.004));  // 1 % of the interval's width
    CHECK(interval.high == Approx(e.high).margin(0.004));
    CHECK(interval.standard_error == Approx(0.09724).epsilon(0.02));
  }
  for (const auto& e : {Expected{IntervalKind::percentile, 0.23146, 0.52177}, Expected{IntervalKind::basic, 0.23674, 0.52704},
                        Expected{IntervalKind::bca, 0.26344, 0.57196}}) {
    options.kind = e.kind;
    const auto interval = bootstrap(
        resampler, [&](auto rows) { return variance_of(x, rows); }, options);
    CHECK(interval.low == Approx(e.low).margin(0.004));
    CHECK(interval.high == Approx(e.high).margin(0.006));
  }
}

TEST_CASE("same seed, same bits; fast ways give what the general way gives") {
  const auto d = test_data::binary_table(120, 1);
  const Rows customer = [] {
    Rows group(120);
    for (std::size_t i = 0; i < group.size(); ++i) group[i] = static_cast<std::int64_t>(i * 7 % 30);
    return group;
  }();
  for (const auto& resampler : {Resampler::rows(120), Resampler::groups(customer), Resampler::dates(customer, 3.0)}) {
    const BootstrapOptions options{.replicates = 300, .kind = IntervalKind::bca, .seed = 11};
    const auto pick = [](const Values& from, std::span<const std::int64_t> rows) {
      Values out;
      for (const auto r : rows) out.push_back(from[r]);
      return out;
    };
    const auto slow = bootstrap(
        resampler, [&](auto rows) { return auc(pick(d.truth, rows), pick(d.a, rows)); }, options);
    const auto fast = bootstrap_auc(resampler, d.truth, d.a, options);
    CHECK(fast.estimate == Approx(0.7116305266122219).epsilon(1e-13));
    CHECK(fast.low == Approx(slow.low).epsilon(1e-12));
    CHECK(fast.high == Approx(slow.high).epsilon(1e-12));
    CHECK(fast.standard_error == Approx(slow.standard_error).epsilon(1e-12));
    const auto again = bootstrap_auc(resampler, d.truth, d.a, options);
    CHECK((again.low == fast.low && again.high == fast.high));
    auto other = options;
    other.seed = 12;
    CHECK(bootstrap_auc(resampler, d.truth, d.a, other).standard_error != fast.standard_error);

    const auto difference = bootstrap_auc_difference(resampler, d.truth, d.a, d.b, options);
    CHECK(difference.estimate == Approx(0.0971557307800619).epsilon(1e-10));
    const auto mean = [&](auto rows) {
      const auto y = pick(d.b, rows);
      return std::accumulate(y.begin(), y.end(), 0.0) / static_cast<double>(y.size());
    };
    CHECK(bootstrap_mean(resampler, d.b, options).low == Approx(bootstrap(resampler, mean, options).low).epsilon(1e-12));
  }
}

TEST_CASE("the bootstrap's error of an AUC is about DeLong's") {
  const auto d = test_data::binary_table(120, 1);
  const auto interval = bootstrap_auc(Resampler::rows(120), d.truth, d.a, {.replicates = 4000, .seed = 1});
  CHECK(interval.standard_error == Approx(std::sqrt(0.0021945797538141815)).epsilon(0.05));
  const auto difference = bootstrap_auc_difference(Resampler::rows(120), d.truth, d.a, d.b, {.replicates = 4000, .seed = 1});
  CHECK(difference.standard_error == Approx(0.03868196453765373).epsilon(0.05));
}

TEST_CASE("groups and dates are drawn whole, blocks have the wanted mean length and wrap") {
  const Rows key{5, 3, 5, 9, 3, 3};
  const auto groups = Resampler::groups(key);
  CHECK(groups.n_units() == 3);
  CHECK(Rows(groups.unit(0).begin(), groups.unit(0).end()) == Rows{1, 4, 5});
  Draws draws(1, 0);
  Rows rows;
  for (int i = 0; i < 50; ++i) {
    groups.draw_rows(draws, rows);
    CHECK(std::count(rows.begin(), rows.end(), 1) == std::count(rows.begin(), rows.end(), 4));
    CHECK(std::count(rows.begin(), rows.end(), 0) == std::count(rows.begin(), rows.end(), 2));
  }

  Rows time(1000);
  std::iota(time.begin(), time.end(), 100);
  const auto dates = Resampler::dates(time, 8);
  std::int64_t breaks = 0, wraps = 0;
  std::vector<int> drawn(1000, 0);
  for (std::uint64_t i = 0; i < 200; ++i) {
    Draws stream(7, i);
    dates.draw_units(stream, rows);
    REQUIRE(rows.size() == 1000);
    for (std::size_t k = 0; k < rows.size(); ++k) {
      ++drawn[rows[k]];
      if (k == 0) continue;
      breaks += rows[k] != (rows[k - 1] + 1) % 1000;
      wraps += rows[k - 1] == 999 && rows[k] == 0;
    }
  }
  CHECK(static_cast<double>(breaks) / (200.0 * 999) == Approx(1.0 / 8).epsilon(0.03));
  CHECK(wraps > 100);  // 175 expected
  const auto [low, high] = std::minmax_element(drawn.begin(), drawn.end());
  CHECK(*low > 80);  // 200 each expected, blocks make the counts uneven
  CHECK(*high < 350);
}

TEST_CASE("blocks see the dependence that single dates miss") {
  Rows time(200);
  std::iota(time.begin(), time.end(), 0);
  int covered_blocks = 0, covered_single = 0;
  for (std::uint64_t trial = 0; trial < 200; ++trial) {
    const auto x = test_data::series(200, 1000 + 77 * trial, 0.7);  // true mean 0
    const double block = std::max(1.0, optimal_block_length(x).stationary);
    const BootstrapOptions options{.replicates = 300, .seed = trial};
    const auto blocks = bootstrap_mean(Resampler::dates(time, block), x, options);
    const auto single = bootstrap_mean(Resampler::rows(200), x, options);
    covered_blocks += blocks.low <= 0 && 0 <= blocks.high;
    covered_single += single.low <= 0 && 0 <= single.high;
  }
  CHECK(covered_blocks > 164);  // 95 % wished; some 88 to 92 % is what blocks reach at 200 dates and phi 0.7
  CHECK(covered_single < 140);  // 2.4 times too narrow: about 59 %
}

TEST_CASE("the studentised interval of a mean") {
  const auto x = skewed();
  const auto mean_with_error = [&](std::span<const std::int64_t> rows) {
    double mean = 0;
    for (const auto r : rows) mean += x[r] / static_cast<double>(rows.size());
    return ValueWithError{mean, std::sqrt(variance_of(x, rows) / static_cast<double>(rows.size()))};
  };
  const auto interval = bootstrap_studentised(Resampler::rows(40), mean_with_error, {.replicates = 20000, .seed = 2});
  const auto percentile = bootstrap_mean(Resampler::rows(40), x, {.replicates = 20000, .seed = 2});
  // For a right-skewed sample bootstrap-t reaches further up (Efron & Tibshirani 1993, ch. 12) and its centre lies above the estimate.
  CHECK(interval.high > percentile.high);
  CHECK(interval.high - interval.estimate > interval.estimate - interval.low);
  CHECK(interval.standard_error == Approx(percentile.standard_error).epsilon(1e-9));
  // By definition: estimate - quantile of (mean* - mean) / error*, times the error.
  const auto all = mean_with_error([] {
    static Rows rows(40);
    std::iota(rows.begin(), rows.end(), 0);
    return std::span<const std::int64_t>(rows);
  }());
  const auto t = bootstrap_values(Resampler::rows(40),
                                  [&](auto rows) {
                                    const auto [value, error] = mean_with_error(rows);
                                    return (value - all.value) / error;
                                  },
                                  {.replicates = 20000, .seed = 2});
  CHECK(interval.low == Approx(all.value - quantile(t, 0.975) * all.standard_error).epsilon(1e-12));
  CHECK(interval.high == Approx(all.value - quantile(t, 0.025) * all.standard_error).epsilon(1e-12));
}

TEST_CASE("where no interval can be had there is none") {
  const Values x{1, 2, 3};
  const auto one_customer = bootstrap_mean(Resampler::groups(Rows{4, 4, 4}), x, {});
  CHECK(one_customer.estimate == 2);
  CHECK(std::isnan(one_customer.low));
  CHECK(std::isnan(bootstrap_mean(Resampler::rows(0), Values{}, {}).estimate));
  const auto one_class = bootstrap_auc(Resampler::rows(3), Values{1, 1, 1}, x, {.replicates = 50});
  CHECK(std::isnan(one_class.estimate));
  CHECK(std::isnan(one_class.low));
  CHECK(one_class.undefined == 50);
  // One positive in 3 rows is missing from 8 of 27 draws, all three rows positive never happen: those replicates are left out and counted.
  const auto rare = bootstrap_auc(Resampler::rows(3), Values{1, 0, 0}, x, {.replicates = 2000, .seed = 5});
  CHECK(rare.undefined == Approx(2000 * 9.0 / 27).margin(100));
  CHECK(!std::isnan(rare.low));
  CHECK_THROWS_AS(bootstrap_mean(Resampler::rows(3), x, {.level = 1}), std::invalid_argument);
  CHECK_THROWS_AS(bootstrap_mean(Resampler::rows(2), x, {}), std::invalid_argument);
  CHECK_THROWS_AS(Resampler::dates(Rows{1, 2}, 0.5), std::invalid_argument);
}

TEST_CASE("automatic block lengths") {
  struct Case {
    int n;
    std::uint64_t seed;
    double phi, stationary, circular;
  };
  for (const auto& c :
       {Case{400, 3, 0.6, 8.895886746309653, 10.18324825864208}, Case{250, 9, 0.95, 23.731855442622667, 27.16619292738697},
        Case{300, 4, 0.0, 1.592032374706583, 1.8224221339326285}, Case{150, 6, -0.5, 14.033157949459014, 16.063955772746244}}) {
    const auto length = optimal_block_length(test_data::series(c.n, c.seed, c.phi));
    CHECK(length.stationary == Approx(c.stationary).epsilon(1e-10));
    CHECK(length.circular == Approx(c.circular).epsilon(1e-10));
  }
  CHECK(optimal_block_length(Values(100, 0.1)).stationary == 1);
  CHECK(optimal_block_length(Values{1, 2, 3}).stationary == 1);
  CHECK(optimal_block_length(Values{}).stationary == 1);
  Values line(100);
  std::iota(line.begin(), line.end(), 0.0);
  CHECK(optimal_block_length(line).stationary <= 30);  // bounded by min(3 sqrt n, n / 3)
}

TEST_CASE("quantiles interpolate between order statistics") {
  CHECK(quantile(Values{4, 1, 3, 2}, 0.5) == 2.5);
  CHECK(quantile(Values{4, 1, 3, 2}, 0.9) == Approx(3.7));  // numpy.quantile
  CHECK(quantile(Values{4, 1, 3, 2}, 1) == 4);
  CHECK(quantile(Values{7}, 0.3) == 7);
  CHECK(std::isnan(quantile(Values{}, 0.5)));
}
