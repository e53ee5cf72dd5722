// Forecast sets, their metrics and intervals: evaluate() against direct calls of the bootstrap with metrics computed here.
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.hpp"
#include "stats/bootstrap.hpp"
#include "stats/mean_interval.hpp"
#include "support/build_plugins.hpp"
#include "support/catch.hpp"
#include "train/evaluation.hpp"

using namespace assay;
using namespace assay::train;

namespace {

Scorer scorer(const std::string& id, config::Task task = config::Task::regression) {
  const plugin::LoadedComponent& c = build_plugins().component("metric", id);
  return Scorer(id, std::make_shared<plugin::Metric>(c, config::Map{}), task, task == config::Task::regression ? 0 : 2);
}

// n rows with a noisy forecast; every `per_date` rows share a date (0: no time), every `per_group` a customer (0: none).
ForecastSet made(std::int64_t n, std::uint64_t seed, std::int64_t per_date = 0, std::int64_t per_group = 0) {
  Random random(seed);
  ForecastSet set;
  for (std::int64_t i = 0; i < n; ++i) {
    set.row.push_back(i);
    set.truth.push_back(random.normal());
    set.value.push_back(0.5 * set.truth.back() + random.normal());
    if (per_date > 0) {
      set.time.push_back(1000 + i / per_date);
      set.label_end.push_back(1001 + i / per_date);
      set.entity.push_back(static_cast<std::int32_t>(i % per_date));
    }
    if (per_group > 0) set.group.push_back(i / per_group);
  }
  set.naive_mae = 1;
  return set;
}

double mse(const ForecastSet& set, std::span<const std::int64_t> rows) {
  double sum = 0;
  for (const std::int64_t r : rows) sum += std::pow(set.truth[static_cast<std::size_t>(r)] - set.value[static_cast<std::size_t>(r)], 2);
  return sum / static_cast<double>(rows.size());
}

EvaluationOptions options(std::int64_t replicates = 400) {
  EvaluationOptions o;
  o.replicates = replicates;
  o.seed = SeedTree(5).child("evaluate");
  return o;
}

stats::Interval direct(const ForecastSet& set, const stats::Resampler& resampler, const EvaluationOptions& o) {
  stats::BootstrapOptions b;
  b.replicates = o.replicates;
  b.level = o.confidence;
  b.seed = o.seed.child("bootstrap").child(std::uint64_t{0}).seed();
  return stats::bootstrap(
      resampler, [&](std::span<const std::int64_t> rows) { return mse(set, rows); }, b);
}

}  // namespace

TEST_CASE("taken and pooled keep everything that belongs to a row") {
  ForecastSet set = made(6, 1, 2, 3);
  set.outputs = 2;
  set.value = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  set.decision = {0, 1, 0, 1, 0, 1};
  set.last_known_target = {9, 8, 7, 6, 5, 4};
  const std::int64_t which[] = {4, 0, 4};
  const ForecastSet some = taken(set, which);
  CHECK(some.row == std::vector<std::int64_t>{4, 0, 4});
  CHECK(some.value == std::vector<double>{8, 9, 0, 1, 8, 9});
  CHECK(some.decision == std::vector<double>{0, 0, 0});
  CHECK(some.last_known_target == std::vector<double>{5, 9, 5});
  CHECK(some.time == std::vector<TimeNs>{1002, 1000, 1002});
  CHECK(some.entity == std::vector<std::int32_t>{0, 0, 0});
  CHECK(some.group == std::vector<std::int64_t>{1, 0, 1});

  ForecastSet a = made(3, 2), b = made(1, 3);
  a.naive_mae = 2;
  b.naive_mae = 6;
  a.not_forecast = 1;
  a.threshold = 0.3;
  b.threshold = 0.4;
  const ForecastSet sets[] = {a, b};
  const ForecastSet both = pooled(sets);
  CHECK(both.rows() == 4);
  CHECK(both.naive_mae == 3);  // (3 * 2 + 1 * 6) / 4
  CHECK(std::isnan(both.threshold));
  CHECK(both.coverage() == Approx(0.8));
  CHECK(std::isnan(ForecastSet{}.coverage()));
}

