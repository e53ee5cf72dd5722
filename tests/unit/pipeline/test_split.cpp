#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "pipeline/split.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;
using planted::kMissing;

namespace {

struct Rows {
  std::vector<TimeNs> known_at, label_end;
  std::vector<double> y;
  std::vector<std::int64_t> group;
  std::vector<double> test_rule, validation_rule;
  SplitRows view() const {
    SplitRows rows;
    rows.rows = static_cast<std::int64_t>(y.size());
    rows.known_at = known_at;
    rows.label_end = label_end;
    rows.y = y;
    rows.group = group;
    rows.test_rule = test_rule;
    rows.validation_rule = validation_rule;
    return rows;
  }
};

// `per_day` rows a day; labels end 0..longest days later, at random.
Rows timed(std::int64_t days, int per_day, std::int64_t longest, std::uint64_t seed = 1) {
  Random random(seed);
  Rows rows;
  for (std::int64_t d = 0; d < days; ++d) {
    for (int i = 0; i < per_day; ++i) {
      rows.known_at.push_back(d * kNsPerDay);
      rows.label_end.push_back((d + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(longest) + 1))) * kNsPerDay);
      rows.y.push_back(random.uniform() < 0.05 ? kMissing : random.normal());
    }
  }
  return rows;
}
Rows table(std::int64_t n) {
  Rows rows;
  for (std::int64_t i = 0; i < n; ++i) rows.y.push_back(static_cast<double>(i % 5 == 0));
  return rows;
}

Span span(const char* text) { return *parse_span(text); }

Folds made(const config::SplitSpec& spec, const SplitRows& rows, std::uint64_t seed = 1) {
  Diagnostics diagnostics;
  Folds folds = make_folds(spec, rows, SeedTree(seed), diagnostics);
  for (const Diagnostic& item : diagnostics.items()) INFO(item.message);
  REQUIRE_FALSE(diagnostics.has_errors());
  return folds;
}
std::string mistake(const config::SplitSpec& spec, const SplitRows& rows) {
  Diagnostics diagnostics;
  make_folds(spec, rows, SeedTree(1), diagnostics);
  return diagnostics.items().empty() ? "" : diagnostics.items()[0].message;
}

// Rule 2 as it is written, pair by pair.
void check_rule_2(const Folds& folds, const Rows& rows, std::int64_t gap, std::int64_t embargo_days) {
  const auto at = [](const auto& values, std::int64_t row) { return values[static_cast<std::size_t>(row)]; };
  const auto touch = [&](std::int64_t a, std::int64_t b) {
    return at(rows.known_at, a) <= at(rows.label_end, b) && at(rows.known_at, b) <= at(rows.label_end, a);
  };
  const auto none_touches = [&](const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
    for (const std::int64_t i : a) {
      for (const std::int64_t j : b) {
        if (touch(i, j)) return false;
      }
    }
    return true;
  };
  std::vector<Fold> all = folds.folds;
  if (folds.sealed) all.push_back(*folds.sealed);
  for (const Fold& fold : all) {
    INFO(fold.description);
    CHECK(none_touches(fold.train, fold.test));
    CHECK(none_touches(fold.train, fold.validation));
    CHECK(none_touches(fold.validation, fold.test));
    if (folds.sealed) {
      CHECK(none_touches(fold.train, folds.sealed->test));
      if (&fold != &all.back()) CHECK(none_touches(fold.test, folds.sealed->test));
    }
    bool apart = true;
    for (const std::int64_t i : fold.train) {
      for (const std::int64_t j : fold.test) {
        if (at(rows.known_at, i) > at(rows.label_end, j)) {
          apart = apart && at(rows.known_at, i) > at(rows.label_end, j) + std::max(gap, embargo_days) * kNsPerDay;
        }
      }
    }
    CHECK(apart);
    std::vector<std::int64_t> seen = fold.train;
    seen.insert(seen.end(), fold.validation.begin(), fold.validation.end());
    seen.insert(seen.end(), fold.test.begin(), fold.test.end());
    CHECK(std::set<std::int64_t>(seen.begin(), seen.end()).size() == seen.size());
    CHECK(std::none_of(seen.begin(), seen.end(), [&](std::int64_t row) { return std::isnan(at(rows.y, row)); }));
    for (const auto* rows_of : {&fold.train, &fold.validation, &fold.test}) CHECK(std::is_sorted(rows_of->begin(), rows_of->end()));
  }
}

}  // namespace

