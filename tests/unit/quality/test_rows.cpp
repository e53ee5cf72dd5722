// Order, doubled times, gaps, missing cells, entities: each planted, each beside a clean twin.
#include "quality/calendar.hpp"
#include "small_market.hpp"
#include "support/catch.hpp"

using namespace quality_test;

namespace {
constexpr TimeNs kHour = 3'600 * kNsPerSecond;
}

TEST_CASE("a clean market has no findings, one series or a panel") {
  for (const unsigned seed : {1u, 2u, 3u, 4u, 5u}) {
    const Report one = Market(1'500, 1, seed).report(), panel = Market(600, 12, seed).report();
    INFO(seed << " " << tests_of(one) << tests_of(panel));
    CHECK(one.findings.empty());
    CHECK(panel.findings.empty());
  }
}

TEST_CASE("doubled times are errors, with both rows") {
  Market market;
  market.date[101] = market.date[100];
  const auto found = of(market.report(), "duplicates");
  REQUIRE(found.size() == 1);
  CHECK(found[0].severity == Severity::error);
  CHECK(found[0].count == 1);
  CHECK(found[0].examples[0].row == 101);
  CHECK(found[0].examples[0].value == "as row 101, other values");
  CHECK(found[0].amount == 0);
}

TEST_CASE("a row repeated whole is told apart from one with other values; entities keep the same times") {
  Market market(100, 3);
  for (auto* v : {&market.open, &market.high, &market.low, &market.close, &market.volume}) (*v)[151] = (*v)[150];
  CHECK(of(market.report(), "duplicates").empty());
  market.date[151] = market.date[150];
  const auto found = of(market.report(), "duplicates");
  REQUIRE(found.size() == 1);
  CHECK(found[0].amount == 1);
  CHECK(found[0].examples[0].value == "as row 151, all cells the same");
  REQUIRE(found[0].entities.size() == 1);
  CHECK(found[0].entities[0] == std::pair<std::string, std::int64_t>("S11", 1));
}

TEST_CASE("rows out of order: newest first is a note, one row astray a warning") {
  Market market;
  std::swap(market.date[200], market.date[201]);
  const auto astray = of(market.report(), "unsorted");
  REQUIRE(astray.size() == 1);
  CHECK(astray[0].severity == Severity::warning);
  CHECK(astray[0].count == 1);
  CHECK(astray[0].examples[0].row == 201);
  Market turned;
  std::reverse(turned.date.begin(), turned.date.end());
  const auto newest = of(turned.report(), "unsorted");
  REQUIRE(newest.size() == 1);
  CHECK(newest[0].severity == Severity::note);
  CHECK(newest[0].count == 599);
}

TEST_CASE("a row without a time or an entity is an error") {
  Market market(100, 3);
  market.date[7] = kMissingTime;
  market.symbol[250] = data::kMissingCode;
  const auto found = of(market.report(), "missing_key");
  REQUIRE(found.size() == 2);
  CHECK(found[0].severity == Severity::error);
  CHECK(found[0].examples[0].row == 7);
  CHECK(found[1].examples[0].row == 250);
}

TEST_CASE("holes in weekdays: a holiday is none, three days are told, more than a week is a warning") {
  const auto with_hole = [](std::size_t days) {
    Market market;
    market.erase(300, 300 + days);
    return of(market.report(), "gaps");
  };
  CHECK(with_hole(1).empty());
  CHECK(with_hole(2).empty());
  REQUIRE(with_hole(3).size() == 1);
  CHECK(with_hole(3)[0].severity == Severity::note);
  CHECK(with_hole(5)[0].severity == Severity::note);
  const auto month = with_hole(22);
  REQUIRE(month.size() == 1);
  CHECK(month[0].severity == Severity::warning);
  CHECK(month[0].amount == 22);
  CHECK(month[0].examples[0].row == 300);
}

TEST_CASE("calendars: weekdays, hours of a week, months, none") {
  std::vector<TimeNs> hours, months, wild;
  for (int week = 0; week < 20; ++week)
    for (int h = 0; h < 7 * 24; ++h)
      if (h < 5 * 24 - 2) hours.push_back(4 * kNsPerDay + (week * 7 * 24 + h) * kHour);
  const quality::Calendar of_hours = quality::find_calendar(hours);
  CHECK(of_hours.kind == quality::Calendar::Kind::weekly_pattern);
  CHECK(of_hours.slots_per_week == 118);
  CHECK(of_hours.missed(hours[117], hours[118]) == 0);  // the weekend
  CHECK(of_hours.missed(hours[10], hours[14]) == 3);
  CHECK(of_hours.missed(hours[10], hours[10 + 118 * 3]) == 3 * 118 - 1);
  for (int m = 0; m < 60; ++m) months.push_back(days_from_civil(2000 + m / 12, static_cast<unsigned>(1 + m % 12), 1) * kNsPerDay);
  const quality::Calendar of_months = quality::find_calendar(months);
  CHECK(of_months.kind == quality::Calendar::Kind::even);
  for (std::size_t m = 1; m < months.size(); ++m) CHECK(of_months.missed(months[m - 1], months[m]) == 0);
  CHECK(of_months.missed(months[5], months[8]) == 2);
  Draws draws(3);
  TimeNs at = 0;
  for (int i = 0; i < 200; ++i)
    wild.push_back(at += static_cast<TimeNs>((1 + 400 * draws.uniform() * draws.uniform()) * static_cast<double>(kNsPerDay)));
  CHECK(quality::find_calendar(wild).kind == quality::Calendar::Kind::none);
}

TEST_CASE("a missing month is found; times far from all others and in the future are doubtful") {
  std::vector<TimeNs> date;
  std::vector<double> rate;
  for (int m = 0; m < 80; ++m)
    if (m != 40)
      date.push_back(days_from_civil(2000 + m / 12, static_cast<unsigned>(1 + m % 12), 1) * kNsPerDay), rate.push_back(1 + 0.1 * (m % 7));
  quality::Roles roles;
  roles.time = "date";
  const auto check = [&](TimeNs now) {
    return quality::check(std::vector<Column>{Column::of_times("date", date), Column::of_reals("rate", rate)}, roles, now);
  };
  const auto gaps = of(check(kMissingTime), "gaps");
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].severity == Severity::warning);
  CHECK(gaps[0].examples[0].row == 40);
  CHECK(of(check(date.back()), "doubtful_time").empty());
  CHECK(of(check(date[70]), "doubtful_time")[0].count == 8);
  date[0] = days_from_civil(1900, 1, 1) * kNsPerDay;
  CHECK(of(check(kMissingTime), "doubtful_time")[0].examples[0].row == 0);
}

