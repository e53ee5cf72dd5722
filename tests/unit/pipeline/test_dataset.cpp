#include <chrono>
#include <cmath>
#include <cstring>

#include "pipeline/fold_data.hpp"
#include "pipeline/segments.hpp"
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
  for (const Diagnostic& item : diagnostics.items())
    if (item.severity == Severity::error) FAIL(item.message);
  return dataset;
}
std::vector<std::string> mistakes(const config::Experiment& e, const data::Frame& frame, const FeatureFactory& factory = {}) {
  Diagnostics diagnostics;
  build_dataset(e, frame, factory, diagnostics);
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

TEST_CASE("labels of the last rows end after the data, so that their last row does not know them") {
  const data::Frame frame = planted::panel(12, 2, 3);
  config::Experiment e = experiment("");
  e.target.column = "y";
  e.target.horizon = Span{0, 0, 3};
  e.features = {feature("f", "mean(x, 4, 1)")};
  const Dataset d = built(e, frame);
  for (std::int32_t entity = 0; entity < 2; ++entity) {
    const auto rows = frame.rows_of_entity(entity);
    for (const std::int64_t row : rows)
      CHECK(d.label_end[static_cast<std::size_t>(row)] == frame.known_at()[static_cast<std::size_t>(row)] + 3 * kNsPerDay);
    CHECK(d.last_known_target[static_cast<std::size_t>(rows.back())] == d.y[static_cast<std::size_t>(rows[rows.size() - 4])]);
  }
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
    FeatureColumns made{{1, 1}, {"", "up"}, {}};
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

TEST_CASE("who names a faulty feature is not to blame, and all else is told") {
  const data::Frame frame = planted::panel(12, 2);
  config::Experiment e = experiment("lead(wrong, 1)");
  e.features = {feature("wrong", "nowhere + 2 * nothing"), feature("after", "wrong + x"), feature("good", "2 * x")};
  e.inputs.features = false;
  e.inputs.patterns = {"wrong", "after", "good", "missing_one"};
  e.split.use = "by_rule";
  e.split.test_rule = "after > 1";
  Diagnostics diagnostics;
  const Dataset dataset = build_dataset(e, frame, {}, diagnostics);
  std::vector<std::string> keys;
  for (const Diagnostic& item : diagnostics.items()) keys.push_back(item.key);
  CHECK(keys == std::vector<std::string>{"features.wrong", "features.wrong", "inputs"});
  CHECK(dataset.doubtful.names() == std::vector<std::string>{"wrong", "after"});
  CHECK(dataset.inputs == std::vector<std::string>{"good"});
  CHECK(std::none_of(dataset.y.begin(), dataset.y.end(), [](double y) { return std::isnan(y); }));  // so that a split can be looked at
  Diagnostics of_split;
  CHECK(make_folds(e.split, dataset, SeedTree(1), "", of_split).folds.empty());
  CHECK(of_split.items().empty());
}

TEST_CASE("windows of features and labels end at holes once the bar is known, and no later row moves a hole") {
  std::vector<TimeNs> day;
  std::vector<double> x;
  for (std::int64_t d = 0; d < 30; ++d) {
    if (d % 7 == 5 || d % 7 == 6 || (d > 8 && d < 18)) continue;  // closed at weekends, and a hole
    day.push_back(d * kNsPerDay);
    x.push_back(static_cast<double>(d));
  }
  data::FrameNotes notes;
  data::TimeRules rules;
  rules.time_column = "day";
  const data::Frame frame = data::Frame::finish({data::Column::of_times("day", day), data::Column::of_reals("x", x)}, rules, notes);
  config::Experiment e = experiment("lead(x, 1) - x");
  e.data.entity.clear();
  e.features = {feature("step", "x - lag(x, 1)")};
  e.data.time = config::DataSpec::Time{};
  e.data.time->column = "day";
  const auto steps = [&](const data::Frame& given) {
    const Dataset dataset = built(e, given);
    const auto values = dataset.frame.at("step").reals();
    return std::pair(std::vector<double>(values.begin(), values.end()), dataset.y);
  };
  const auto [across, across_y] = steps(frame);
  CHECK(across[7] == 10);  // 18 - 8: without a bar nobody said that this is a hole
  CHECK(across_y[6] == 10);
  e.data.time->bar = parse_span("1d");
  const auto [step, y] = steps(frame);
  CHECK(step[5] == 3);  // a weekend is none
  CHECK(std::isnan(step[7]));
  CHECK(std::isnan(y[6]));
  CHECK(step[8] == 3);  // 21 - 18
  const std::vector<std::int64_t> early = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  const auto [part, part_y] = steps(frame.taken(early));
  for (std::size_t i = 1; i < part.size(); ++i) CHECK((part[i] == step[i] || (std::isnan(part[i]) && std::isnan(step[i]))));
}

TEST_CASE("no feature among the inputs reads a label before it has ended") {
  const data::Frame frame = planted::panel(60, 2);
  config::FeatureSpec plugin = feature("p", "");
  plugin.component = config::Component{"test.copy", {{"column", value("y")}}, {}};
  const FeatureFactory copy = [](const config::Component& component, const data::Frame& given) {
    FeatureColumns made{{0}, {""}, {given.at(config::find(component.params, "column")->as_text()).to_reals()}};
    return made;
  };
  const auto leak = [&](config::Experiment e, const char* text) {
    if (*text != '\0') e.features.push_back(feature("f", text));
    const auto texts = mistakes(e, frame, copy);
    return texts.empty() ? std::string() : texts[0];
  };
  config::Experiment column = experiment("");
  column.target.column = "y";
  CHECK(leak(column, "x * 2").find("does not say when its values are known") != std::string::npos);
  for (const char* horizon : {"5", "5d"}) {
    INFO("horizon " << horizon);
    column.target.horizon = parse_span(horizon);
    for (const char* early : {"lag(y, 1)", "mean(lag(y, 4), 20, 1)", "y", "lag(y, 5) + lag(y, 4) * x"}) {
      INFO(early);
      CHECK(leak(column, early).find("feature `f` reads the target `y` of ") == 0);
    }
    for (const char* fine : {"lag(y, 5)", "mean(lag(y, 5), 20, 1)", "x * 2"}) {
      INFO(fine);
      CHECK(leak(column, fine).empty());
    }
    config::Experiment by_plugin = column;
    by_plugin.features = {plugin};
    CHECK(leak(by_plugin, "").find("feature `p` reads the target `y` of the present row") == 0);
    by_plugin.inputs.features = false;
    by_plugin.inputs.patterns = {"f"};
    CHECK(leak(by_plugin, "lag(p, 4)").find("feature `f` reads the target `y` of 4 rows before") == 0);
    CHECK(leak(by_plugin, "lag(p, 5)").empty());
    by_plugin.features[0].component->params = {{"column", value("late")}};
    by_plugin.features.insert(by_plugin.features.begin(), feature("late", "lag(y, 3)"));
    CHECK(leak(by_plugin, "p + 1").find("feature `f` reads the target `y` of 3 rows before") == 0);
    config::Experiment by_expression = column;
    by_expression.target.column.clear();
    by_expression.target.expression = "if(y > 0, 1, 0)";
    CHECK(leak(by_expression, "y + 0.1 * x").find("feature `f` reads what the target is made from, `y`") == 0);
    CHECK(leak(by_expression, "lag(y, 4)").find("feature `f` reads what the target is made from, `y`") == 0);
    CHECK(leak(by_expression, "lag(y, 5)").empty());
  }
  column.target.horizon = Span{};
  CHECK(leak(column, "y * 2").find("while its value is known at its row | use earlier values, as in lag(y, 1)") != std::string::npos);
  CHECK(leak(column, "lag(y, 1)").empty());
  CHECK(leak(experiment("lead(y, 1) - y"), "y * 2").empty());
  config::Experiment plain;
  plain.inputs.features = true;
  plain.target.expression = "if(y > 2, 1, 0)";
  plain.features = {feature("f", "y * 2")};
  const data::Frame table = planted::table({data::Column::of_reals("x", {1, 2, 3, 4}), data::Column::of_reals("y", {1, 2, 3, 4})});
  CHECK(mistakes(plain, table)[0].find("feature `f` reads what the target is made from, `y` | take it out of the feature") == 0);
}

TEST_CASE("a feature made from a protected column is no input") {
  const data::Frame frame = planted::table({data::Column::of_reals("a", {1, 2, 3, 4}), data::Column::of_reals("age", {20, 30, 40, 50}),
                                            data::Column::of_reals("y", {1, 2, 3, 5})});
  config::Experiment e;
  e.target.column = "y";
  e.protected_columns = {"age"};
  e.features = {feature("old", "age > 35"), feature("f", "if(old, a, -a)")};
  e.inputs.patterns = {"f"};
  REQUIRE(mistakes(e, frame).size() == 1);
  CHECK(mistakes(e, frame)[0].find("feature `f` reads `age`, which is protected") == 0);
  e.inputs.patterns = {"a"};
  CHECK(mistakes(e, frame).empty());
  e.inputs.patterns.clear();
  e.inputs.all = true;
  CHECK(mistakes(e, frame).size() == 2);
}

TEST_CASE("class weights: one for each class of the data") {
  const data::Frame frame =
      planted::table({data::Column::of_reals("a", {1, 2, 3, 4, 5, 6}), data::Column::of_integers("y", {0, 1, 2, 0, 1, 2})});
  config::Experiment e;
  e.target.column = "y";
  e.target.task = config::Task::multiclass;
  e.inputs.patterns = {"a"};
  e.train.class_weight = {1, 2};
  REQUIRE(mistakes(e, frame).size() == 1);
  CHECK(mistakes(e, frame)[0] == "2 class weights, while the target has 3 classes | write one weight for each, in this order: 0, 1, 2");
  e.train.class_weight = {1, 2, 3};
  CHECK(mistakes(e, frame).empty());
}

namespace {
data::Frame series(const std::vector<TimeNs>& times) {
  data::FrameNotes notes;
  data::TimeRules rules;
  rules.time_column = "day";
  return data::Frame::finish({data::Column::of_times("day", times)}, rules, notes);
}
// Rows at which a new segment begins, the first left out.
std::vector<std::size_t> breaks(const data::Frame& frame, const char* bar, std::vector<std::string>* notes = nullptr) {
  std::vector<std::string> said;
  const auto segment = segments(frame, *bar == '\0' ? std::nullopt : parse_span(bar), said);
  std::vector<std::size_t> found;
  for (std::size_t i = 1; i < segment.size(); ++i) {
    if (segment[i] != segment[i - 1]) found.push_back(i);
  }
  if (notes != nullptr) *notes = said;
  return found;
}
}  // namespace

TEST_CASE("a single series has holes where rows are farther apart than its bars, weekends and month ends aside") {
  std::vector<TimeNs> business, daily, hourly, monthly;
  for (std::int64_t day = 0; day < 120; ++day) {
    const std::int64_t weekday = (day + 4) % 7;  // 0 is Sunday
    if (day != 50) daily.push_back(day * kNsPerDay);
    if (day >= 60 && day < 67) continue;
    if (weekday == 0 || weekday == 6 || day == 88 || day == 92) continue;  // long weekends
    business.push_back(day * kNsPerDay);
    for (int hour = 9; hour < 17; ++hour) hourly.push_back(day * kNsPerDay + hour * 3600 * kNsPerSecond);
  }
  std::vector<std::string> notes;
  const auto holes = breaks(series(business), "1d", &notes);
  REQUIRE(holes.size() == 1);
  CHECK(business[holes[0] - 1] == 57 * kNsPerDay);  // a Friday
  CHECK(business[holes[0]] == 67 * kNsPerDay);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("1 holes: rows much farther apart than a bar of 1d, first from 1970-02-27 to 1970-03-09") == 0);
  CHECK(breaks(series(daily), "1d") == std::vector<std::size_t>{50});  // no closing days: one missing day is a hole
  CHECK(breaks(series(hourly), "1h").size() == 1);
  for (const char* day : {"1970-01-30", "1970-02-27", "1970-03-31", "1970-04-30", "1970-06-30", "1970-07-31"})
    monthly.push_back(*parse_iso(day));
  CHECK(breaks(series(monthly), "1mo") == std::vector<std::size_t>{4});  // May is missing
  CHECK(breaks(series(business), "", &notes).empty());
  CHECK(notes.empty());  // 10 days are not over 10 times a day
  business.push_back(business.back() + 40 * kNsPerDay);
  CHECK(breaks(series(business), "", &notes).empty());
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("1 gaps are over 10 times the usual step, the longest from 1970-04-30 to 1970-06-09") == 0);
}