TEST_CASE("no label of an earlier set touches a later one, for any split and random label intervals") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const Rows rows = timed(120, 1 + static_cast<int>(seed % 3), static_cast<std::int64_t>(seed % 6), seed);
    SplitRows view = rows.view();
    view.gap_rows = static_cast<std::int64_t>(seed % 4);
    config::SplitSpec spec;
    const std::int64_t embargo = static_cast<std::int64_t>(seed % 5);
    if (embargo > 0) spec.embargo = span((std::to_string(embargo) + "d").c_str());
    if (seed % 2 == 0) spec.final_test = span("15d");
    spec.use = "walk_forward";
    spec.train = span("30d");
    spec.validation = span("12");
    spec.test = span("14d");
    spec.expanding = seed % 2 == 1;
    check_rule_2(made(spec, view), rows, view.gap_rows, embargo);
    config::SplitSpec k_fold;
    k_fold.use = "k_fold";
    k_fold.folds = 4;
    k_fold.validation_fraction = 0.2;
    k_fold.embargo = spec.embargo;
    k_fold.final_test = spec.final_test;
    check_rule_2(made(k_fold, view), rows, view.gap_rows, embargo);
    config::SplitSpec holdout;
    holdout.test_fraction = 0.25;
    holdout.validation_fraction = 0.2;
    check_rule_2(made(holdout, view), rows, 0, 0);
    Rows ruled = rows;
    for (std::size_t i = 0; i < rows.y.size(); ++i) {
      const auto day = rows.known_at[i] / kNsPerDay;
      ruled.test_rule.push_back(day % 40 >= 30);
      ruled.validation_rule.push_back(day % 40 >= 22 && day % 40 < 28);
    }
    config::SplitSpec rule;
    rule.use = "by_rule";
    rule.validation_rule = "given";
    SplitRows ruled_view = ruled.view();
    check_rule_2(made(rule, ruled_view), ruled, 0, 0);
  }
}

TEST_CASE("purging takes the rows whose labels touch, and no others") {
  Rows rows = timed(20, 1, 0);
  for (std::size_t i = 0; i < 20; ++i) {
    rows.y[i] = 1.0 * static_cast<double>(i);
    rows.label_end[i] = rows.known_at[i] + 2 * kNsPerDay;
  }
  config::SplitSpec spec;
  spec.test = span("5");
  const Folds folds = made(spec, rows.view());
  CHECK(folds.folds[0].test.front() == 15);
  CHECK(folds.folds[0].train.back() == 12);  // its label ends on day 14; that of day 13 ends on day 15, the first test day
  CHECK(folds.folds[0].purged_train == 2);
  CHECK(folds.notes.back().find("2 train and 0 validation rows purged") != std::string::npos);
}

TEST_CASE("walk_forward moves on by calendar spans without drifting, rolling or expanding") {
  Rows rows = timed(800, 1, 0);
  std::fill(rows.y.begin(), rows.y.end(), 1.0);
  config::SplitSpec spec;
  spec.use = "walk_forward";
  spec.train = span("1y");
  spec.test = span("3mo");
  spec.embargo = span("5d");
  const Folds rolling = made(spec, rows.view());
  const auto day = [&](std::int64_t row) { return to_iso(rows.known_at[static_cast<std::size_t>(row)]); };
  REQUIRE(rolling.folds.size() == 5);
  CHECK(day(rolling.folds[0].train.front()) == "1970-01-01");
  CHECK(day(rolling.folds[0].train.back()) == "1970-12-31");
  CHECK(day(rolling.folds[0].test.front()) == "1971-01-01");
  CHECK(day(rolling.folds[3].train.front()) == "1970-10-01");
  CHECK(day(rolling.folds[3].test.back()) == "1971-12-31");
  CHECK(
      std::any_of(rolling.notes.begin(), rolling.notes.end(), [](const std::string& n) { return n.find("embargo changes nothing") == 0; }));
  spec.expanding = true;
  const Folds expanding = made(spec, rows.view());
  CHECK(day(expanding.folds[3].train.front()) == "1970-01-01");
  CHECK(expanding.folds[3].test == rolling.folds[3].test);
}

