// Reference values: oracle.py, part means (scipy.fft.dct, scipy.stats.t). Coverage: against the known mean of simulated series.
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "stats/bootstrap.hpp"
#include "stats/distributions.hpp"
#include "stats/draws.hpp"
#include "stats/mean_interval.hpp"
#include "support/catch.hpp"
#include "unit/stats/test_data.hpp"

using namespace assay::stats;
using Values = std::vector<double>;

namespace {

// Normal AR(1) of mean 0, from its stationary distribution.
Values autoregression(int n, double rho, Draws& draws) {
  Values x;
  double last = normal_quantile(draws.uniform()) / std::sqrt(1 - rho * rho);
  for (int i = 0; i < n; ++i) x.push_back(last = rho * last + normal_quantile(draws.uniform()));
  return x;
}

// Labels that span `horizon` dates: each value is the sum of that many independent ones, all but one shared with the next value.
Values overlapping(int n, int horizon, Draws& draws) {
  Values shocks, x;
  for (int i = 0; i < n + horizon; ++i) shocks.push_back(normal_quantile(draws.uniform()));
  for (int i = 0; i < n; ++i) {
    x.push_back(0);
    for (int k = 0; k < horizon; ++k) x.back() += shocks[static_cast<std::size_t>(i + k)];
  }
  return x;
}

// How many of `runs` 95 % intervals miss the true mean 0.
template <class Draw>
int missed(int runs, std::int64_t horizon, const Draw& draw) {
  int count = 0;
  for (int run = 0; run < runs; ++run) {
    Draws draws(20, static_cast<std::uint64_t>(run));
    const MeanInterval interval = interval_of_mean(draw(draws), horizon, 0.95);
    count += interval.low > 0 || interval.high < 0;
  }
  return count;
}

}  // namespace

TEST_CASE("the interval of a mean is that of scipy's cosines and Student's t") {
  struct Case {
    int n;
    std::uint64_t seed;
    double phi;
    std::int64_t horizon, cosines;
    double mean, error, low, high;
  };
  for (const auto& c : {Case{120, 5, 0.5, 1, 8, -0.018364905688592413, 0.057417052787655645, -0.15076886683835564, 0.1140390554611708},
                        Case{60, 6, 0.0, 10, 3, 0.022249239729717374, 0.0431727094858584, -0.11514559006266353, 0.15964406952209828},
                        Case{2, 7, 0.0, 1, 1, -0.051839556312188506, 0.14889561175368723, -1.9437376836108435, 1.8400585709864665}}) {
    const MeanInterval interval = interval_of_mean(test_data::series(c.n, c.seed, c.phi), c.horizon, 0.95);
    CHECK(interval.degrees_freedom == c.cosines);
    CHECK(interval.mean == Approx(c.mean).epsilon(1e-12));
    CHECK(interval.standard_error == Approx(c.error).epsilon(1e-9));
    CHECK(interval.low == Approx(c.low).epsilon(1e-9));
    CHECK(interval.high == Approx(c.high).epsilon(1e-9));
  }
}

TEST_CASE("the interval of a mean of dependent values covers the truth as often as it says") {
  const int runs = 4'000;
  struct Case {
    int n;
    double rho, least, most;  // coverage; 0.012 is 3.5 binomial standard errors of 0.95
  };
  for (const auto& c :
       {Case{60, 0.0, 0.938, 0.962}, Case{60, 0.3, 0.932, 0.962}, Case{120, 0.0, 0.938, 0.962}, Case{120, 0.3, 0.938, 0.962},
        Case{120, 0.6, 0.932, 0.962}, Case{300, 0.0, 0.938, 0.962}, Case{300, 0.6, 0.932, 0.962},
        Case{300, 0.8, 0.925, 0.960}}) {  // slow waves in short samples look like level: there it falls a little short
    const double covered = 1 - missed(runs, 1, [&](Draws& draws) { return autoregression(c.n, c.rho, draws); }) / static_cast<double>(runs);
    INFO("n " << c.n << ", rho " << c.rho << ": " << covered);
    CHECK(covered >= c.least);
    CHECK(covered <= c.most);
  }
  for (const auto& lengths : {std::pair{60, 5}, {60, 20}, {250, 10}, {250, 20}}) {
    const int n = lengths.first, horizon = lengths.second;  // clang 14: a lambda cannot take what a binding names
    const double covered =
        1 - missed(runs, horizon, [&](Draws& draws) { return overlapping(n, horizon, draws); }) / static_cast<double>(runs);
    INFO("n " << n << ", labels of " << horizon << " dates: " << covered);
    CHECK(covered >= 0.918);
    CHECK(covered <= 0.962);
  }
}

TEST_CASE("a block bootstrap of the same few dates covers less") {  // why metrics by date do not use it
  int blocks_missed = 0;
  for (std::uint64_t run = 0; run < 400; ++run) {
    Draws draws(20, run);
    const Values x = overlapping(60, 10, draws);
    std::vector<std::int64_t> time;
    for (std::size_t i = 0; i < x.size(); ++i) time.push_back(static_cast<std::int64_t>(i));
    const auto blocks = bootstrap_mean(Resampler::dates(time, std::max(10.0, optimal_block_length(x).stationary)), x, {.replicates = 300});
    blocks_missed += blocks.low > 0 || blocks.high < 0;
  }
  CHECK(blocks_missed > 60);  // about 26 %
  CHECK(missed(400, 10, [](Draws& draws) { return overlapping(60, 10, draws); }) < 45);
}

TEST_CASE("the interval of a mean of little") {
  CHECK(std::isnan(interval_of_mean(Values{}, 1, 0.95).mean));
  const MeanInterval one = interval_of_mean(Values{3}, 1, 0.95);
  CHECK(one.mean == 3);
  CHECK(std::isnan(one.low));
  const MeanInterval same = interval_of_mean(Values(20, 0.5), 1, 0.95);
  CHECK(same.low == 0.5);
  CHECK(same.high == 0.5);
  CHECK(std::isnan(interval_of_mean(Values{1, std::numeric_limits<double>::quiet_NaN(), 2}, 1, 0.95).low));
  CHECK_THROWS_AS(interval_of_mean(Values{1, 2}, 0, 0.95), std::invalid_argument);
  CHECK_THROWS_AS(interval_of_mean(Values{1, 2}, 1, 1), std::invalid_argument);
}