TEST_CASE("quantiles go with their rows, and are pooled where every fold with rows has the same levels") {
  ForecastSet set = made(3, 1);
  set.levels = {0.1, 0.9};
  set.quantile = {0, 1, 2, 3, 4, 5};
  const std::vector<std::int64_t> rows{2, 0, 2};
  const ForecastSet some = taken(set, rows);
  CHECK(some.levels == set.levels);
  CHECK(some.quantile == std::vector<double>{4, 5, 0, 1, 4, 5});
  ForecastSet empty;
  const ForecastSet all = pooled(std::vector{set, empty, some});
  CHECK(all.levels == set.levels);
  CHECK(all.quantile == std::vector<double>{0, 1, 2, 3, 4, 5, 4, 5, 0, 1, 4, 5});
  ForecastSet without = set;
  without.levels.clear();
  without.quantile.clear();
  CHECK(pooled(std::vector{set, without}).levels.empty());
  CHECK(pooled(std::vector{set, without}).quantile.empty());
  const Scorer pinball = scorer("metric.pinball");
  CHECK(pinball.needs_quantiles());
  CHECK_FALSE(scorer("metric.mse").needs_quantiles());
  CHECK(std::isnan(pinball.value(without)));
  double expected = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    const double gap = set.truth[i / 2] - set.quantile[i], level = set.levels[i % 2];
    expected += std::max(level * gap, (level - 1) * gap) / 6;
  }
  CHECK(pinball.value(set) == Approx(expected));
}

TEST_CASE("decisions: at the threshold is class 1, ties of several classes go to the lower") {
  ForecastSet binary;
  binary.truth = {0, 1, 1};
  binary.value = {0.2, 0.5, 0.7};
  decide(binary, config::Task::binary, 0.5);
  CHECK(binary.decision == std::vector<double>{0, 1, 1});
  CHECK(binary.threshold == 0.5);
  ForecastSet many;
  many.outputs = 3;
  many.truth = {0, 1};
  many.value = {0.4, 0.4, 0.2, 0.1, 0.2, 0.7};
  decide(many, config::Task::multiclass, 0.5);
  CHECK(many.decision == std::vector<double>{0, 2});
  ForecastSet number = made(2, 1);
  number.decision = {1};
  decide(number, config::Task::regression, 0.5);
  CHECK(number.decision.empty());
}

TEST_CASE("intervals are those of the bootstrap over rows, customers, or blocks of dates") {
  const EvaluationOptions o = options();
  const auto check = [&](const ForecastSet& set, const stats::Resampler& resampler) {
    const auto results = evaluate({scorer("mse")}, {"m", false, {{set}}}, o);
    const stats::Interval expected = direct(set, resampler, o);
    REQUIRE(results.size() == 1);
    CHECK(results[0].value == Approx(expected.estimate).epsilon(1e-12));
    CHECK(results[0].low == Approx(expected.low).epsilon(1e-12));
    CHECK(results[0].high == Approx(expected.high).epsilon(1e-12));
    CHECK(results[0].low < results[0].value);
    CHECK(results[0].aggregate == "pooled");
    CHECK(std::isnan(results[0].spread));
  };
  SECTION("rows") { check(made(150, 3), stats::Resampler::rows(150)); }
  SECTION("whole customers") {
    const ForecastSet set = made(150, 4, 0, 5);
    check(set, stats::Resampler::groups(set.group));
  }
  SECTION("blocks of dates at least as long as the horizon or Politis and White's") {
    ForecastSet set = made(200, 6, 2);
    for (std::size_t i = 2; i < set.truth.size(); ++i) set.value[i] = 0.8 * set.value[i - 2] + set.value[i] * 0.3;  // dependent errors
    std::vector<double> by_date;
    for (std::size_t d = 0; d < 100; ++d) {
      const std::int64_t rows[] = {static_cast<std::int64_t>(2 * d), static_cast<std::int64_t>(2 * d + 1)};
      by_date.push_back(mse(set, rows));
    }
    const double block = std::max(1.0, stats::optimal_block_length(by_date).stationary);
    check(set, stats::Resampler::dates(set.time, block));
    EvaluationOptions far = o;
    far.horizon = 20;
    REQUIRE(block < 20);
    const auto results = evaluate({scorer("mse")}, {"m", false, {{set}}}, far);
    CHECK(results[0].low == Approx(direct(set, stats::Resampler::dates(set.time, 20), far).low).epsilon(1e-12));
  }
}