TEST_CASE("plain tables: seeded draws, strata, groups, rules") {
  Rows rows = table(1000);
  config::SplitSpec spec;
  spec.test_fraction = 0.2;
  spec.validation_fraction = 0.1;
  const Folds one = made(spec, rows.view(), 1), again = made(spec, rows.view(), 1), other = made(spec, rows.view(), 2);
  CHECK(one.folds[0].test == again.folds[0].test);
  CHECK(one.folds[0].test != other.folds[0].test);
  CHECK(one.folds[0].test.size() == 200);
  CHECK(one.folds[0].validation.size() == 80);
  CHECK(one.folds[0].train.size() == 720);

  spec.use = "stratified";
  SplitRows classes = rows.view();
  classes.classes = true;
  const Fold strata = made(spec, classes).folds[0];
  const auto ones = [&](const std::vector<std::int64_t>& set) {
    return std::count_if(set.begin(), set.end(), [](auto r) { return r % 5 == 0; });
  };
  CHECK(ones(strata.test) == 40);
  CHECK(strata.test.size() == 200);
  CHECK(ones(strata.validation) == 16);

  for (std::int64_t i = 0; i < 1000; ++i) rows.group.push_back(i / 7);
  for (const char* use : {"holdout", "stratified", "k_fold"}) {
    INFO(use);
    spec.use = use;
    spec.folds = 5;
    SplitRows grouped = rows.view();
    grouped.classes = true;
    std::int64_t tested = 0;
    for (const Fold& fold : made(spec, grouped).folds) {
      std::set<std::int64_t> train, test;
      for (const std::int64_t r : fold.train) train.insert(r / 7);
      for (const std::int64_t r : fold.validation) CHECK_FALSE(train.contains(r / 7));
      for (const std::int64_t r : fold.test) test.insert(r / 7);
      for (const std::int64_t g : test) CHECK_FALSE(train.contains(g));
      CHECK(fold.test.size() > 150);
      CHECK(fold.test.size() < 250);
      tested += static_cast<std::int64_t>(fold.test.size());
    }
    if (spec.use == "k_fold") CHECK(tested == 1000);
  }
  Rows ruled = table(10);
  ruled.test_rule = {0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  ruled.group = {0, 1, 2, 3, 3, 5, 6, 7, 8, 9};
  config::SplitSpec rule;
  rule.use = "by_rule";
  const Fold fold = made(rule, ruled.view()).folds[0];
  CHECK(fold.test == std::vector<std::int64_t>{4, 9});
  CHECK(fold.train == std::vector<std::int64_t>{0, 1, 2, 5, 6, 7, 8});  // row 3 is of the same customer as row 4
}

TEST_CASE("final_test is in no fold, and its own fold trains before it") {
  const Rows rows = timed(200, 2, 3);
  config::SplitSpec spec;
  spec.use = "walk_forward";
  spec.train = span("60d");
  spec.validation = span("20d");
  spec.test = span("20d");
  spec.final_test = span("30d");
  const Folds folds = made(spec, rows.view());
  REQUIRE(folds.sealed);
  const std::int64_t first = folds.sealed->test.front();
  CHECK(rows.known_at[static_cast<std::size_t>(first)] >= 169 * kNsPerDay);
  for (const Fold& fold : folds.folds) {
    for (const auto* set : {&fold.train, &fold.validation, &fold.test}) CHECK((set->empty() || set->back() < first));
  }
  CHECK_FALSE(folds.sealed->train.empty());
  CHECK_FALSE(folds.sealed->validation.empty());
  CHECK(folds.sealed->validation.back() < first);
}

TEST_CASE("splits that cannot be made say why, with numbers") {
  const Rows days = timed(50, 1, 0);
  config::SplitSpec spec;
  spec.use = "walk_forward";
  spec.train = span("3y");
  spec.test = span("5d");
  CHECK(mistake(spec, days.view()).find("leave no test rows: the data run from 1970-01-01") != std::string::npos);
  spec.train = span("20d");
  SplitRows far = days.view();
  far.lead_rows = 8;
  CHECK(mistake(spec, far) == "the label looks 8 rows ahead, while a test span has 5 times only");
  spec.use = "stratified";
  CHECK(mistake(spec, days.view()).find("draws rows at random") != std::string::npos);
  spec.use = "k_fold";
  spec.key_places["shuffle"] = {};
  CHECK(mistake(spec, days.view()).find("learn from the future") != std::string::npos);
  spec.allow_shuffled_time = "a published split";
  CHECK(mistake(spec, days.view()).empty());
  const Rows plain = table(3);
  config::SplitSpec folds;
  folds.use = "k_fold";
  CHECK(mistake(folds, plain.view()) == "5 folds of 3 rows");
  config::SplitSpec spanned;
  spanned.test = span("6mo");
  CHECK(mistake(spanned, plain.view()).find("no time column") != std::string::npos);
  config::SplitSpec rule;
  rule.use = "by_rule";
  Rows none = table(10);
  none.test_rule.assign(10, 0);
  CHECK(mistake(rule, none.view()) == "the split has no test rows: 10 train, 0 validation and 0 test rows of 10");
  none.test_rule.assign(10, 1);
  CHECK(mistake(rule, none.view()).find("has no train rows") != std::string::npos);
  config::SplitSpec regression;
  regression.use = "stratified";
  CHECK(mistake(regression, plain.view()).find("needs classes") != std::string::npos);
  config::SplitSpec sealed;
  sealed.final_test = span("90");
  CHECK(mistake(sealed, days.view()).find("final_test 90 takes") != std::string::npos);
}

TEST_CASE("month ends: every row after the first train span is tested exactly once") {
  Rows rows = timed(1000, 1, 0);
  std::fill(rows.y.begin(), rows.y.end(), 1.0);
  for (std::size_t i = 0; i < rows.y.size(); ++i)
    rows.known_at[i] = rows.label_end[i] = (static_cast<TimeNs>(i) + 30) * kNsPerDay;  // 31 Jan
  config::SplitSpec spec;
  spec.use = "walk_forward";
  spec.train = span("2mo");
  spec.test = span("1mo");
  for (const char* validation : {"", "1mo", "10"}) {
    INFO("validation " << validation);
    if (*validation != '\0') spec.validation = span(validation);
    std::vector<std::int64_t> tested;
    for (const Fold& fold : made(spec, rows.view()).folds) tested.insert(tested.end(), fold.test.begin(), fold.test.end());
    REQUIRE(tested.size() > 800);
    for (std::size_t i = 1; i < tested.size(); ++i) REQUIRE(tested[i] == tested[i - 1] + 1);
  }
}

TEST_CASE("test rows are scored once: a step shorter than the test span is refused") {
  const Rows rows = timed(200, 1, 0);
  config::SplitSpec spec;
  spec.use = "walk_forward";
  spec.train = span("50d");
  spec.test = span("20d");
  spec.step = span("10d");
  CHECK(mistake(spec, rows.view()) == "step 10d is shorter than test 20d: test rows are scored once");
  spec.step = span("10");
  CHECK(mistake(spec, rows.view()).find("two folds would test row") == 0);  // a count against a span: seen once the rows are known
  spec.test = span("20");
  CHECK(mistake(spec, rows.view()) == "step 10 is shorter than test 20: test rows are scored once");
  spec.step = span("30");
  CHECK(mistake(spec, rows.view()).empty());
}

TEST_CASE("groups of any size are drawn, by the seed, near the share") {
  Rows rows;
  for (std::int64_t group = 0; group < 60; ++group) {  // 1 to 60 rows
    for (std::int64_t i = 0; i <= group; ++i) {
      rows.group.push_back(group);
      rows.y.push_back(static_cast<double>((group + i) % 3 == 0));
    }
  }
  for (const char* use : {"holdout", "stratified", "k_fold"}) {
    INFO(use);
    config::SplitSpec spec;
    spec.use = use;
    spec.test_fraction = 0.2;
    spec.folds = 5;
    SplitRows view = rows.view();
    view.classes = true;
    std::set<std::int64_t> ever;
    std::set<std::vector<std::int64_t>> draws;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      const Folds folds = made(spec, view, seed);
      CHECK(folds.folds[0].test == made(spec, view, seed).folds[0].test);
      draws.insert(folds.folds[0].test);
      for (const Fold& fold : folds.folds) CHECK(std::fabs(static_cast<double>(fold.test.size()) / 1830.0 - 0.2) < 0.02);
      for (const std::int64_t row : folds.folds[0].test) ever.insert(rows.group[static_cast<std::size_t>(row)]);
    }
    CHECK(draws.size() == 40);
    CHECK(ever.size() == 60);
  }
}

