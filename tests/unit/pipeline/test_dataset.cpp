#include <chrono>
#include <cmath>
#include <cstring>

#include "pipeline/fold_data.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;
using planted::kMissing;
using planted::step;
using planted::value;

namespace {

config::Experiment experiment(const std::string& target_expression) {
  config::Experiment e;
  e.inputs.features = true;
  e.target.expression = target_expression;
  e.data.time = config::DataSpec::Time{};
  e.data.time->column = "day";
  e.data.entity = "symbol";
  return e;
}
config::FeatureSpec feature(std::string name, std::string text) {
  config::FeatureSpec spec;
  spec.name = std::move(name);
  spec.expression = std::move(text);
  return spec;
}
Dataset built(const config::Experiment& e, const data::Frame& frame, const FeatureFactory& factory = {}) {
  Diagnostics diagnostics;
  Dataset dataset = build_dataset(e, frame, factory, diagnostics);
  for (const Diagnostic& item : diagnostics.items()) FAIL(item.message);
  return dataset;
}
std::vector<std::string> mistakes(const config::Experiment& e, const data::Frame& frame) {
  Diagnostics diagnostics;
  build_dataset(e, frame, {}, diagnostics);
  std::vector<std::string> texts;
  for (const Diagnostic& item : diagnostics.items()) texts.push_back(item.message + " | " + item.mend);
  return texts;
}
bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}
data::Frame replaced(const data::Frame& frame, const std::vector<std::int64_t>& rows, double with) {
  std::vector<data::Column> columns;
  for (const data::Column& column : frame.columns()) {
    if (column.type() != data::ColumnType::real) {
      columns.push_back(column);
      continue;
    }
    std::vector<double> values = column.to_reals();
    for (const std::int64_t row : rows) values[static_cast<std::size_t>(row)] = with * static_cast<double>(row + 1);
    columns.push_back(data::Column::of_reals(column.name(), values));
  }
  data::FrameNotes notes;
  data::TimeRules rules;
  rules.time_column = "day";
  rules.entity_column = "symbol";
  return data::Frame::finish(std::move(columns), rules, notes);
}

}  // namespace

TEST_CASE("labels have intervals, and a label that overlaps the present is not seen") {
  const data::Frame frame = planted::panel(12, 2, 3, [](std::int64_t d, int e) { return e == 1 && d == 5; });
  config::Experiment e = experiment("lead(y, 3) - y");
  e.features = {feature("f", "mean(x, 4, 1)"), feature("g", "f - lag(f, 2)")};
  const Dataset d = built(e, frame);
  CHECK(d.lead_rows == 3);
  CHECK(d.warmup_rows == 5);
  CHECK(d.inputs == std::vector<std::string>{"f", "g"});
  for (std::int32_t entity = 0; entity < 2; ++entity) {
    const auto rows = frame.rows_of_entity(entity);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<std::size_t>(rows[i]);
      CHECK(std::isnan(d.y[row]) == (i + 3 >= rows.size()));
      if (i + 3 < rows.size()) CHECK(d.label_end[row] == frame.known_at()[static_cast<std::size_t>(rows[i + 3])]);
      // The latest label that ended by now is the one of three rows before; the one of the row before would peek at two rows ahead.
      if (i >= 3) {
        CHECK(d.last_known_target[row] == d.y[static_cast<std::size_t>(rows[i - 3])]);
      } else {
        CHECK(std::isnan(d.last_known_target[row]));
      }
      CHECK(d.position[row] == static_cast<std::int64_t>(i));
    }
  }
  CHECK(d.segment[static_cast<std::size_t>(frame.rows_of_entity(1)[4])] != d.segment[static_cast<std::size_t>(frame.rows_of_entity(1)[5])]);
  e.target.expression = "y";  // ends at its own row, and still the present one is not seen
  const Dataset now = built(e, frame);
  const auto rows = frame.rows_of_entity(0);
  CHECK(now.last_known_target[static_cast<std::size_t>(rows[4])] == now.y[static_cast<std::size_t>(rows[3])]);
}

