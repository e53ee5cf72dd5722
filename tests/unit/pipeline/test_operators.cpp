// Each function of the expression language against constants of other programs, and what is said of wrong calls.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "pipeline/expression.hpp"
#include "support/catch.hpp"
#include "unit/pipeline/evaluated.hpp"
#include "unit/pipeline/planted_data.hpp"

using namespace assay;
using namespace assay::pipeline;
using planted::check_equal;
using planted::evaluated;
using planted::kMissing;

// Constants from pandas 1.5.3: x.rolling(n, min_periods=m).f(), corr and cov with y, rank(pct=True), ewm(span=4, min_periods=2); slope and
// r2 from scipy 1.10.1's linregress over the present values and their places; argmin, argmax and decay_linear by rolling.apply with numpy.
TEST_CASE("rolling functions agree with pandas on fixed data with ties and gaps") {
  const data::Frame frame =
      planted::table({data::Column::of_reals("x", {3.0, 1.5, kMissing, 4.25, -2.0, 7.5, 7.5, 0.1, 7.5, -2.0, kMissing, 2.5}),
                      data::Column::of_reals("y", {2.0, -1.0, 0.5, 0, 4.0, kMissing, 3.0, -2.5, 1.0, 4.0, 2.0, 2.0})});
  check_equal(evaluated(frame, "median(x, 4, 2)"), {kMissing, 2.25, 2.25, 3.0, 1.5, 4.25, 5.875, 3.8, 7.5, 3.8, 0.1, 2.5});
  check_equal(evaluated(frame, "quantile(x, 5, 0.3, min_count = 3)"),
              {kMissing, kMissing, kMissing, 2.4, 1.1499999999999995, 1.1499999999999995, 3.624999999999999, 0.9299999999999998,
               1.5799999999999998, 1.5799999999999998, -0.1100000000000001, -0.1100000000000001});
  check_equal(evaluated(frame, "rank(x, 5, 2)"), {kMissing, 0.5, kMissing, 1.0, 0.25, 1.0, 0.875, 0.4, 0.8, 0.2, kMissing, 0.75});
  check_equal(evaluated(frame, "skew(x, 6, 3)"),
              {kMissing, kMissing, kMissing, -0.2713547618998587, -1.0482941818671083, -0.12898746688649915, -0.5895127295987969,
               -0.36676001634853245, -0.7490698948718729, -0.09483441344620364, -0.7215040690372397, 0.0316533628486041});
  check_equal(evaluated(frame, "kurt(x, 6, 4)"),
              {kMissing, kMissing, kMissing, kMissing, 0.9193394259018319, 0.5806356364137185, -1.1513228560122108, -2.387070436291283,
               -1.5589370103983675, -3.093580738832595, -2.677728185507537, -2.510483072914069});
  check_equal(evaluated(frame, "corr(x, y, 6, 3)"),
              {kMissing, kMissing, kMissing, 0.3764037045814055, -0.6638630943597945, -0.6638630943597945, -0.1343679524705787,
               0.08421225991680907, 0.060374495771175554, -0.1364129983614694, 0.0876761782707953, 0.0778396486756568});
  check_equal(evaluated(frame, "cov(x, y, 6, 3)"),
              {kMissing, kMissing, kMissing, 0.7916666666666669, -3.9791666666666665, -3.9791666666666665, -1.2916666666666665,
               1.0562500000000004, 0.6662499999999988, -1.8349999999999989, 1.2458333333333336, 0.8374999999999999});
  check_equal(evaluated(frame, "count(x, 3)"), {1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 2.0, 2.0});
  check_equal(evaluated(frame, "slope(x, 5, 3)"),
              {kMissing, kMissing, kMissing, 0.5535714285714286, -0.725, 0.8214285714285714, 1.925, 0.12000000000000002, 1.16,
               -1.9000000000000001, -2.1100000000000003, -0.07714285714285712});
  check_equal(evaluated(frame, "r2(x, 5, 3)"),
              {kMissing, kMissing, kMissing, 0.37715855572998436, 0.2397719173200285, 0.1206825751699594, 0.30792002077382497,
               0.0019363166953528406, 0.15310395048243217, 0.41075004551247046, 0.3024216282308188, 0.0010391943036756682});
  check_equal(evaluated(frame, "argmax(x, 4, 2)"), {kMissing, 1.0, 2.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 2.0, 3.0});
  check_equal(evaluated(frame, "argmin(x, 4, 2)"), {kMissing, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 3.0, 1.0, 0.0, 1.0, 2.0});
  check_equal(evaluated(frame, "decay_linear(x, 4, 2)"),
              {kMissing, 2.142857142857143, 2.1, 3.2857142857142856, 0.78125, 3.611111111111111, 5.275, 3.59, 5.279999999999999,
               2.2199999999999998, 1.5166666666666666, 1.9285714285714286});
  check_equal(evaluated(frame, "ewm_mean(x, 4, 2)"),
              {kMissing, 2.0624999999999996, 2.0624999999999996, 3.4505076142131976, 0.6490542763157892, 3.8100177174073524,
               5.414067716447807, 3.1815002930785075, 4.960014855096911, 2.1271589832311957, 2.1271589832311957, 2.325007168346443});
  check_equal(evaluated(frame, "ewm_std(x, 4, 2)"),
              {kMissing, 1.0606601717798212, 1.0606601717798212, 1.5729332289487936, 3.592805133004468, 4.85805729078177, 4.183178445539988,
               4.403514439575233, 4.1704324081259605, 5.099342836939726, 5.099342836939726, 3.705504315169199});
}