TEST_CASE("walk_forward over a hole and at the end of the data: folds without train rows or with half a test span are named and left out") {
  Rows rows;
  for (std::int64_t day = 0; day < 365; ++day) {
    if (day >= 120 && day < 240) continue;
    rows.known_at.push_back(day * kNsPerDay);
    rows.label_end.push_back(day * kNsPerDay);
    rows.y.push_back(static_cast<double>(day));
  }
  config::SplitSpec spec;
  spec.use = "walk_forward";
  spec.train = span("50d");
  spec.test = span("50d");
  const Folds folds = made(spec, rows.view());
  const auto noted = [](const Folds& all, const char* text) {
    return std::count_if(all.notes.begin(), all.notes.end(), [&](const std::string& note) { return note.find(text) != std::string::npos; });
  };
  // Tests begin on days 50, 100, 150 (no rows), 200, 250 (train has days 240 to 249), 300; 350 to 364 is less than half of one.
  REQUIRE(folds.folds.size() == 4);
  CHECK(folds.folds[2].train.size() == 10);
  CHECK(noted(folds, "1 test spans have no rows and make no fold, the first 1970-05-31..1970-07-20") == 1);
  CHECK(noted(folds, "1 folds are left out, since they have no train or validation rows, the first: test 1970-08-29") == 1);
  CHECK(noted(folds, "the last 15 rows, from 1970-12-17 on, are no test rows") == 1);
  spec.test = span("30d");  // tests begin on days 50, 80, ... 350
  const auto last_of = [&](std::size_t size) {
    Rows cut = rows;
    for (auto* times : {&cut.known_at, &cut.label_end}) times->resize(size);
    cut.y.resize(size);
    const Folds made_of = made(spec, cut.view());
    return made_of.folds.back().test.size();
  };
  rows = timed(400, 1, 0);
  std::fill(rows.y.begin(), rows.y.end(), 1.0);
  CHECK(last_of(155) == 15);  // days 140 to 154: half a span is kept
  CHECK(last_of(154) == 30);  // 14 days are not
  spec.test = span("30");
  CHECK(last_of(155) == 15);
  CHECK(last_of(154) == 30);
  spec.test = span("1d");
  CHECK(last_of(100) == 1);
  CHECK(mistake(spec, Rows(timed(40, 1, 0)).view()).find("leave no test rows") != std::string::npos);
}