TEST_CASE("the number of threads changes no bit") {
  const ModelForecasts forecasts{"m", false, {{made(120, 1, 3), made(60, 2, 3)}, {made(120, 1, 3), made(60, 2, 3)}}};
  for (const bool pool : {true, false}) {
    EvaluationOptions o = options(101);
    o.pool = pool;
    const auto one = evaluate({scorer("rmse"), scorer("rank_ic"), scorer("r2")}, forecasts, o);
    for (const std::uint32_t threads : {2u, 3u, 8u}) {
      o.threads = threads;
      const auto many = evaluate({scorer("rmse"), scorer("rank_ic"), scorer("r2")}, forecasts, o);
      for (std::size_t m = 0; m < one.size(); ++m) {
        CHECK(many[m].low == one[m].low);
        CHECK(many[m].high == one[m].high);
        CHECK(many[m].value == one[m].value);
      }
    }
  }
}

TEST_CASE("folds and repeats: pooled rows or the mean of folds, the mean of repeats and its spread") {
  const ForecastSet a = made(50, 1), b = made(100, 2), c = made(50, 3), d = made(100, 4);
  const auto all = [](const ForecastSet& s) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(s.rows()));
    std::iota(rows.begin(), rows.end(), 0);
    return mse(s, rows);
  };
  const ModelForecasts forecasts{"m", false, {{a, b}, {c, d}}};
  EvaluationOptions o = options(50);
  const auto pooled_result = evaluate({scorer("mse")}, forecasts, o)[0];
  const double first = (50 * all(a) + 100 * all(b)) / 150, second = (50 * all(c) + 100 * all(d)) / 150;
  CHECK(pooled_result.per_repeat[0] == Approx(first).epsilon(1e-12));
  CHECK(pooled_result.value == Approx((first + second) / 2).epsilon(1e-12));
  CHECK(pooled_result.spread == Approx(std::abs(first - second) / std::sqrt(2)).epsilon(1e-9));
  CHECK(pooled_result.per_fold[0] == Approx((all(a) + all(c)) / 2).epsilon(1e-12));
  o.pool = false;
  const auto mean = evaluate({scorer("mse")}, forecasts, o)[0];
  CHECK(mean.aggregate == "mean_of_folds");
  CHECK(mean.value == Approx((all(a) + all(b) + all(c) + all(d)) / 4).epsilon(1e-12));
  CHECK(mean.low < mean.value);
  CHECK(mean.value < mean.high);
}

