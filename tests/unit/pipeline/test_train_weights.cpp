// Weights of train rows and rows drawn anew by class: the book's formulas, counted by hand and by numpy, and the way back to the old
// shares.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "pipeline/fold_data.hpp"
#include "pipeline/train_weights.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;

namespace {

// Labels of row i of each entity end at its row ends(i).
template <class Ends>
Dataset labelled(std::int64_t days, int entities, Ends ends) {
  Dataset d;
  d.frame = planted::panel(days, entities);
  d.position.assign(d.frame.rows(), 0);
  d.label_end.assign(d.frame.rows(), 0);
  d.y.assign(d.frame.rows(), 1);
  for (std::size_t e = 0; e < d.frame.entity_count(); ++e) {
    const auto rows = d.frame.rows_of_entity(static_cast<std::int32_t>(e));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      d.position[static_cast<std::size_t>(rows[i])] = static_cast<std::int64_t>(i);
      d.label_end[static_cast<std::size_t>(rows[i])] =
          d.frame.known_at()[static_cast<std::size_t>(rows[std::min(rows.size() - 1, static_cast<std::size_t>(ends(i)))])];
    }
  }
  return d;
}

void check_close(const std::vector<double>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == Approx(expected[i]).epsilon(1e-12).margin(1e-15));
}

}  // namespace

// numpy: c = zeros(12); for each label c[s:e+1] += 1; then the mean of 1 / c[s:e+1]. Ends: i + 1 + 3 i % 4, at most 11.
TEST_CASE("average uniqueness is the book's, of the train rows' labels alone") {
  const Dataset d = labelled(12, 1, [](std::size_t i) { return i + 1 + 3 * i % 4; });
  const std::vector<std::int64_t> rows = {0, 1, 2, 4, 5, 8, 9};
  const std::vector<double> u = {
      0.75, 0.416666666666667, 0.395833333333333, 0.291666666666667, 0.616666666666667, 0.416666666666667, 0.777777777777778};
  const std::vector<double> got = average_uniqueness(d, rows);
  for (std::size_t i = 0; i < u.size(); ++i) CHECK(got[i] == Approx(u[i]).epsilon(1e-12));
  // Another entity's labels overlap nobody else's.
  const Dataset two = labelled(12, 2, [](std::size_t i) { return i + 1 + 3 * i % 4; });
  std::vector<std::int64_t> both;
  for (const std::int64_t row : rows) both.insert(both.end(), {2 * row, 2 * row + 1});
  const std::vector<double> of_two = average_uniqueness(two, both);
  for (std::size_t i = 0; i < of_two.size(); ++i) CHECK(of_two[i] == Approx(u[i / 2]).epsilon(1e-12));
  const Dataset apart = labelled(12, 1, [](std::size_t i) { return i; });
  check_close(average_uniqueness(apart, rows), std::vector<double>(7, 1.0));
}

// numpy: x = cumsum(u); slope = (1 - c) / x[-1] if c >= 0 else 1 / ((c + 1) x[-1]); max(0, 1 - slope x[-1] + slope x).
TEST_CASE("linear decay over cumulative uniqueness, and half-lives") {
  const Dataset d = labelled(12, 1, [](std::size_t i) { return i + 1 + 3 * i % 4; });
  const std::vector<std::int64_t> rows = {0, 1, 2, 4, 5, 8, 9};
  const std::vector<double> u = average_uniqueness(d, rows);
  std::vector<TimeNs> time;
  for (const std::int64_t row : rows) time.push_back(row * kNsPerDay);
  check_close(linear_decay(time, u, 0.5),
              {0.602311481621826, 0.659151193633952, 0.713148920045472, 0.75293671845396, 0.837059492231906, 0.893899204244032, 1});
  check_close(linear_decay(time, u, 0),
              {0.204622963243653, 0.318302387267904, 0.426297840090944, 0.50587343690792, 0.674118984463812, 0.787798408488064, 1});
  check_close(linear_decay(time, u, -0.4), {0, 0, 0.0438297334849058, 0.176455728179866, 0.456864974106354, 0.646330680813439, 1});
  const std::vector<double> tied = linear_decay(std::vector<TimeNs>{1, 1, 2, 2}, std::vector<double>(4, 1.0), 0.0);
  check_close(tied, {0.5, 0.5, 1, 1});

  config::TrainSpec::SampleWeight spec;
  spec.half_life = parse_span("2d");
  const std::vector<double> halves = train_weights(spec, d, rows);
  for (std::size_t i = 0; i < rows.size(); ++i)
    CHECK(halves[i] / halves.back() == Approx(std::pow(0.5, static_cast<double>(9 - rows[i]) / 2)).epsilon(1e-12));
  CHECK(std::accumulate(halves.begin(), halves.end(), 0.0) == Approx(7).epsilon(1e-12));
  spec.half_life = parse_span("3");  // train rows' own times
  const std::vector<double> counted = train_weights(spec, d, rows);
  for (std::size_t i = 0; i < rows.size(); ++i)
    CHECK(counted[i] / counted.back() == Approx(std::pow(0.5, static_cast<double>(6 - i) / 3)).epsilon(1e-12));
  // All together are a product.
  spec.uniqueness = true;
  spec.decay = 0.5;
  spec.column = "w";
  Dataset with = d;
  std::vector<double> w(with.frame.rows());
  std::iota(w.begin(), w.end(), 1.0);
  with.frame = with.frame.with({data::Column::of_reals("w", w)});
  const std::vector<double> all = train_weights(spec, with, rows), decay = linear_decay(time, u, 0.5);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double expected = u[i] * decay[i] * counted[i] * static_cast<double>(rows[i] + 1);
    const double last = u[6] * decay[6] * counted[6] * 10;
    CHECK(all[i] / all[6] == Approx(expected / last).epsilon(1e-12));
  }
  spec = {};
  spec.column = "w";
  with.frame = d.frame.with({data::Column::of_reals("w", std::vector<double>(w.size(), 0.0))});
  CHECK_THROWS_AS(train_weights(spec, with, rows), PreparationError);
}

