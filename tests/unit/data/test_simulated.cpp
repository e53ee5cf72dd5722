#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "data/simulate_credit.hpp"
#include "data/simulate_market.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::data;

namespace {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double correlation(std::span<const double> x, std::span<const double> y) {
  const double mx = mean(x), my = mean(y);
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
  }
  return xy / std::sqrt(xx * yy);
}

// Straight from the definition, pair by pair.
double auc_by_pairs(std::span<const double> p) {
  double won = 0, pairs = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    for (std::size_t j = 0; j < p.size(); ++j) {
      if (i == j) continue;
      const double weight = p[i] * (1 - p[j]);
      pairs += weight;
      won += weight * (p[i] > p[j] ? 1.0 : p[i] == p[j] ? 0.5 : 0.0);
    }
  return won / pairs;
}

}  // namespace

TEST_CASE("the best possible AUC") {
  CHECK(expected_auc(std::vector<double>{0, 0, 1, 1}) == 1);
  CHECK(expected_auc(std::vector<double>{0.3, 0.3, 0.3}) == Approx(0.5));
  // By hand: pairs 0.8 x 0.8 won, 0.2 x 0.2 lost.
  CHECK(expected_auc(std::vector<double>{0.2, 0.8}) == Approx(0.64 / 0.68));
  CreditOptions options;
  options.rows = 500;
  auto p = simulate_credit(options).probability;
  p[3] = p[7] = p[11];
  CHECK(expected_auc(p) == Approx(auc_by_pairs(p)).epsilon(1e-12));
}

TEST_CASE("simulated credit: rate, truth, columns, repeatability") {
  CreditOptions options;
  const auto a = simulate_credit(options);
  CHECK(a.frame.rows() == 30'000);
  CHECK(mean(a.probability) == Approx(0.22).margin(1e-9));
  const auto labels = a.frame.at("default").to_reals();
  // Labels are drawn from the probabilities: within 4 standard errors, overall and in each tenth of the ranking.
  std::vector<std::size_t> order(a.probability.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](auto i, auto j) { return a.probability[i] < a.probability[j]; });
  for (std::size_t tenth = 0; tenth < 10; ++tenth) {
    double expected = 0, seen = 0, variance = 0;
    for (std::size_t k = tenth * 3000; k < (tenth + 1) * 3000; ++k) {
      const double p = a.probability[order[k]];
      expected += p, variance += p * (1 - p), seen += labels[order[k]];
    }
    CHECK(std::abs(seen - expected) < 4 * std::sqrt(variance));
  }
  CHECK(a.best_auc > 0.75);
  CHECK(a.best_auc < 0.85);
  CHECK(a.frame.names() == std::vector<std::string>{"income", "loan_amount", "debt_to_income", "utilisation", "credit_age", "age",
                                                    "employment_years", "late_payments", "home", "purpose", "segment", "guarantor", "sex",
                                                    "default"});
  CHECK(simulate_credit(options).probability == a.probability);
  options.seed = 2;
  CHECK(simulate_credit(options).probability != a.probability);
  options.missing = 0.2;
  const auto holes = simulate_credit(options);
  CHECK(holes.frame.at("income").missing_count() == Approx(6000).epsilon(0.05));
  CHECK(holes.frame.at("utilisation").missing_count() == 0);
  options.signal = 0;
  CHECK(simulate_credit(options).best_auc == Approx(0.5).margin(1e-9));
  options.default_rate = 1.5;
  CHECK_THROWS_AS(simulate_credit(options), Error);
}

TEST_CASE("simulated market: the bars are sound and the calendar has weekdays only") {
  MarketOptions options;
  options.entities = 5;
  options.days = 600;
  options.start = "2010-01-02";  // a Saturday
  const auto m = simulate_market(options);
  CHECK(m.frame.rows() == 3000);
  CHECK(m.frame.entity_names().front() == "S0001");
  CHECK(to_iso(m.frame.known_at().front()) == "2010-01-04");
  for (const TimeNs time : m.frame.distinct_times()) CHECK((time / kNsPerDay + 3) % 7 < 5);
  CHECK(m.frame.distinct_times().size() == 600);
  const auto open = m.frame.at("open").reals(), high = m.frame.at("high").reals(), low = m.frame.at("low").reals(),
             close = m.frame.at("close").reals();
  bool sound = true;
  for (std::size_t i = 0; i < 3000; ++i)
    sound = sound && low[i] > 0 && low[i] <= std::min(open[i], close[i]) && high[i] >= std::max(open[i], close[i]);
  CHECK(sound);
  const auto again = simulate_market(options);
  CHECK(std::equal(close.begin(), close.end(), again.frame.at("close").reals().begin()));
  options.start = "soon";
  CHECK_THROWS_AS(simulate_market(options), Error);
}

TEST_CASE("simulated market: the predictable part is what it says, and volatility clusters") {
  MarketOptions options;
  options.signal = 0.1;
  options.correlation = 0;
  const auto m = simulate_market(options);
  const auto close = m.frame.at("close").reals();
  const std::size_t n = 20 * 2499;
  std::vector<double> surprise(n), returns(n), expected(n), size_now(n - 20), size_next(n - 20);
  for (std::size_t i = 0; i < n; ++i) {
    returns[i] = close[i + 20] / close[i] - 1;
    expected[i] = m.expected_return[i];
    surprise[i] = (returns[i] - expected[i]) / m.next_volatility[i];
  }
  for (std::size_t i = 0; i + 20 < n; ++i) size_now[i] = std::abs(returns[i]), size_next[i] = std::abs(returns[i + 20]);
  double unexplained = 0, all = 0, variance = 0;
  const double center = mean(returns);
  for (std::size_t i = 0; i < n; ++i) {
    unexplained += (returns[i] - expected[i]) * (returns[i] - expected[i]);
    all += (returns[i] - center) * (returns[i] - center);
    variance += surprise[i] * surprise[i];
  }
  // The population value is 0.1; four standard errors of a sample of this size are about 0.012.
  CHECK(1 - unexplained / all == Approx(0.1).margin(0.012));
  CHECK(variance / static_cast<double>(n) == Approx(0.9).margin(0.03));
  CHECK(std::abs(mean(surprise)) < 4 / std::sqrt(static_cast<double>(n)));
  CHECK(correlation(size_now, size_next) > 0.1);
  std::vector<double> noise = m.frame.at("noise").to_reals();
  noise.resize(n);
  CHECK(std::abs(correlation(noise, surprise)) < 4 / std::sqrt(static_cast<double>(n)));
  const auto stressed = static_cast<double>(std::count(m.stressed.begin(), m.stressed.end(), 1)) / 2500;
  CHECK(stressed > 0.05);  // 1/6 in the long run
  CHECK(stressed < 0.35);
}

TEST_CASE("simulated market without signal has none") {
  MarketOptions options;
  options.signal = 0;
  const auto m = simulate_market(options);
  CHECK(std::all_of(m.expected_return.begin(), m.expected_return.end(), [&](double e) { return e == m.drift; }));
}