TEST_CASE("metrics by date on a panel: the mean over dates, with the interval of their series") {
  ForecastSet set = made(300, 9, 10);
  for (std::size_t i = 0; i < 10; ++i) set.value[i] = 1;  // a constant forecast: the date's IC is undefined, not zero
  const Scorer ic = scorer("ic");
  REQUIRE(ic.is_by_date(set));
  const Scorer::ByDate dates = ic.by_date(set);
  REQUIRE(dates.time.size() == 30);
  CHECK(std::isnan(dates.value[0]));
  double sum = 0;
  std::vector<double> defined(dates.value.begin() + 1, dates.value.end());
  for (const double v : defined) sum += v;
  CHECK(ic.value(set) == Approx(sum / 29));
  // Pearson's correlation of one date by hand
  double sx = 0, sy = 0, sxy = 0, sxx = 0, syy = 0;
  for (std::size_t i = 10; i < 20; ++i) {
    sx += set.truth[i], sy += set.value[i];
    sxy += set.truth[i] * set.value[i], sxx += set.truth[i] * set.truth[i], syy += set.value[i] * set.value[i];
  }
  CHECK(dates.value[1] == Approx((10 * sxy - sx * sy) / std::sqrt((10 * sxx - sx * sx) * (10 * syy - sy * sy))));

  EvaluationOptions o = options();
  for (const std::int64_t horizon : {1, 10}) {
    o.horizon = horizon;
    const auto result = evaluate({ic}, {"m", false, {{set}}}, o)[0];
    const auto expected = stats::interval_of_mean(defined, horizon, o.confidence);
    CHECK(result.low == expected.low);
    CHECK(result.high == expected.high);
    CHECK(result.low < result.value);
  }
  CHECK(stats::interval_of_mean(defined, 10, 0.95).high != stats::interval_of_mean(defined, 1, 0.95).high);  // the horizon counts

  ForecastSet series = made(40, 2, 1);  // one entity: dates of one row have no cross-section, so the metric is taken over time
  CHECK_FALSE(ic.is_by_date(series));
  CHECK_FALSE(std::isnan(ic.value(series)));
}

TEST_CASE("undefined and empty: NaN with NaN bounds, no crash") {
  ForecastSet constant = made(30, 1);
  constant.value.assign(30, 0.25);
  auto result = evaluate({scorer("ic")}, {"m", false, {{constant}}}, options(20))[0];
  CHECK(std::isnan(result.value));
  CHECK(std::isnan(result.low));
  result = evaluate({scorer("mse")}, {"m", false, {{ForecastSet{}}}}, options(20))[0];
  CHECK(std::isnan(result.value));
  CHECK(std::isnan(result.high));
}

TEST_CASE("the median repeat, the lower of two in the middle") {
  MetricResult m;
  m.per_history = {0.3, 0.1, 0.2};
  CHECK(median_history(m) == 2);
  m.per_history = {0.4, 0.1, 0.3, 0.2};
  CHECK(median_history(m) == 3);
  m.per_history = {1};
  CHECK(median_history(m) == 0);
}

namespace {

// Forecasts of a combinatorial split with 4 groups of 10 dates, 2 tested: 6 folds, 3 paths. Each fold's forecasts have a noise of their
// own.
struct Combinatorial {
  pipeline::TestPaths paths;
  ModelForecasts forecasts{"m", false, {}};

  explicit Combinatorial(std::int64_t repeats) {
    const ForecastSet rows = made(40, 1, 1);
    paths.folds = {{0, 0, 1, 2}, {1, 3, 3, 4}, {2, 4, 5, 5}};
    for (std::int64_t g = 0; g < 4; ++g) {
      paths.groups.emplace_back(10);
      std::iota(paths.groups.back().begin(), paths.groups.back().end(), 10 * g);
    }
    const std::vector<std::pair<std::size_t, std::size_t>> tested = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
    for (std::int64_t r = 0; r < repeats; ++r) {
      forecasts.repeats.emplace_back();
      for (std::size_t f = 0; f < tested.size(); ++f) {
        std::vector<std::int64_t> which = paths.groups[tested[f].first];
        which.insert(which.end(), paths.groups[tested[f].second].begin(), paths.groups[tested[f].second].end());
        ForecastSet fold = taken(rows, which);
        Random noise(100 * static_cast<std::uint64_t>(r + 1) + f);
        for (double& value : fold.value) value += 0.3 * noise.normal();
        forecasts.repeats.back().push_back(std::move(fold));
      }
    }
  }
};

}  // namespace