TEST_CASE("rows drawn by class: how many, which, and the same for the same seed") {
  std::vector<double> y;
  for (int i = 0; i < 300; ++i) y.push_back(i % 10 == 0 ? 2 : i % 3 == 0 ? 1 : 0);  // 180, 90 and 30
  const auto counts = [&](const Resampled& drawn) {
    std::map<double, std::size_t> count;
    for (const std::int64_t row : drawn.rows) ++count[y[static_cast<std::size_t>(row)]];
    return count;
  };
  config::TrainSpec::Resample spec;
  const Resampled under = resample(spec, y, {}, 3, SeedTree(1));
  CHECK(counts(under) == std::map<double, std::size_t>{{0, 30}, {1, 30}, {2, 30}});
  CHECK(std::is_sorted(under.rows.begin(), under.rows.end()));
  CHECK(std::adjacent_find(under.rows.begin(), under.rows.end()) == under.rows.end());
  check_close(under.way_back, {180.0 / 300 * 3, 90.0 / 300 * 3, 30.0 / 300 * 3});
  CHECK(resample(spec, y, {}, 3, SeedTree(1)).rows == under.rows);
  CHECK(resample(spec, y, {}, 3, SeedTree(2)).rows != under.rows);
  spec.ratio = 0.5;
  CHECK(counts(resample(spec, y, {}, 3, SeedTree(1))) == std::map<double, std::size_t>{{0, 60}, {1, 60}, {2, 30}});
  spec.over = true;
  const Resampled over = resample(spec, y, {}, 3, SeedTree(1));
  CHECK(counts(over) == std::map<double, std::size_t>{{0, 180}, {1, 90}, {2, 90}});
  for (std::int64_t row = 0; row < 300; ++row) CHECK(std::binary_search(over.rows.begin(), over.rows.end(), row));  // none is lost
  check_close(over.way_back, {0.6 / 0.5, 0.3 / 0.25, 0.1 / 0.25});
  spec.ratio = 0.1;
  CHECK(resample(spec, y, {}, 3, SeedTree(1)).way_back.empty());  // as they are already
  // With weights the shares are shares of weight.
  std::vector<double> weight(300, 1);
  for (std::size_t i = 0; i < 300; i += 10) weight[i] = 4;
  spec.ratio = 1;
  const Resampled weighted = resample(spec, y, weight, 3, SeedTree(1));
  check_close(weighted.way_back, {(180.0 / 390) / (180.0 / 1080), (90.0 / 390) / (180.0 / 1080), (120.0 / 390) / (720.0 / 1080)});
}

