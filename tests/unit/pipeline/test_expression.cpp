#include <cmath>
#include <limits>

#include "pipeline/expression.hpp"
#include "pipeline/rolling.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/evaluated.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;
using planted::kMissing;

namespace {

using planted::check_equal;
using planted::evaluated;
using Values = std::vector<double>;

data::Frame fixed() {
  return planted::table({data::Column::of_reals("x", {3.0, 1.5, kMissing, 4.25, -2.0, 7.5, 7.5, 0.1}),
                         data::Column::of_reals("y", {2.0, -1.0, 0.5, 0, 4.0, kMissing, 3.0, -2.5}),
                         data::Column::of_booleans("flag", {1, 0, 1, data::kMissingBoolean, 0, 0, 1, 1}),
                         data::Column::of_codes("purpose", {0, 1, -1, 2, 0, 1, 1, 2}, {"car", "new car", "7"}),
                         data::Column::of_times("due", {0, kNsPerDay, kMissingTime, 3 * kNsPerDay, 0, 0, 0, 0}),
                         data::Column::of_integers("a b", {1, 2, 3, 4, 5, 6, 7, 8})});
}

ExpressionError mistake(const std::string& text, Use use = Use::feature) {
  try {
    const data::Frame frame = fixed();
    Plan(frame).add("", text, use);
  } catch (const ExpressionError& error) {
    return error;
  }
  FAIL("no mistake found in " << text);
  return {"", "", 0, 0};
}

}  // namespace

// Constants from pandas 1.5.3: x.rolling(n, min_periods=m).f(), shift, and %.
TEST_CASE("expressions agree with pandas on fixed data") {
  const data::Frame frame = fixed();
  check_equal(evaluated(frame, "mean(x, 3)"),
              {kMissing, kMissing, kMissing, kMissing, kMissing, 3.25, 4.333333333333333, 5.033333333333333});
  check_equal(evaluated(frame, "std(x, 3, min_count = 2)"), {kMissing, 1.0606601717798212, 1.0606601717798212, 1.9445436482630056,
                                                             4.419417382415922, 4.828301978956992, 5.484827557301445, 4.272391992003231});
  check_equal(evaluated(frame, "var(x, 4, 2)"),
              {kMissing, 1.125, 1.125, 1.8958333333333335, 9.8125, 23.3125, 20.057291666666668, 24.53583333333333});
  check_equal(evaluated(frame, "sum(x, 2, 1)"), {3.0, 4.5, 1.5, 4.25, 2.25, 5.5, 15.0, 7.6});
  check_equal(evaluated(frame, "min(x, 3, 1)"), {3.0, 1.5, 1.5, 1.5, -2.0, -2.0, -2.0, 0.1});
  check_equal(evaluated(frame, "max(x, 3, 2)"), {kMissing, 3.0, 3.0, 4.25, 4.25, 7.5, 7.5, 7.5});
  check_equal(evaluated(frame, "x / lag(x, 1) - 1"),
              {kMissing, -0.5, kMissing, kMissing, -1.4705882352941178, -4.75, 0.0, -0.9866666666666667});
  check_equal(evaluated(frame, "lead(x, 2) - lead(x, 1)"), {kMissing, kMissing, -6.25, 9.5, 0.0, -7.4, kMissing, kMissing});
  check_equal(evaluated(frame, "y % 1.5"), {0.5, 0.5, 0.5, 0.0, 1.0, kMissing, 0.0, 0.5});
  check_equal(evaluated(frame, "y % -1.5"), {-1.0, -1.0, -1.0, 0.0, -0.5, kMissing, 0.0, -1.0});
  check_equal(evaluated(frame, "(x - mean(x, 3, 1)) / std(x, 3, 2)"),
              {kMissing, -0.7071067811865476, kMissing, 0.7071067811865476, -0.7071067811865475, 0.8802266342334462, 0.5773502691896257,
               -1.1547005383792515});
}