TEST_CASE("paths: each holds every row once, from the fold that the split names") {
  Combinatorial made(2);
  const auto paths = path_forecasts(made.forecasts.repeats, made.paths);
  REQUIRE(paths.size() == 2);
  REQUIRE(paths[0].size() == 3);
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t p = 0; p < 3; ++p) {
      const ForecastSet& path = paths[r][p];
      REQUIRE(path.rows() == 40);
      for (std::int64_t i = 0; i < 40; ++i) {
        CHECK(path.row[static_cast<std::size_t>(i)] == i);
        const ForecastSet& fold = made.forecasts.repeats[r][made.paths.folds[p][static_cast<std::size_t>(i / 10)]];
        const auto at = static_cast<std::size_t>(std::find(fold.row.begin(), fold.row.end(), i) - fold.row.begin());
        CHECK(path.value[static_cast<std::size_t>(i)] == fold.value.at(at));
      }
      CHECK(path.not_forecast == 0);
    }
  }
  // A row that one fold could not forecast is on no path, so that all have the same rows.
  ForecastSet& lacking = made.forecasts.repeats[1][4];
  REQUIRE(lacking.row[3] == 13);
  std::vector<std::int64_t> rest(20);
  std::iota(rest.begin(), rest.end(), 0);
  rest.erase(rest.begin() + 3);
  lacking = taken(lacking, rest);
  for (const auto& repeat : path_forecasts(made.forecasts.repeats, made.paths)) {
    for (const ForecastSet& path : repeat) {
      CHECK(path.rows() == 39);
      CHECK(path.not_forecast == 1);
      CHECK(path.row[13] == 14);
    }
  }
}

TEST_CASE("paths: the mean over them, their spread, and an interval that draws the same dates for all") {
  Combinatorial made(2);
  made.forecasts.paths = path_forecasts(made.forecasts.repeats, made.paths);
  std::vector<std::int64_t> all(40);
  std::iota(all.begin(), all.end(), 0);
  double each[2][3];
  for (std::size_t r = 0; r < 2; ++r)
    for (std::size_t p = 0; p < 3; ++p) each[r][p] = mse(made.forecasts.paths[r][p], all);
  EvaluationOptions o = options(200);
  o.pool = false;
  const MetricResult result = evaluate({scorer("mse")}, made.forecasts, o)[0];
  CHECK(result.aggregate == "mean_of_paths");
  double sum = 0, squares = 0;
  std::vector<double> by_path;
  for (std::size_t p = 0; p < 3; ++p) {
    by_path.push_back((each[0][p] + each[1][p]) / 2);
    CHECK(result.per_path[p] == Approx(by_path.back()).epsilon(1e-12));
    sum += by_path.back();
  }
  for (const double value : by_path) squares += (value - sum / 3) * (value - sum / 3);
  CHECK(result.value == Approx(sum / 3).epsilon(1e-12));
  CHECK(result.path_spread == Approx(std::sqrt(squares / 2)).epsilon(1e-12));
  CHECK(result.per_repeat[1] == Approx((each[1][0] + each[1][1] + each[1][2]) / 3).epsilon(1e-12));
  CHECK(result.per_fold.size() == 6);
  // Paths of equal forecasts tell no more than one of them: the interval is that of one history, not a third as wide.
  Combinatorial same(1);
  for (ForecastSet& fold : same.forecasts.repeats[0])
    for (std::size_t i = 0; i < fold.value.size(); ++i) fold.value[i] = 0.5 * fold.truth[i];
  same.forecasts.paths = path_forecasts(same.forecasts.repeats, same.paths);
  const MetricResult several = evaluate({scorer("mse")}, same.forecasts, o)[0];
  const MetricResult one = evaluate({scorer("mse")}, {"m", false, {{same.forecasts.paths[0][0]}}}, o)[0];
  CHECK(several.low == Approx(one.low).epsilon(1e-12));
  CHECK(several.high == Approx(one.high).epsilon(1e-12));
  CHECK(several.path_spread == Approx(0).margin(1e-15));
  // The history that stands for the model.
  MetricResult first;
  first.per_history = {0.5, 0.1, 0.3, 0.2, 0.4, 0.6};
  CHECK(history(made.forecasts, median_history(first)).value == made.forecasts.paths[0][2].value);
}