TEST_CASE("a panel's segments are numbered entity by entity, each beginning anew where rows are lacking") {
  // Entity 1 comes later, 0 lacks a day, 2 lacks five weeks, and 1 lacks eight weeks after those.
  const data::Frame frame = planted::panel(200, 3, 1, [](std::int64_t day, int entity) {
    return (entity == 1 && day < 20) || (entity == 0 && day == 50) || (entity == 2 && day >= 60 && day < 95) ||
           (entity == 1 && day >= 110 && day < 166);
  });
  for (const char* bar : {"", "1d"}) {
    std::vector<std::string> notes;
    const auto segment = segments(frame, *bar == '\0' ? std::nullopt : parse_span(bar), notes);
    for (std::size_t row = 0; row < frame.rows(); ++row) {
      const std::int64_t day = frame.bar_time()[row] / kNsPerDay;
      const int entity = frame.entity()[row];
      const int wanted = entity == 0 ? (day < 50 ? 0 : 1) : entity == 1 ? (day < 110 ? 2 : 3) : day < 60 ? 4 : 5;
      INFO("entity " << entity << ", day " << day);
      REQUIRE(segment[row] == wanted);
    }
    REQUIRE(notes.size() == (*bar == '\0' ? 1 : 2));
    CHECK(notes[0].find("3 holes: ") == 0);
    if (*bar != '\0') CHECK(notes[1].find("3 holes: rows much farther apart than a bar of 1d, first from 1970-02-19 to 1970-02-21") == 0);
  }
}