TEST_CASE("tables: classes, inputs, protected columns, features by plugin") {
  const data::Frame frame =
      planted::table({data::Column::of_reals("a", {1, 2, 3, 4}), data::Column::of_codes("class", {0, 1, 0, 1}, {"good", "bad"}),
                      data::Column::of_codes("sex", {0, 1, 0, 1}, {"f", "m"}), data::Column::of_integers("id", {1, 1, 2, 2})});
  config::Experiment e;
  e.inputs.all = true;
  e.target.column = "class";
  e.target.task = config::Task::binary;
  e.target.positive = "good";
  e.protected_columns = {"sex"};
  e.split.group = "id";
  e.features = {feature("b", "a * 2")};
  config::FeatureSpec plugin;
  plugin.name = "p";
  plugin.component = config::Component{"test.twice", {}, {}};
  e.features.push_back(plugin);
  e.features.push_back(feature("c", "p.up + b"));
  const FeatureFactory factory = [](const config::Component&, const data::Frame& given) {
    FeatureColumns made{1, {"", "up"}, {}};
    const std::vector<double> b = given.at("b").to_reals();
    made.values = {b, {}};
    for (const double x : b) made.values[1].push_back(x + 1);
    return made;
  };
  const Dataset d = built(e, frame, factory);
  CHECK(d.y == std::vector<double>{1, 0, 1, 0});
  CHECK(d.classes == std::vector<std::string>{"bad", "good"});
  CHECK(d.inputs == std::vector<std::string>{"a", "b", "p", "p.up", "c"});
  CHECK(d.frame.at("c").to_reals() == std::vector<double>{5, 9, 13, 17});
  CHECK(d.group == std::vector<std::int64_t>{0, 0, 1, 1});
  CHECK(d.warmup_rows == 1);
}

TEST_CASE("data that contradict the file are named, all at once") {
  const data::Frame frame =
      planted::table({data::Column::of_reals("a", {1, 2, 3, 4}), data::Column::of_codes("class", {0, 1, 0, 1}, {"good", "bad"}),
                      data::Column::of_reals("empty", std::vector<double>(4, kMissing)), data::Column::of_integers("three", {0, 1, 2, 0})});
  config::Experiment e;
  e.target.column = "clas";
  e.inputs.patterns = {"aa", "class"};
  e.features = {feature("f", "a + zz"), feature("a", "1")};
  const auto found = mistakes(e, frame);
  REQUIRE(found.size() == 4);
  CHECK(found[0].find("no column or earlier feature `zz`") != std::string::npos);
  CHECK(found[1].find("has the name of a column that exists") != std::string::npos);
  CHECK(found[2] == "there is no column `clas` in the data | did you mean class?");
  CHECK(found[3].find("matches `aa`") != std::string::npos);
  const auto with_target = [&](const char* column, config::Task task, const char* positive = "") {
    config::Experiment t;
    t.inputs.patterns = {"a"};
    t.target.column = column;
    t.target.task = task;
    t.target.positive = positive;
    const auto texts = mistakes(t, frame);
    return texts.empty() ? std::string() : texts[0];
  };
  CHECK(with_target("class", config::Task::regression).find("is text (good, bad)") != std::string::npos);
  CHECK(with_target("class", config::Task::binary).find("which of them is class 1? | positive: bad") != std::string::npos);
  CHECK(with_target("class", config::Task::binary, "worse").find("positive is `worse`") != std::string::npos);
  CHECK(with_target("empty", config::Task::regression).find("missing in every row") != std::string::npos);
  CHECK(with_target("three", config::Task::binary).find("has 3 values (0, 1, 2)") != std::string::npos);
  CHECK(with_target("three", config::Task::multiclass).empty());
  config::Experiment leak;
  leak.target.column = "a";
  leak.features = {feature("f", "three + 2 * a")};
  leak.inputs.features = true;
  CHECK(mistakes(leak, frame)[0].find("feature `f` reads the target `a`") != std::string::npos);
  leak.features.clear();
  leak.inputs.features = false;
  leak.inputs.patterns = {"a", "three"};
  CHECK(mistakes(leak, frame)[0].find("`a` cannot be an input: it is the target") != std::string::npos);
  config::Experiment horizon = experiment("lead(y, 5)");
  horizon.inputs.features = false;
  horizon.inputs.patterns = {"x"};
  horizon.target.horizon = Span{0, 0, 3};
  CHECK(mistakes(horizon, planted::panel(20, 2))[0].find("3 rows, but target.expr looks 5 rows ahead") != std::string::npos);
  horizon.target.horizon = parse_span("3d");
  CHECK(mistakes(horizon, planted::panel(20, 2))[0].find("the declared horizon is 3d") != std::string::npos);
}

