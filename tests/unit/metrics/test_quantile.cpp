// Metrics of quantiles. Reference values by scikit-learn 1.2 (mean_pinball_loss) and numpy 1.24 on i = 0..39:
//   y = sin(1.7 i) + 0.5 cos(0.3 i^2), quantiles 0.6 sin(1.7 i) + (0.4 + 0.2 cos(i)) z with z = [-1.6, -0.7, 0, 0.7, 1.6] at levels
//   0.05, 0.25, 0.5, 0.75, 0.95, weights 1 + 0.5 sin(0.9 i). CRPS weights pinball losses by diff([0, mid-levels, 1]).
#include <cmath>

#include "metrics_plugin.hpp"
#include "stats/distributions.hpp"
#include "support/catch.hpp"

using namespace metrics_plugin;

namespace {

double centre(double i) { return 0.6 * std::sin(1.7 * i); }
double scale(double i) { return 0.4 + 0.2 * std::cos(i); }

Rows waves() {
  Rows rows = regression({}, {});
  rows.levels = {0.05, 0.25, 0.5, 0.75, 0.95};
  for (int k = 0; k < 40; ++k) {
    const double i = k;
    rows.truth.push_back(std::sin(1.7 * i) + 0.5 * std::cos(0.3 * i * i));
    rows.value.push_back(centre(i));
    for (const double z : {-1.6, -0.7, 0.0, 0.7, 1.6}) rows.quantile.push_back(centre(i) + scale(i) * z);
  }
  return rows;
}

}  // namespace

TEST_CASE("metrics of quantiles agree with scikit-learn and numpy, weighted and not") {
  struct Expected {
    const char* id;
    double level, value, weighted;
  };
  Rows plain = waves(), weighted = waves();
  for (int i = 0; i < 40; ++i) weighted.weight.push_back(1 + 0.5 * std::sin(0.9 * i));
  for (const Expected& e : {Expected{"metric.pinball", -1, 0.13048106693751266, 0.1321942273652482},
                            {"metric.crps", -1, 0.2879996870058049, 0.29135459405201447},
                            {"metric.quantile_calibration_error", -1, 0.105, 0.10838269065692044},
                            {"metric.interval_coverage", 0, 0.725, 0.6863593980559554},
                            {"metric.interval_coverage", 0.5, 0.325, 0.3262411933184588},
                            {"metric.interval_width", 0, 1.3042468684255688, 1.236662779780982},
                            {"metric.interval_width", 0.5, 0.5706080049361862, 0.5410399661541796},
                            {"metric.interval_score", 0, 2.147580999460074, 2.218688370097563},
                            {"metric.interval_score", 0.5, 1.3381736274700795, 1.3555272528104234}}) {
    INFO(e.id << ' ' << e.level);
    const std::vector<Setting> settings = e.level < 0 ? std::vector<Setting>{} : std::vector<Setting>{real("level", e.level)};
    CHECK(score(e.id, plain, settings) == Approx(e.value).epsilon(1e-12));
    CHECK(score(e.id, weighted, settings) == Approx(e.weighted).epsilon(1e-12));
  }
}

// With u = (y - m) / s the score of a normal is s (u (2 Phi(u) - 1) + 2 phi(u) - 1 / sqrt(pi)) (Gneiting and Raftery 2007, eq. 5); the mean
// over the rows above by scipy.
TEST_CASE("many levels of a normal have its continuous ranked probability score") {
  Rows rows = waves();
  rows.levels.clear();
  rows.quantile.clear();
  constexpr int kLevels = 2000;
  for (int k = 0; k < kLevels; ++k) rows.levels.push_back((k + 0.5) / kLevels);
  for (int i = 0; i < 40; ++i)
    for (const double level : rows.levels) rows.quantile.push_back(centre(i) + scale(i) * assay::stats::normal_quantile(level));
  CHECK(score("metric.crps", rows) == Approx(0.2977221491272806).epsilon(2e-4));
  CHECK(score("metric.pinball", rows) * 2 == Approx(score("metric.crps", rows)).epsilon(1e-9));
}

TEST_CASE("the true quantiles of a sample have the least pinball loss and interval score") {
  Rows rows = regression({}, {});
  rows.levels = {0.1, 0.5, 0.9};
  for (int i = 0; i < 101; ++i) rows.truth.push_back(std::pow(i / 100.0, 2));
  rows.value.assign(101, 0);
  const auto with = [&](double shift, double width) {
    rows.quantile.clear();
    for (int i = 0; i < 101; ++i)
      for (const double q : {0.01, 0.25, 0.81}) rows.quantile.push_back(0.25 + (q - 0.25) * width + shift);
    return std::pair(score("metric.pinball", rows), score("metric.interval_score", rows));
  };
  const auto best = with(0, 1);
  for (const auto& [shift, width] : {std::pair(0.05, 1.0), {-0.05, 1.0}, {0.0, 0.8}, {0.0, 1.2}}) {
    CHECK(with(shift, width).first > best.first);
    CHECK(with(shift, width).second > best.second);
  }
}

TEST_CASE("intervals between levels that are not there, and single levels") {
  Rows rows = waves();
  CHECK_THROWS_WITH(score("metric.interval_width", rows, {real("level", 0.8)}),
                    Catch::Contains("the interval of level 0.8 ends at the quantile of level 0.1, which is not among evaluate.quantiles"));
  rows.levels = {0.5};
  rows.quantile = rows.value;
  for (const char* id : {"metric.interval_width", "metric.interval_coverage", "metric.interval_score"}) CHECK(std::isnan(score(id, rows)));
  CHECK(score("metric.pinball", rows) == Approx(score("metric.mae", rows) / 2));
  CHECK(score("metric.crps", rows) == Approx(score("metric.mae", rows)));
  CHECK(std::isnan(score("metric.pinball", [] {
    Rows none = regression({}, {});
    none.levels = {0.5};
    return none;
  }())));
}