TEST_CASE("a single series' windows break at a hole of data.time.bar") {
  std::vector<TimeNs> day;
  std::vector<double> x;
  for (std::int64_t d = 0; d < 80; ++d) {
    if (d >= 30 && d < 50) continue;
    day.push_back(d * kNsPerDay);
    x.push_back(static_cast<double>(d * d % 17));
  }
  data::FrameNotes notes;
  data::TimeRules rules;
  rules.time_column = "day";
  const data::Frame frame = data::Frame::finish({data::Column::of_times("day", day), data::Column::of_reals("x", x)}, rules, notes);
  config::Experiment e = experiment("lead(x, 1)");
  e.data.entity.clear();
  e.features = {feature("f", "x + 1")};
  CHECK(built(e, frame).segment.back() == 0);
  e.data.time->bar = parse_span("1d");
  CHECK(built(e, frame).segment[29] == 0);
  CHECK(built(e, frame).segment[30] == 1);
}

TEST_CASE("returns of raw prices, and returns that cannot be traded, are noted") {
  std::vector<TimeNs> day;
  std::vector<double> price;
  for (std::int64_t d = 0; d < 30; ++d) {
    day.push_back(d * kNsPerDay);
    price.push_back(100 + static_cast<double>(d * d % 17));
  }
  data::FrameNotes frame_notes;
  data::TimeRules rules;
  rules.time_column = "day";
  const data::Frame frame = data::Frame::finish({data::Column::of_times("day", day), data::Column::of_reals("open", price),
                                                 data::Column::of_reals("Close", price), data::Column::of_reals("load", price)},
                                                rules, frame_notes);
  const auto said = [&](const char* target, const char* kind) {
    config::Experiment e = experiment(target);
    e.data.entity.clear();
    e.data.adjustment_kind = kind;
    e.features = {feature("f", "load + 1")};
    std::string all;
    for (const std::string& note : built(e, frame).notes)
      all += note.find("prices are raw") == 0 ? "R" : note.find("the target starts") == 0 ? "T" : "";
    return all;
  };
  CHECK(said("lead(Close, 1) / Close - 1", "raw") == "RT");
  CHECK(said("lead(Close, 1) / Close - 1", "total") == "T");
  CHECK(said("log(lead(Close, 5)) - log(Close)", "split") == "T");
  CHECK(said("lead(Close, 6) / lead(open, 1) - 1", "raw") == "R");
  CHECK(said("lead(Close, 6) / lead(open, 1) - 1", "total").empty());
  CHECK(said("lead(load, 1) / load - 1", "raw").empty());
  CHECK(said("lead(Close, 1)", "raw").empty());
}