// Constants from pandas 1.5.3: DataFrame.rank(axis=1, pct=True), sub and div of mean and std(axis=1), groupby(sector).transform("mean");
// the line from numpy 1.24.2's polyfit. Three times of five entities.
TEST_CASE("functions across entities agree with pandas and look at one time alone") {
  std::vector<TimeNs> day;
  std::vector<std::int32_t> symbol, sector;
  for (int d = 0; d < 3; ++d) {
    for (int e = 0; e < 5; ++e) {
      day.push_back(d * kNsPerDay);
      symbol.push_back(e);
      sector.push_back(e == 1 || e == 3 ? 1 : 0);
    }
  }
  data::FrameNotes notes;
  data::TimeRules rules;
  rules.time_column = "day";
  rules.entity_column = "symbol";
  const data::Frame frame =
      data::Frame::finish({data::Column::of_times("day", day), data::Column::of_codes("symbol", symbol, {"A", "B", "C", "D", "E"}),
                           data::Column::of_codes("sector", sector, {"a", "b"}),
                           data::Column::of_reals("x", {1, 5, 5, kMissing, 2, 3, kMissing, kMissing, 7, -1, 4, 4, 4, 4, 4}),
                           data::Column::of_reals("z", {2, 1, 4, 3, 3, 1, 2, 3, kMissing, 5, 1, 2, 3, 4, 5})},
                          rules, notes);
  check_equal(evaluated(frame, "cs_rank(x)"), {0.25, 0.875, 0.875, kMissing, 0.5, 0.6666666666666666, kMissing, kMissing, 1.0,
                                               0.3333333333333333, 0.6, 0.6, 0.6, 0.6, 0.6});
  check_equal(evaluated(frame, "cs_zscore(x)"), {-1.0914103126634984, 0.8488746876271654, 0.8488746876271654, kMissing, -0.6063390625908325,
                                                 0.0, kMissing, kMissing, 1.0, -1.0, kMissing, kMissing, kMissing, kMissing, kMissing});
  check_equal(evaluated(frame, "cs_demean(x)"),
              {-2.25, 1.75, 1.75, kMissing, -1.25, 0.0, kMissing, kMissing, 4.0, -4.0, 0.0, 0.0, 0.0, 0.0, 0.0});
  check_equal(evaluated(frame, "cs_quantile(x, 3)"),
              {1.0, 3.0, 3.0, kMissing, 2.0, 2.0, kMissing, kMissing, 3.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0});
  check_equal(evaluated(frame, "cs_neutralize(x, sector)"), {-1.6666666666666665, 0.0, 2.3333333333333335, kMissing, -0.6666666666666665,
                                                             2.0, kMissing, kMissing, 0.0, -2.0, 0.0, 0.0, 0.0, 0.0, 0.0});
  check_equal(
      evaluated(frame, "cs_neutralize(x, z)"),
      {-2.1999999999999984, 1.9000000000000021, 1.600000000000001, kMissing, -1.299999999999999, -1.3322676295501878e-15, kMissing,
       kMissing, kMissing, -2.6645352591003757e-15, -8.881784197001252e-16, -8.881784197001252e-16, -8.881784197001252e-16, 0.0, 0.0});
  // Stages: a window over a rank, a rank of that, and a part that two stages share.
  const auto rank = evaluated(frame, "cs_rank(mean(cs_rank(x), 2, 1) - lag(x, 1)) + mean(cs_rank(x), 2, 1)");
  const auto inner = evaluated(frame, "mean(cs_rank(x), 2, 1)");
  CHECK(inner[5] == Approx((0.25 + 2.0 / 3) / 2));
  CHECK(std::isnan(rank[0]));
  CHECK(rank[14] == Approx(inner[14] + 1.0));
  CHECK(std::isnan(rank[13]) == false);
}