namespace {

// How often each row is tested.
std::vector<std::int64_t> times_tested(const Folds& folds, const Rows& rows) {
  std::vector<std::int64_t> count(rows.y.size(), 0);
  for (const Fold& fold : folds.folds) {
    for (const std::int64_t row : fold.test) ++count[static_cast<std::size_t>(row)];
  }
  return count;
}

std::int64_t binomial(std::int64_t n, std::int64_t k) { return k == 0 ? 1 : binomial(n - 1, k - 1) * n / k; }

bool same_folds(const Folds& a, const Folds& b) {
  return std::equal(a.folds.begin(), a.folds.end(), b.folds.begin(), b.folds.end(), [](const Fold& x, const Fold& y) {
    return x.train == y.train && x.validation == y.validation && x.test == y.test && x.description == y.description;
  });
}

}  // namespace

TEST_CASE("purged_k_fold tests each row once, on both sides of its train rows, and keeps labels apart") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Rows rows = timed(120, 1 + static_cast<int>(seed % 3), static_cast<std::int64_t>(seed % 6), seed);
    SplitRows view = rows.view();
    view.gap_rows = static_cast<std::int64_t>(seed % 4);
    config::SplitSpec spec;
    spec.use = "purged_k_fold";
    spec.folds = 5;
    if (seed % 2 == 0) spec.validation_fraction = 0.2;
    const std::int64_t embargo = static_cast<std::int64_t>(seed % 5);
    if (embargo > 0) spec.embargo = span((std::to_string(embargo) + "d").c_str());
    const Folds folds = made(spec, view);
    check_rule_2(folds, rows, view.gap_rows, embargo);
    REQUIRE(folds.folds.size() == 5);
    CHECK(folds.paths.empty());
    const std::vector<std::int64_t> tested = times_tested(folds, rows);
    for (std::size_t row = 0; row < tested.size(); ++row) CHECK(tested[row] == (std::isnan(rows.y[row]) ? 0 : 1));
    const Fold& inner = folds.folds[2];
    CHECK(inner.train.front() < inner.test.front());
    CHECK(inner.train.back() > inner.test.back());
    CHECK(same_folds(folds, made(spec, view, 2)));  // nothing is drawn
  }
}