TEST_CASE("a caret stands inside the scalar where the expression is one plain or quoted line") {
  const Place plain{"f.yaml", 3, 10, 5}, quoted{"f.yaml", 3, 10, 7}, folded{"f.yaml", 3, 10, 1};
  CHECK(inside(plain, "x + y", 4, 1).column == 14);
  CHECK(inside(quoted, "x + y", 4, 1).column == 15);
  CHECK(inside(folded, "x + y", 4, 1).column == 10);
}

// Stands for a model: an input is worth what its product with the labels says, on the rows that are learned from; it scores by the held-out
// ones. It remembers which rows it was shown.
class PlainJudge final : public InputJudge {
 public:
  struct Asked {
    std::vector<std::int64_t> train, held_out;
  };
  mutable std::vector<Asked> asked;

  bool accepts_missing(const config::Component&) const override { return false; }
  bool wants_held_out(const config::Component&) const override { return false; }
  Judgement judge(const Question&, const std::vector<InputColumn>& inputs, FoldPart train, const FoldPart& held_out) const override {
    asked.push_back({train.row, held_out.row});
    Judgement judgement{products(inputs, train), 0};
    for (const double product : products(inputs, held_out)) judgement.score += product;
    return judgement;
  }

 private:
  static std::vector<double> products(const std::vector<InputColumn>& inputs, const FoldPart& part) {
    std::vector<double> sums(inputs.size(), 0.0);
    for (std::int64_t i = 0; i < part.rows(); ++i) {
      const double* x = part.x.row(part.lookback == 0 ? i : part.window_end[static_cast<std::size_t>(i)]);
      for (std::size_t c = 0; c < inputs.size(); ++c) sums[c] += x[c] * part.y[static_cast<std::size_t>(i)];
    }
    for (double& sum : sums) sum = std::fabs(sum);
    return sums;
  }
};