// Constants from pandas 1.5.3's DatetimeIndex (weekday + 1, isocalendar().week).
TEST_CASE("parts of a time agree with pandas") {
  const std::vector<TimeNs> times = {1609459199000000000, 1609632000000000000, 1709209800000000000, -64500000000000, 1798761600000000000};
  const data::Frame frame = planted::table({data::Column::of_times("due", times), data::Column::of_reals("x", {1, 2, 3, 4, 5})});
  check_equal(evaluated(frame, "year(due)"), {2020, 2021, 2024, 1969, 2027});
  check_equal(evaluated(frame, "quarter(due)"), {4, 1, 1, 4, 1});
  check_equal(evaluated(frame, "month(due)"), {12, 1, 2, 12, 1});
  check_equal(evaluated(frame, "week(due)"), {53, 53, 9, 1, 53});
  check_equal(evaluated(frame, "day_of_year(due)"), {366, 3, 60, 365, 1});
  check_equal(evaluated(frame, "day(due)"), {31, 3, 29, 31, 1});
  check_equal(evaluated(frame, "weekday(due)"), {4, 7, 4, 3, 5});
  check_equal(evaluated(frame, "hour(due)"), {23, 0, 12, 6, 0});
  check_equal(evaluated(frame, "minute(due)"), {59, 0, 30, 5, 0});
  const data::Frame panel = planted::panel(9, 2);
  check_equal(evaluated(panel, "weekday()"), evaluated(panel, "weekday(day)"));
  CHECK(evaluated(panel, "weekday()")[0] == 4);  // 1970-01-01, a Thursday
}

TEST_CASE("wrong calls point to their characters") {
  struct Case {
    const char* text;
    std::int64_t offset, length;
    const char* message;
  };
  const data::Frame table = planted::table({data::Column::of_reals("x", {1, 2}), data::Column::of_codes("c", {0, 1}, {"a", "b"})});
  const Case cases[] = {{"quantile(x, 5)", 0, 14, "takes 3 to 4 arguments, not 2"},
                        {"quantile(x, 5, 1.5)", 15, 3, "within 0 and 1"},
                        {"quantile(x, 5, x)", 15, 1, "within 0 and 1"},
                        {"skew(x, 2)", 8, 1, "must lie within 3"},
                        {"kurt(x, 3, min_count = 2)", 8, 1, "must lie within 4"},
                        {"corr(x, 5, 5)", 8, 1, ""},
                        {"corr(x, x, x)", 11, 1, "whole number"},
                        {"count(x, 5, min_count = 2)", 12, 9, "takes no min_count"},
                        {"corr(x, min_count = 2)", 8, 9, "min_count belongs at the end"},
                        {"ewm_mean(x, 2.5)", 12, 3, "whole number"},
                        {"decay_linear(c, 3)", 13, 1, "a category, where a number is wanted"},
                        {"1 + cs_rank(x)", 4, 10, "no panel"},
                        {"cs_quantile(x, 1)", 15, 1, "must lie within 2"},
                        {"year(x)", 5, 1, "this is a number, where a time is wanted"},
                        {"2 * month()", 4, 7, "no time of their own"},
                        {"year(x, x)", 0, 10, "takes 0 to 1 argument, not 2"},
                        {"medan(x, 5)", 0, 5, "no function `medan`"}};
  for (const Case& expected : cases) {
    INFO(expected.text);
    if (*expected.message == '\0') {
      CHECK_NOTHROW(Plan(table).add("", expected.text, Use::feature));
      continue;
    }
    try {
      Plan(table).add("", expected.text, Use::feature);
      FAIL("no mistake found");
    } catch (const ExpressionError& error) {
      INFO(error.what());
      CHECK(std::string(error.what()).find(expected.message) != std::string::npos);
      CHECK(error.offset() == expected.offset);
      CHECK(error.length() == expected.length);
    }
  }
}

TEST_CASE("what an expression reads counts windows of pairs, and fading ones until they have faded") {
  const data::Frame frame = planted::panel(5, 2);
  Plan plan(frame);
  CHECK(plan.warmup_rows(plan.add("", "corr(x, lag(y, 3), 10)", Use::feature)) == 12);
  CHECK(plan.warmup_rows(plan.add("", "ewm_std(x, 10)", Use::feature)) == 69);
  CHECK(plan.warmup_rows(plan.add("", "cs_rank(quantile(x, 5, 0.5))", Use::feature)) == 4);
  CHECK(plan.lead_rows(plan.add("", "cs_demean(lead(x, 2))", Use::target)) == 2);
  CHECK(plan.reads(plan.add("", "cs_neutralize(lag(x, 1), y)", Use::feature)) == Reads{{"x", -1}, {"y", 0}});
}

TEST_CASE("the reference page of operators is what the table says") {
  const auto page = std::filesystem::path(SOURCE_ROOT) / "docs/expressions.md";
  const std::string now = operators_markdown();
  if (std::getenv("ASSAY_UPDATE_EXPECTED") != nullptr) std::ofstream(page, std::ios::binary) << now;
  std::ifstream stream(page, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  CHECK(text.str() == now);  // ASSAY_UPDATE_EXPECTED=1 writes it anew
}