TEST_CASE("a caret stands inside the scalar where the expression is one plain or quoted line") {
  const Place plain{"f.yaml", 3, 10, 5}, quoted{"f.yaml", 3, 10, 7}, folded{"f.yaml", 3, 10, 1};
  CHECK(inside(plain, "x + y", 4, 1).column == 14);
  CHECK(inside(quoted, "x + y", 4, 1).column == 15);
  CHECK(inside(folded, "x + y", 4, 1).column == 10);
}

TEST_CASE("no bit of the train part depends on validation, test or sealed rows") {
  const data::Frame frame = planted::panel(160, 3, 9);
  config::Experiment e = experiment("lead(y, 2) - y");
  e.features = {feature("f", "mean(x, 5, 2)"), feature("g", "x")};
  const std::vector<config::Component> steps = {
      step("missing", {{"method", value("forward_fill")}, {"indicator", {true}}}), step("missing", {{"method", value("median")}}),
      step("outliers", {{"method", value("mad")}, {"threshold", value(3.0)}, {"action", value("clip")}}),
      step("scale", {{"method", value("standard")}})};
  for (const char* use : {"walk_forward", "k_fold", "holdout"}) {
    for (const std::int64_t lookback : {0, 4}) {
      INFO(use << " lookback " << lookback);
      e.inputs.lookback = lookback;
      config::SplitSpec split;
      split.use = use;
      split.train = parse_span("50d");
      split.test = parse_span("20d");
      if (split.use == "walk_forward")
        split.validation = parse_span("15d");
      else
        split.validation_fraction = 0.2;
      split.folds = 4;
      split.final_test = parse_span("20d");
      Diagnostics diagnostics;
      const Dataset d = built(e, frame);
      const Folds folds = make_folds(split, d, SeedTree(1), "", diagnostics);
      REQUIRE_FALSE(diagnostics.has_errors());
      for (const Fold& fold : folds.folds) {
        const FoldData before = assemble_fold(d, fold, folds, steps, false);
        std::vector<std::int64_t> later = fold.test;
        later.insert(later.end(), fold.validation.begin(), fold.validation.end());
        later.insert(later.end(), folds.sealed->test.begin(), folds.sealed->test.end());
        const Dataset changed = built(e, replaced(frame, later, 1e6));
        const FoldData after = assemble_fold(changed, fold, folds, steps, false);
        CHECK(same(before.train.x.values, after.train.x.values));
        CHECK(same(before.train.y, after.train.y));
        CHECK(same(before.train.last_known_target, after.train.last_known_target));
        CHECK(before.preparation.to_json() == after.preparation.to_json());
        if (!fold.test.empty()) CHECK_FALSE(same(before.test.x.values, after.test.x.values));
        // Validation knows nothing of test rows either.
        const FoldData test_only = assemble_fold(built(e, replaced(frame, fold.test, 1e6)), fold, folds, steps, false);
        CHECK(same(before.validation.y, test_only.validation.y));
        CHECK(same(before.validation.last_known_target, test_only.validation.last_known_target));
      }
    }
  }
}