TEST_CASE("no bit of the train part depends on validation, test or sealed rows") {
  const data::Frame frame = planted::panel(160, 3, 9);
  config::Experiment e = experiment("lead(y, 2) - y");
  e.features = {feature("f", "mean(x, 5, 2)"), feature("g", "x")};
  const std::vector<config::Component> steps = {
      step("missing", {{"method", value("forward_fill")}, {"indicator", {true}}}),
      step("missing", {{"method", value("median")}}),
      step("outliers", {{"method", value("mad")}, {"threshold", value(3.0)}, {"action", value("clip")}}),
      step("hampel", {{"window", config::Value{std::int64_t{9}}}}),
      step("winsorise", {}),
      step("power", {}),
      step("quantile_normal", {}),
      step("scale", {{"by", value("entity")}}),
      step("rolling_standard", {{"window", config::Value{std::int64_t{20}}}, {"min_count", config::Value{std::int64_t{3}}}}),
      step("scale", {{"method", value("standard")}})};
  const std::vector<config::Component> select = {step("variance", {}),
                                                 step("vif", {}),
                                                 step("mutual_information", {{"min", value(0.0)}}),
                                                 step("l1_path", {{"ratio", value(1e-6)}}),
                                                 step("recursive_elimination", {{"model", {config::ComponentValue{"plain", {}}}}}),
                                                 step("f_test", {{"level", value(1.0)}, {"keep", config::Value{std::int64_t{1}}}})};
  const PlainJudge judge;
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
        const FoldData before = assemble_fold(d, fold, folds, {steps, select, false, &judge, 1});
        std::vector<std::int64_t> later = fold.test;
        later.insert(later.end(), fold.validation.begin(), fold.validation.end());
        later.insert(later.end(), folds.sealed->test.begin(), folds.sealed->test.end());
        const Dataset changed = built(e, replaced(frame, later, 1e6));
        const FoldData after = assemble_fold(changed, fold, folds, {steps, select, false, &judge, 1});
        CHECK(same(before.train.x.values, after.train.x.values));
        CHECK(same(before.train.y, after.train.y));
        CHECK(same(before.train.last_known_target, after.train.last_known_target));
        CHECK(before.preparation.to_json() == after.preparation.to_json());
        if (!fold.test.empty()) CHECK_FALSE(same(before.test.x.values, after.test.x.values));
        // Validation knows nothing of test rows either.
        const FoldData test_only = assemble_fold(built(e, replaced(frame, fold.test, 1e6)), fold, folds, {steps, select, false, &judge, 1});
        CHECK(same(before.validation.y, test_only.validation.y));
        CHECK(same(before.validation.last_known_target, test_only.validation.last_known_target));
      }
    }
  }
}