TEST_CASE("combinatorial_purged: every choice of groups is a fold, and paths hold one forecast for each row") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const Rows rows = timed(140, 1 + static_cast<int>(seed % 3), static_cast<std::int64_t>(seed % 5), seed);
    SplitRows view = rows.view();
    view.gap_rows = static_cast<std::int64_t>(seed % 3);
    config::SplitSpec spec;
    spec.use = "combinatorial_purged";
    spec.groups = 4 + static_cast<std::int64_t>(seed % 4);
    spec.test_groups = 1 + static_cast<std::int64_t>(seed % 3);
    if (seed % 2 == 0) spec.validation_fraction = 0.15;
    if (seed % 3 == 0) spec.final_test = span("20d");
    const std::int64_t embargo = static_cast<std::int64_t>(seed % 4);
    if (embargo > 0) spec.embargo = span((std::to_string(embargo) + "d").c_str());
    INFO("N " << spec.groups << ", k " << spec.test_groups);
    const Folds folds = made(spec, view);
    check_rule_2(folds, rows, view.gap_rows, embargo);
    const std::int64_t paths = binomial(spec.groups - 1, spec.test_groups - 1);
    REQUIRE(static_cast<std::int64_t>(folds.folds.size()) == binomial(spec.groups, spec.test_groups));
    REQUIRE(static_cast<std::int64_t>(folds.paths.folds.size()) == paths);
    REQUIRE(static_cast<std::int64_t>(folds.paths.groups.size()) == spec.groups);
    std::set<std::int64_t> grouped;
    for (const auto& group : folds.paths.groups) grouped.insert(group.begin(), group.end());
    const std::vector<std::int64_t> tested = times_tested(folds, rows);
    for (std::size_t row = 0; row < tested.size(); ++row) {
      const bool in = grouped.contains(static_cast<std::int64_t>(row));
      CHECK(tested[row] == (in ? paths : 0));
      if (!folds.sealed) CHECK(in == !std::isnan(rows.y[row]));
    }
    std::set<std::pair<std::size_t, std::size_t>> used;  // a fold's forecast of a group lies on one path
    for (const auto& path : folds.paths.folds) {
      REQUIRE(static_cast<std::int64_t>(path.size()) == spec.groups);
      for (std::size_t group = 0; group < path.size(); ++group) {
        CHECK(used.insert({group, path[group]}).second);
        const std::vector<std::int64_t>& test = folds.folds[path[group]].test;
        for (const std::int64_t row : folds.paths.groups[group]) CHECK(std::binary_search(test.begin(), test.end(), row));
      }
    }
    CHECK(same_folds(folds, made(spec, view, 2)));
  }
}

// The example of the book's figure 12.1: 6 groups, 2 of them tested, 15 splits and 5 paths; path 1 takes each group's first split.
TEST_CASE("combinatorial_purged with 6 groups and 2 tested is the book's figure") {
  Rows rows = timed(60, 1, 0);
  std::fill(rows.y.begin(), rows.y.end(), 1.0);
  config::SplitSpec spec;
  spec.use = "combinatorial_purged";
  const Folds folds = made(spec, rows.view());
  CHECK(folds.folds.size() == 15);
  const std::vector<std::vector<std::size_t>> paths = {
      {0, 0, 1, 2, 3, 4}, {1, 5, 5, 6, 7, 8}, {2, 6, 9, 9, 10, 11}, {3, 7, 10, 12, 12, 13}, {4, 8, 11, 13, 14, 14}};
  CHECK(folds.paths.folds == paths);
  CHECK(folds.folds[6].description.starts_with("groups 2 and 4, train "));
}