TEST_CASE("windows hold consecutive rows of one entity, and rows without one are counted, not lost") {
  const data::Frame frame = planted::panel(40, 2, 4, [](std::int64_t day, int entity) { return entity == 1 && day == 30; });
  config::Experiment e = experiment("lead(y, 1)");
  e.features = {feature("f", "y * 10"), feature("g", "y")};
  e.inputs.lookback = 5;
  const Dataset d = built(e, frame);
  config::SplitSpec split;
  split.test = parse_span("12");
  Diagnostics diagnostics;
  const Folds folds = make_folds(split, d, SeedTree(1), "", diagnostics);
  const FoldData fold = assemble_fold(d, folds.folds[0], folds, {}, false);
  const FoldPart& test = fold.test;
  CHECK(test.rows() + static_cast<std::int64_t>(test.not_forecast.size()) == static_cast<std::int64_t>(folds.folds[0].test.size()));
  CHECK(test.not_forecast.size() == 4);  // entity 1 has a hole on day 30: days 31 to 34 lack a full window
  CHECK(test.coverage() < 1);
  std::vector<std::int64_t> which(static_cast<std::size_t>(test.rows()));
  for (std::size_t i = 0; i < which.size(); ++i) which[i] = static_cast<std::int64_t>(i);
  std::vector<float> block(which.size() * 5 * 2);
  test.gather(which, block.data());
  const std::vector<double> y = frame.at("y").to_reals();
  for (std::size_t i = 0; i < which.size(); ++i) {
    const auto rows = frame.rows_of_entity(test.entity[i]);
    const auto position = static_cast<std::size_t>(d.position[static_cast<std::size_t>(test.row[i])]);
    for (std::size_t k = 0; k < 5; ++k) {
      const double expected = y[static_cast<std::size_t>(rows[position - 4 + k])];
      CHECK(block[(i * 5 + k) * 2 + 1] == static_cast<float>(expected));
      CHECK(block[(i * 5 + k) * 2] == static_cast<float>(expected * 10));
    }
  }
  CHECK(fold.train.row.front() >= 2 * 4);
  CHECK(fold.naive_mae > 0);
}

TEST_CASE("rules are evaluated over the data, and needed validation rows are asked for") {
  const data::Frame frame =
      planted::table({data::Column::of_reals("x", std::vector<double>(20, 1.5)),
                      data::Column::of_integers("class", {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1})});
  config::Experiment e;
  e.inputs.all = true;
  e.target.column = "class";
  e.target.task = config::Task::binary;
  const Dataset d = built(e, frame);
  config::SplitSpec split;
  split.use = "by_rule";
  split.test_rule = "row % 5 == 4";
  Diagnostics diagnostics;
  CHECK(make_folds(split, d, SeedTree(1), "", diagnostics).folds[0].test == std::vector<std::int64_t>{4, 9, 14, 19});
  CHECK_FALSE(diagnostics.has_errors());
  make_folds(split, d, SeedTree(1), "train.early_stopping", diagnostics);
  REQUIRE(diagnostics.items().size() == 1);
  CHECK(diagnostics.items()[0].message == "train.early_stopping needs validation rows, and the split gives none");
}

TEST_CASE("a large panel with a handful of features is built quickly", "[.speed]") {
  const data::Frame frame = planted::panel(5000, 500);
  config::Experiment e = experiment("lead(y, 6) / lead(y, 1) - 1");
  e.features = {feature("ret", "y / lag(y, 1) - 1"), feature("vol", "std(ret, 20, 5)"), feature("m", "mean(ret, 60, 20)"),
                feature("z", "(ret - m) / vol"), feature("r", "max(y, 20) - min(y, 20)")};
  const auto begin = std::chrono::steady_clock::now();
  const Dataset d = built(e, frame);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  WARN("500 x 5000 panel, 5 features and target: " << seconds << " s");
  CHECK(d.rows() == 2'500'000);
}