TEST_CASE("what a selection holds out of the train rows comes last, and its labels touch no label that is learned from") {
  const data::Frame frame = planted::panel(160, 3, 9);
  config::Experiment e = experiment("lead(y, 3) - y");
  e.features = {feature("f", "mean(x, 5, 1)"), feature("g", "y")};
  const std::vector<config::Component> fill = {step("missing", {})};
  const std::vector<config::Component> select = {
      step("recursive_elimination", {{"model", {config::ComponentValue{"plain", {}}}}, {"step", value(1.0)}})};
  for (const char* use : {"walk_forward", "purged_k_fold"}) {
    config::SplitSpec split;
    split.use = use;
    split.train = parse_span("60d");
    split.test = parse_span("20d");
    split.folds = 4;
    Diagnostics diagnostics;
    const Dataset d = built(e, frame);
    const Folds folds = make_folds(split, d, SeedTree(1), "", diagnostics);
    REQUIRE_FALSE(diagnostics.has_errors());
    for (const Fold& fold : folds.folds) {
      const PlainJudge judge;
      assemble_fold(d, fold, folds, {fill, select, false, &judge, 1});
      REQUIRE(judge.asked.size() == 2);  // both inputs, then one
      for (const auto& [train, held_out] : judge.asked) {
        REQUIRE_FALSE(train.empty());
        REQUIRE_FALSE(held_out.empty());
        const TimeNs begin = d.frame.known_at()[static_cast<std::size_t>(held_out.front())];
        for (const std::int64_t row : train) CHECK(d.label_end[static_cast<std::size_t>(row)] < begin);
        for (const auto* rows : {&train, &held_out})
          for (const std::int64_t row : *rows) CHECK(std::binary_search(fold.train.begin(), fold.train.end(), row));
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
  const FoldData fold = assemble_fold(d, folds.folds[0], folds, {{}, {}, false});
  const FoldPart& test = fold.test;
  CHECK(test.rows() + static_cast<std::int64_t>(test.not_forecast.size()) == static_cast<std::int64_t>(folds.folds[0].test.size()));
  CHECK(test.not_forecast.size() == 4);  // entity 1 has a hole on day 30: days 31 to 34 lack a full window
  CHECK(test.coverage() < 1);
  REQUIRE(test.x.columns == 2);
  const std::vector<double> y = frame.at("y").to_reals();
  for (std::size_t i = 0; i < test.row.size(); ++i) {
    const auto rows = frame.rows_of_entity(test.entity[i]);
    const auto position = static_cast<std::size_t>(d.position[static_cast<std::size_t>(test.row[i])]);
    for (std::size_t k = 0; k < 5; ++k) {
      const double expected = y[static_cast<std::size_t>(rows[position - 4 + k])];
      const double* seen = test.x.values.data() + (test.window_end[i] - 4 + static_cast<std::int64_t>(k)) * 2;
      CHECK(seen[1] == expected);
      CHECK(seen[0] == expected * 10);
    }
  }
  CHECK(fold.train.row.front() >= 2 * 4);
  REQUIRE(fold.naive_mae.size() == 1);
  CHECK(fold.naive_mae[0] > 0);
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