TEST_CASE("by_group and by_entity keep groups in one set, each tested once; with time a last span cuts too") {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    Rows rows = timed(100, 8, static_cast<std::int64_t>(seed % 4), seed);
    for (std::size_t i = 0; i < rows.y.size(); ++i) rows.group.push_back(static_cast<std::int64_t>(i % 8));
    config::SplitSpec spec;
    spec.use = seed % 2 == 0 ? "by_entity" : "by_group";
    spec.folds = 4;
    spec.validation_fraction = 0.25;
    CHECK(mistake(spec, rows.view()).find("trains on what others did at the times that it tests") != std::string::npos);
    const auto in_one_set = [&](const Folds& folds) {
      for (const Fold& fold : folds.folds) {
        std::set<std::int64_t> seen;
        for (const auto* set : {&fold.train, &fold.validation, &fold.test}) {
          std::set<std::int64_t> here;
          for (const std::int64_t row : *set) here.insert(rows.group[static_cast<std::size_t>(row)]);
          CHECK_FALSE(here.empty());
          for (const std::int64_t group : here) CHECK(seen.insert(group).second);
        }
      }
    };
    spec.test = span("30d");
    const Folds cut = made(spec, rows.view(), seed);
    in_one_set(cut);
    check_rule_2(cut, rows, 0, 0);
    const std::vector<std::int64_t> tested = times_tested(cut, rows);
    for (std::size_t row = 0; row < tested.size(); ++row)
      CHECK(tested[row] == (!std::isnan(rows.y[row]) && rows.known_at[row] >= 70 * kNsPerDay));
    spec.test.reset();
    spec.allow_shuffled_time = "new customers of known years";
    const Folds drawn = made(spec, rows.view(), seed);
    in_one_set(drawn);
    const std::vector<std::int64_t> once = times_tested(drawn, rows);
    for (std::size_t row = 0; row < once.size(); ++row) CHECK(once[row] == !std::isnan(rows.y[row]));
    CHECK(same_folds(drawn, made(spec, rows.view(), seed)));
    CHECK_FALSE(same_folds(drawn, made(spec, rows.view(), seed + 100)));
  }
  Rows few = table(20);
  few.group.assign(20, 0);
  config::SplitSpec spec;
  spec.use = "by_group";
  CHECK(mistake(spec, few.view()) == "5 folds of 1 groups");
}

TEST_CASE("a rule may name train rows too; what no rule names is in no set") {
  Rows rows = table(10);
  rows.test_rule = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  config::SplitSpec spec;
  spec.use = "by_rule";
  spec.train_rule = "given";
  std::vector<double> train = {1, 1, 1, 1, 0, 0, kMissing, 0, 0, 0};
  SplitRows view = rows.view();
  view.train_rule = train;
  const Folds folds = made(spec, view);
  CHECK(folds.folds[0].train == std::vector<std::int64_t>{0, 1, 2, 3});
  CHECK(folds.notes.back() == "4 rows train, validate and test nowhere, as the split says");
  train[9] = 1;
  CHECK(mistake(spec, view) == "1 rows are train rows by their rule, and test or validation rows too");
}

TEST_CASE("splits over time and choices that cannot be made say why") {
  const Rows plain = table(50);
  Rows days = timed(10, 1, 0);
  std::fill(days.y.begin(), days.y.end(), 1.0);
  config::SplitSpec spec;
  for (const char* use : {"purged_k_fold", "combinatorial_purged"}) {
    spec.use = use;
    CHECK(mistake(spec, plain.view()) == std::string(use) + " cuts by time, and these data have no time column");
  }
  spec.groups = 12;
  CHECK(mistake(spec, days.view()).starts_with("12 groups of "));
  spec.groups = 5;
  SplitRows far = days.view();
  far.lead_rows = 3;
  CHECK(mistake(spec, far) == "the label looks 3 rows ahead, while a test span has 2 times only");
}