TEST_CASE("missing cells: columns that lack the same rows stand together, long stretches are warnings, empty columns too") {
  Market market;
  const double nan = std::nan("");
  for (std::size_t i = 0; i < 50; ++i) market.open[i] = market.high[i] = market.low[i] = nan;
  for (std::size_t i = 300; i < 340; ++i) market.volume[i] = nan;
  const auto found = of(market.report(), "missing");
  REQUIRE(found.size() == 2);
  CHECK(found[0].columns == std::vector<std::string>{"volume"});
  CHECK(found[0].severity == Severity::warning);
  CHECK(found[0].amount == 40);
  CHECK(found[1].columns == std::vector<std::string>{"open", "high", "low"});
  CHECK(found[1].severity == Severity::note);
  CHECK(found[1].count == 50);
  Market empty;
  std::fill(empty.volume.begin(), empty.volume.end(), nan);
  CHECK(of(empty.report(), "empty_column")[0].severity == Severity::warning);
  CHECK(of(empty.report("volume"), "empty_column")[0].severity == Severity::error);
}

TEST_CASE("rows without any value, columns nearly always missing together") {
  std::vector<Column> columns;
  std::vector<std::vector<double>> values;
  for (unsigned c = 0; c < 3; ++c) values.push_back(normals(400, c));
  for (std::size_t i = 0; i < 400; i += 10)
    for (auto& v : values) v[i] = std::nan("");
  const auto check = [&] {
    columns.clear();
    for (std::size_t c = 0; c < 3; ++c) columns.push_back(Column::of_reals("x" + std::to_string(c), values[c]));
    return quality::check(columns, {}, kMissingTime);
  };
  CHECK(of(check(), "empty_rows")[0].count == 40);
  CHECK(of(check(), "missing_together").empty());  // exactly the same rows: told by `missing`
  values[2][5] = std::nan("");
  const auto together = of(check(), "missing_together");
  REQUIRE(together.size() == 1);
  CHECK(together[0].columns.size() == 3);
  for (std::size_t i = 0; i < 400; i += 10) values[0][i] = 0.5;
  CHECK(of(check(), "empty_rows").empty());
}