TEST_CASE("logic, choice, categories and times keep to the written rules") {
  const data::Frame frame = fixed();
  check_equal(evaluated(frame, "flag and x > 2"), {1, 0, kMissing, kMissing, 0, 0, 1, 0});
  check_equal(evaluated(frame, "flag || x > 2"), {1, 0, 1, 1, 0, 1, 1, 1});
  check_equal(evaluated(frame, "not flag"), {0, 1, 0, kMissing, 1, 1, 0, 0});
  check_equal(evaluated(frame, "if(flag, x, 9)"), {3, 9, kMissing, kMissing, 9, 9, 7.5, 0.1});
  check_equal(evaluated(frame, "purpose == \"car\""), {1, 0, kMissing, 0, 1, 0, 0, 0});
  check_equal(evaluated(frame, "'new car' != purpose"), {1, 0, kMissing, 1, 1, 0, 0, 1});
  check_equal(evaluated(frame, "purpose == 7"), {0, 0, kMissing, 1, 0, 0, 0, 1});
  check_equal(evaluated(frame, "due >= \"1970-01-02\""), {0, 1, kMissing, 1, 0, 0, 0, 0});
  check_equal(evaluated(frame, "[a b] * 2 + `a b`"), {3, 6, 9, 12, 15, 18, 21, 24});
  check_equal(evaluated(frame, "row % 5 == 4"), {0, 0, 0, 0, 1, 0, 0, 0});
  check_equal(evaluated(frame, "1 / (y - y)"), Values(8, kMissing));
  check_equal(evaluated(frame, "log(y)"),
              {std::log(2.0), kMissing, std::log(0.5), kMissing, std::log(4.0), kMissing, std::log(3.0), kMissing});
  check_equal(evaluated(frame, "sqrt(y)"), {std::sqrt(2.0), kMissing, std::sqrt(0.5), 0, 2, kMissing, std::sqrt(3.0), kMissing});
  check_equal(evaluated(frame, "clip(x, 0, 4) + sign(y)"), {4, 0.5, kMissing, 4, 1, kMissing, 5, -0.9});
  check_equal(evaluated(frame, "least(x, y, 1)"), {1, -1, kMissing, 0, -2, kMissing, 1, -2.5});
  check_equal(evaluated(frame, "greatest(x, y, 1) - abs(y)"), {1, 0.5, kMissing, 4.25, 0, kMissing, 4.5, -1.5});
  check_equal(evaluated(frame, "pow(x, 2) - exp(0)"), {8, 1.25, kMissing, 17.0625, 3, 55.25, 55.25, -0.99});
  check_equal(evaluated(frame, "-x - -2 * 3 + 2"), {5, 6.5, kMissing, 3.75, 10, 0.5, 0.5, 7.9});
}

TEST_CASE("mistakes in expressions point to their characters") {
  struct Case {
    const char* text;
    std::int64_t offset, length;
    const char* message;
  };
  const Case cases[] = {{"x + ", 4, 1, "ends too early"},
                        {"x + zz", 4, 2, "no column or earlier feature `zz`"},
                        {"meen(x, 3)", 0, 4, "no function `meen`"},
                        {"mean(x)", 0, 7, "takes 2 to 3 arguments, not 1"},
                        {"lead(x, 1)", 0, 4, "looks into the future"},
                        {"lag(x, -1)", 7, 2, "must lie within 0"},
                        {"mean(x, y)", 8, 1, "whole number"},
                        {"std(x, 1)", 7, 1, "must lie within 2"},
                        {"mean(x, 3, 4)", 11, 1, "min_count must lie within 1 and 3"},
                        {"x = 1", 2, 1, "assigns nothing"},
                        {"a b + 1", 2, 1, "not expected"},
                        {"(x + 1", 0, 1, "closing `)`"},
                        {"x < y < 1", 6, 1, "chained"},
                        {"purpose + 1", 0, 7, "a category, where a number is wanted"},
                        {"purpose > 'car'", 0, 7, "has an order"},
                        {"if(x, 1, 2)", 3, 1, "a condition is wanted"},
                        {"x == 'car'", 5, 5, "cannot be compared"},
                        {"due > 'soon'", 6, 6, "is not a date"},
                        {"'x'", 0, 3, "only a text"},
                        {"x ^ 2", 2, 1, "means nothing"},
                        {"\"\xC3\xA4\xC3\xB6\" == q", 8, 1, "no column or earlier feature `q`"},
                        {"x ** 2", 3, 1, "`**`"},
                        {"x + 'a", 4, 2, "closing '"},
                        {"3y", 0, 2, "not a number"},
                        {"", 0, 1, "is empty"}};
  for (const Case& expected : cases) {
    INFO(expected.text);
    const ExpressionError error = mistake(expected.text);
    INFO(error.what());
    CHECK(std::string(error.what()).find(expected.message) != std::string::npos);
    CHECK(error.offset() == expected.offset);
    CHECK(error.length() == expected.length);
  }
  CHECK(mistake("x > 1 or y", Use::rule).offset() == 9);
  CHECK(mistake("x", Use::rule).mend().find("row % 5") != std::string::npos);
  CHECK_THROWS_AS(parse_expression(std::string(1000, '(') + "x", Use::feature), ExpressionError);
  CHECK_THROWS_AS(parse_expression(std::string(10'000'000, '('), Use::feature), ExpressionError);
  CHECK_THROWS_AS(parse_expression(std::string(3000, '-') + "1", Use::feature), ExpressionError);
  CHECK_NOTHROW(parse_expression(
      "1" +
          [] {
            std::string s;
            for (int i = 0; i < 2000; ++i) s += "+1";
            return s;
          }(),
      Use::feature));
}