// One input x with four values; the best probabilities are shares in the table, before and after classes were drawn anew. Bayes' rule
// takes one to the other exactly (Saerens, Latinne & Decaestecker 2002, eq. 4).
TEST_CASE("forecasts learned from rows drawn anew come back to the shares before") {
  const double table[4][3] = {{40, 5, 1}, {30, 20, 3}, {15, 25, 9}, {5, 10, 37}};
  const double before[3] = {90, 60, 50}, after[3] = {50, 50, 50};
  std::vector<double> way_back;
  for (int k = 0; k < 3; ++k) way_back.push_back(before[k] / 200 / (after[k] / 150));
  for (const auto& row : table) {
    double learned[3], sum = 0, all = row[0] + row[1] + row[2];
    for (int k = 0; k < 3; ++k) sum += learned[k] = row[k] * after[k] / before[k];
    std::vector<double> p = {learned[0] / sum, learned[1] / sum, learned[2] / sum};
    bring_back(p, 3, way_back);
    for (std::size_t k = 0; k < 3; ++k) CHECK(p[k] == Approx(row[k] / all).epsilon(1e-12));
  }
  // Two classes: the odds are multiplied by one number, so no order changes; 0 and 1 stay.
  const std::vector<double> two = {1.6, 0.4};
  std::vector<double> p = {0, 1e-9, 0.2, 0.5, 0.500001, 0.9, 1};
  const std::vector<double> learned = p;
  bring_back(p, 1, two);
  CHECK(std::is_sorted(p.begin(), p.end()));
  CHECK((p.front() == 0 && p.back() == 1));
  for (std::size_t i = 1; i + 1 < p.size(); ++i) CHECK(p[i] / (1 - p[i]) == Approx(learned[i] / (1 - learned[i]) * 0.25).epsilon(1e-12));
  bring_back(p, 1, {});
  CHECK(p[3] == Approx(0.2).epsilon(1e-12));
}

// Rule 5: only train rows are drawn anew, after preparation was fitted on all of them.
TEST_CASE("a fold's train part is weighed and drawn anew, and nothing else moves") {
  Dataset d = labelled(200, 3, [](std::size_t i) { return i + 3; });
  d.task = config::Task::binary;
  d.classes = {"no", "yes"};
  d.inputs = {"x", "y"};
  d.label_start.assign(d.frame.known_at().begin(), d.frame.known_at().end());
  d.segment.assign(d.frame.rows(), 0);
  for (std::size_t i = 0; i < d.y.size(); ++i) d.y[i] = i % 5 == 0;
  for (const std::int64_t lookback : {0, 3}) {
    d.lookback = lookback;
    config::SplitSpec split;
    split.test_fraction = 0.2;
    split.validation_fraction = 0.1;
    split.shuffle = false;
    Diagnostics diagnostics;
    const Folds folds = make_folds(split, d, SeedTree(1), "", diagnostics);
    REQUIRE_FALSE(diagnostics.has_errors());
    const std::vector<config::Component> steps = {
        planted::step("missing",
                      {{"method", planted::value("mean")}, {"indicator", {false}}, {"value", {0.0}}, {"limit", {std::int64_t{0}}}}),
        planted::step("scale", {{"method", planted::value("standard")}, {"by", planted::value("all")}})};
    const FoldData plain = assemble_fold(d, folds.folds[0], folds, {steps, {}, false, nullptr, 7, nullptr});
    config::TrainSpec train;
    train.sample_weight = config::TrainSpec::SampleWeight{};
    train.sample_weight->uniqueness = true;
    train.resample = config::TrainSpec::Resample{};
    const FoldData drawn = assemble_fold(d, folds.folds[0], folds, {steps, {}, false, nullptr, 7, &train});
    CHECK(drawn.preparation.to_json() == plain.preparation.to_json());
    CHECK(drawn.test.x.values == plain.test.x.values);
    CHECK(drawn.validation.row == plain.validation.row);
    CHECK(drawn.test.weight.empty());
    CHECK(plain.train.weight.empty());
    const auto ones = std::count(drawn.train.y.begin(), drawn.train.y.end(), 1.0);
    CHECK(2 * ones == drawn.train.rows());
    const std::vector<double> weights = train_weights(*train.sample_weight, d, plain.train.row);
    REQUIRE(drawn.train.weight.size() == drawn.train.row.size());
    const auto width = static_cast<std::size_t>(plain.train.x.columns);
    for (std::size_t i = 0; i < drawn.train.row.size(); ++i) {
      const auto at = static_cast<std::size_t>(std::lower_bound(plain.train.row.begin(), plain.train.row.end(), drawn.train.row[i]) -
                                               plain.train.row.begin());
      REQUIRE(plain.train.row.at(at) == drawn.train.row[i]);
      CHECK(drawn.train.weight[i] == weights[at]);
      CHECK(drawn.train.y[i] == plain.train.y[at]);
      CHECK(drawn.train.label_end[i] == plain.train.label_end[at]);
      const auto mine = lookback > 0 ? static_cast<std::size_t>(drawn.train.window_end[i]) : i;
      const auto theirs = lookback > 0 ? static_cast<std::size_t>(plain.train.window_end[at]) : at;
      for (std::size_t k = 0; k < width; ++k) CHECK(drawn.train.x.values[mine * width + k] == plain.train.x.values[theirs * width + k]);
    }
    const FoldData again = assemble_fold(d, folds.folds[0], folds, {steps, {}, false, nullptr, 7, &train});
    CHECK(again.train.row == drawn.train.row);
    CHECK(again.way_back == drawn.way_back);
  }
}