TEST_CASE("missing that depends on the target is told, missing at random is not") {
  Draws draws(9);
  std::vector<double> x = normals(3'000, 1), z = normals(3'000, 2);
  std::vector<std::int64_t> y;
  for (std::size_t i = 0; i < 3'000; ++i) {
    y.push_back(draws.uniform() < 0.2 ? 1 : 0);
    if (draws.uniform() < (y[i] == 1 ? 0.4 : 0.1)) x[i] = std::nan("");
    if (draws.uniform() < 0.2) z[i] = std::nan("");
  }
  quality::Roles roles;
  roles.target = "y";
  const Report report = quality::check(std::vector<Column>{Column::of_reals("x", x), Column::of_reals("z", z), Column::of_integers("y", y)},
                                       roles, kMissingTime);
  const auto found = of(report, "missing_and_target");
  REQUIRE(found.size() == 1);
  CHECK(found[0].columns == std::vector<std::string>{"x"});
}

TEST_CASE("rows of a table that repeat others, numbers of rows left out; few codes repeat by nature") {
  std::vector<std::int64_t> id(500);
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::int64_t>(i);
  std::vector<double> a = normals(500, 1), b = normals(500, 2);
  const auto check = [&] {
    return quality::check(std::vector<Column>{Column::of_integers("id", id), Column::of_reals("a", a), Column::of_reals("b", b)}, {},
                          kMissingTime);
  };
  CHECK(of(check(), "identical_rows").empty());
  a[70] = a[20], b[70] = b[20];
  const auto found = of(check(), "identical_rows");
  REQUIRE(found.size() == 1);
  CHECK(found[0].count == 1);
  CHECK(found[0].examples[0].row == 70);
  CHECK(found[0].examples[0].value == "as row 21");
  std::vector<std::int32_t> dice, coin;
  Draws draws(4);
  for (int i = 0; i < 500; ++i)
    dice.push_back(static_cast<std::int32_t>(6 * draws.uniform())), coin.push_back(draws.uniform() < 0.5 ? 1 : 0);
  const Report codes = quality::check(
      std::vector<Column>{Column::of_codes("dice", dice, {"1", "2", "3", "4", "5", "6"}), Column::of_codes("coin", coin, {"h", "t"})}, {},
      kMissingTime);
  CHECK(of(codes, "identical_rows").empty());
}

TEST_CASE("a panel's entities: rows that they lack, short lives, long holes with another price, stubs") {
  Market market(400, 12);
  market.erase(5 * 400 + 100, 5 * 400 + 102);
  market.erase(2 * 400, 2 * 400 + 150);
  const Report report = market.report();
  INFO(tests_of(report));
  const auto gaps = of(report, "entity_gaps");
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].severity == Severity::note);
  CHECK(gaps[0].count == 2);
  CHECK(gaps[0].examples[0].entity == "S15");
  const auto lives = of(report, "short_lives");
  REQUIRE(lives.size() == 1);
  CHECK(lives[0].examples[0].entity == "S12");
  CHECK(of(report, "reused_ticker").empty());

  Market hole(400, 12);
  hole.scale(7 * 400 + 200, 8 * 400, 4.3);
  hole.erase(7 * 400 + 150, 7 * 400 + 200);
  const auto reused = of(hole.report(), "reused_ticker");
  REQUIRE(reused.size() == 1);
  CHECK(reused[0].examples[0].entity == "S17");
  CHECK(reused[0].examples[0].row == 7 * 400 + 150);

  Market stub(400, 12), taken(400, 12);
  for (std::size_t i = 0; i < 400; ++i) stub.volume[3 * 400 + i] = 20;
  for (std::size_t i = 200; i < 400; ++i) taken.volume[4 * 400 + i] *= 300;
  CHECK(of(stub.report(), "reused_ticker")[0].examples[0].entity == "S13");
  CHECK(of(taken.report(), "reused_ticker")[0].examples[0].entity == "S14");
}