TEST_CASE("rows that an expression reads are derived, and equal work is done once") {
  const data::Frame frame = fixed();
  Plan plan(frame);
  const int nested = plan.add("nested", "mean(lag(std(x, 20), 5), 10)", Use::feature);
  CHECK(plan.warmup_rows(nested) == 19 + 5 + 9);
  const int later = plan.add("later", "nested - lag(nested, 1)", Use::feature);
  CHECK(plan.warmup_rows(later) == 34);
  const int target = plan.add("", "lead(x, 6) / lead(x, 1) - 1", Use::target);
  CHECK(plan.lead_rows(target) == 6);
  CHECK(plan.lead_rows(plan.add("", "lag(lead(x, 3), 1)", Use::target)) == 2);
  CHECK(plan.reads(later) == Reads{{"x", -5}});
  CHECK(plan.reads(target) == Reads{{"x", 6}});
  plan.add_column(data::Column::of_reals("p", std::vector<double>(frame.rows(), 1.0)), 3, {{"x", -2}, {"y", 0}});
  CHECK(plan.reads(plan.add("", "lag(p, 2) + lag(y, 1) * x", Use::feature)) == Reads{{"x", 0}, {"y", -1}});
  const std::size_t before = plan.node_count();
  plan.add("again", "mean(lag(std(x, 20), 5), 10) ", Use::feature);
  CHECK(plan.node_count() == before);
}

TEST_CASE("rolling spread keeps its digits under large offsets and after spikes") {
  const std::size_t size = 5000;
  Random random(SeedTree(3));
  Values x(size);
  for (double& v : x) v = 1e9 + random.normal();
  x[1000] = 1e15;  // a running sum of squares would never recover from it
  for (const std::int64_t window : {2, 5, 60, 977}) {
    Values var(size), mean(size);
    rolling({Op::var, window, window}, x, {}, var);
    rolling({Op::mean, window, window}, x, {}, mean);
    const auto n = static_cast<std::size_t>(window);
    for (std::size_t i = n - 1; i < size; i += 37) {
      long double sum = 0, squares = 0;
      for (std::size_t k = i + 1 - n; k <= i; ++k) sum += x[k];
      const long double m = sum / static_cast<long double>(window);
      for (std::size_t k = i + 1 - n; k <= i; ++k) squares += (x[k] - m) * (x[k] - m);
      const double exact = static_cast<double>(squares / static_cast<long double>(window - 1));
      // The mean itself is rounded to 1.2e-7 near 1e9.
      CHECK(std::fabs(var[i] - exact) <= 1e-6 * exact + 5e-7 * std::sqrt(exact));
      CHECK(std::fabs(mean[i] - static_cast<double>(m)) <= 1e-15 * std::fabs(static_cast<double>(m)) * static_cast<double>(window));
    }
  }
  Values constant(100, 0.1), spread(100);
  rolling({Op::std_dev, 7, 7}, constant, {}, spread);
  for (std::size_t i = 6; i < 100; ++i) CHECK(spread[i] == 0.0);
}
