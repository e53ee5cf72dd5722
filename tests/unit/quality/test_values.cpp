// Prices, bars, columns, leaks: each mistake planted, each beside a clean twin; the simulated sources and their false alarms.
#include "data/simulate_credit.hpp"
#include "data/simulate_market.hpp"
#include "small_market.hpp"
#include "support/catch.hpp"

using namespace quality_test;

TEST_CASE("a split is found by its ratio and the volume, a small one not without it") {
  Market two, three_to_two, silent;
  two.scale(300, 600, 0.5);
  for (std::size_t i = 300; i < 600; ++i) two.volume[i] *= 2;
  three_to_two.scale(300, 600, 2.0 / 3);
  for (std::size_t i = 300; i < 600; ++i) three_to_two.volume[i] *= 1.5;
  silent.scale(300, 600, 2.0 / 3);
  for (const Market* market : {&two, &three_to_two}) {
    const auto found = of(market->report(), "splits");
    REQUIRE(found.size() == 1);
    CHECK(found[0].columns == std::vector<std::string>{"close"});
    CHECK(found[0].examples[0].row == 300);
    CHECK(found[0].examples[0].value.find("volume the other way") != std::string::npos);
  }
  CHECK(of(silent.report(), "splits").empty());
  silent.scale(300, 600, 0.9);  // 3:5 in all, the ratio of no split
  const auto jump = of(silent.report(), "jumps");
  REQUIRE(jump.size() == 1);
  CHECK(jump[0].examples[0].row == 300);
}

TEST_CASE("a bad tick goes away and back; a move that stays is none") {
  for (const std::size_t width : {1u, 2u, 3u}) {
    Market market;
    for (std::size_t i = 200; i < 200 + width; ++i) market.close[i] *= 1.4;
    const auto found = of(market.report(), "bad_ticks");
    REQUIRE(found.size() == 1);
    CHECK(found[0].columns == std::vector<std::string>{"close"});
    CHECK(found[0].count == 1);
    CHECK(found[0].examples[0].row == 200);
  }
  Market stays;
  stays.scale(200, 600, 1.3);
  CHECK(of(stays.report(), "bad_ticks").empty());
  CHECK(of(stays.report(), "jumps").empty());  // under one half
}

TEST_CASE("a wild market is not full of bad ticks: the neighbours' changes are the measure") {
  Market market;
  Draws draws(5);
  for (std::size_t i = 250; i < 300; ++i) market.close[i] *= std::exp(0.1 * draws.normal());
  CHECK(of(market.report(), "bad_ticks").empty());
}

TEST_CASE("stale runs: long ones in a moving price, not in a column that rarely moves") {
  Market market;
  for (std::size_t i = 400; i < 430; ++i) market.close[i] = market.close[399];
  const auto found = of(market.report(), "stale");
  REQUIRE(found.size() == 1);
  CHECK(found[0].count == 31);
  CHECK(found[0].amount == 31);
  CHECK(found[0].examples[0].row == 399);
  Market rate;
  Draws draws(8);
  double policy = 2;
  for (double& v : rate.volume) v = policy += draws.uniform() < 0.05 ? 0.25 : 0;
  quality::Roles roles;
  roles.time = "date";
  const std::vector<Column> columns{Column::of_times("date", rate.date), Column::of_reals("policy_rate", rate.volume)};
  CHECK(quality::check(columns, roles, kMissingTime).findings.empty());
}

TEST_CASE("interpolated: a stretch that is the mean of its neighbours to the last digit") {
  const Market market(1'000);
  std::vector<double> two, five, ten;
  Draws draws(3);
  double a = 2, b = 3, c = 4;
  const auto cents = [](double v) { return std::round(100 * v) / 100; };
  for (int i = 0; i < 1'000; ++i) {
    const double common = 0.05 * draws.normal();
    a += common + 0.03 * draws.normal(), b += common + 0.03 * draws.normal(), c += common + 0.03 * draws.normal();
    two.push_back(cents(a)), five.push_back(cents(b)), ten.push_back(cents(c));
  }
  quality::Roles roles;
  roles.time = "date";
  const auto check = [&] {
    return quality::check(std::vector<Column>{Column::of_times("date", market.date), Column::of_reals("y2", two),
                                              Column::of_reals("y5", five), Column::of_reals("y10", ten)},
                          roles, kMissingTime);
  };
  CHECK(of(check(), "interpolated").empty());
  for (std::size_t i = 300; i < 500; ++i) five[i] = std::round(100 * (two[i] + ten[i]) / 2 + 1e-9) / 100;
  const auto found = of(check(), "interpolated");
  REQUIRE(found.size() == 1);
  CHECK(found[0].columns == std::vector<std::string>{"y5"});
  CHECK(found[0].amount >= 195);
  CHECK(found[0].examples[0].row >= 298);
  CHECK(found[0].examples[0].row <= 302);
}

TEST_CASE("bars: close and open outside, high below low, four equal prices, zero volume, prices that are none") {
  Market market;
  market.close[10] = market.high[10] * 1.01;
  market.open[20] = market.low[20] * 0.99;
  std::swap(market.high[30], market.low[30]);
  const auto outside = of(market.report(), "outside_range");
  REQUIRE(outside.size() == 3);
  CHECK(outside[0].columns == std::vector<std::string>{"high", "low"});
  CHECK(outside[0].examples[0].row == 30);
  CHECK(outside[1].columns == std::vector<std::string>{"close"});
  CHECK(outside[1].examples[0].row == 10);
  CHECK(outside[2].examples[0].row == 20);

  Market rounded;
  for (std::size_t i = 0; i < rounded.size(); ++i) rounded.close[i] = rounded.high[i] * (1 + 1e-9);
  CHECK(of(rounded.report(), "outside_range").empty());

  Market flat;
  for (std::size_t i = 0; i < 50; ++i) flat.open[i] = flat.high[i] = flat.low[i] = flat.close[i];
  flat.volume[77] = 0;
  flat.close[90] = 0;
  flat.volume[99] = -5;
  const Report report = flat.report();
  CHECK(of(report, "flat_bars")[0].count == 50);
  CHECK(of(report, "zero_volume")[0].examples[0].row == 77);
  const auto doubtful = of(report, "doubtful_values");
  REQUIRE(doubtful.size() == 2);
  CHECK(doubtful[0].examples[0].row == 99);
  CHECK(doubtful[1].examples[0].row == 90);
}

TEST_CASE("columns: constant, the same, nearly the same, placeholders, text among numbers, spellings") {
  const std::vector<double> a = normals(1'000, 1), b = normals(1'000, 2);
  std::vector<double> near = a, holds = b;
  for (std::size_t i = 0; i < near.size(); ++i) near[i] = 3 * a[i] + 0.001 * b[i];
  holds[5] = holds[50] = holds[500] = -999;
  std::vector<std::int32_t> codes, mixed;
  std::vector<std::string> levels;
  for (int i = 0; i < 1'000; ++i) {
    codes.push_back(i % 3);
    mixed.push_back(i == 123 ? 0 : 1 + i % 40);
  }
  levels.emplace_back("withheld");
  for (int i = 0; i < 40; ++i) levels.push_back(std::to_string(i));
  const std::vector<Column> columns{Column::of_reals("a", a),
                                    Column::of_reals("copy", a),
                                    Column::of_reals("near", near),
                                    Column::of_reals("b", b),
                                    Column::of_reals("holds", holds),
                                    Column::of_reals("still", std::vector<double>(1'000, 4)),
                                    Column::of_codes("answer", codes, {"Yes", "no", "yes"}),
                                    Column::of_codes("mixed", mixed, levels)};
  const Report report = quality::check(columns, {}, kMissingTime);
  INFO(tests_of(report));
  CHECK(report.findings.size() == 7);
  CHECK(of(report, "constant")[0].columns == std::vector<std::string>{"still"});
  CHECK(of(report, "same_column")[0].columns == std::vector<std::string>{"a", "copy"});
  CHECK(of(report, "nearly_same_column").size() == 2);  // near with a, near with copy
  CHECK(of(report, "placeholder")[0].amount == -999);
  CHECK(of(report, "placeholder")[0].examples[0].row == 5);
  CHECK(of(report, "text_among_numbers")[0].examples[0].row == 123);
  CHECK(of(report, "spellings")[0].count == 333);
}

TEST_CASE("levels of things that grow together are not nearly the same: changes are compared") {
  Market market;
  std::vector<double> other = market.close;
  Draws draws(2);
  for (std::size_t i = 0; i < other.size(); ++i) other[i] = market.close[i] + 0.05 * draws.normal();
  std::vector<Column> columns = market.columns();
  columns.push_back(Column::of_reals("other", other));
  quality::Roles roles;
  roles.time = "date";
  CHECK(of(quality::check(columns, roles, kMissingTime), "nearly_same_column").empty());
}

TEST_CASE("leaks: an input that is the target, a name of each outcome; strong but honest inputs are none") {
  Draws draws(6);
  const std::vector<double> honest = normals(2'000, 1);
  std::vector<double> leak;
  std::vector<std::int64_t> y;
  std::vector<std::int32_t> status, many;
  for (std::size_t i = 0; i < honest.size(); ++i) {
    y.push_back(draws.uniform() < 1 / (1 + std::exp(-2 * honest[i])) ? 1 : 0);  // AUC near 0.87
    leak.push_back(static_cast<double>(y[i]) * 3 + draws.normal() * 0.5);
    status.push_back(y[i] == 1 ? (draws.uniform() < 0.5 ? 0 : 1) : 2);
    many.push_back(static_cast<std::int32_t>(i));
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < honest.size(); ++i) names.push_back("c" + std::to_string(i));
  quality::Roles roles;
  roles.target = "y";
  const Report report = quality::check(std::vector<Column>{Column::of_reals("honest", honest), Column::of_reals("leak", leak),
                                                           Column::of_codes("status", status, {"sold", "sued", "paid"}),
                                                           Column::of_codes("name", many, names), Column::of_integers("y", y)},
                                       roles, kMissingTime);
  const auto found = of(report, "leak_suspect");
  REQUIRE(found.size() == 2);
  CHECK(found[0].columns == std::vector<std::string>{"leak"});
  CHECK(found[1].columns == std::vector<std::string>{"status"});

  const std::vector<double> x = normals(500, 7);
  std::vector<double> value, scaled;
  for (const double v : x) value.push_back(v + 0.5 * draws.normal()), scaled.push_back(std::exp(value.back()));
  const auto leaks = quality::leaks(std::vector<Column>{Column::of_reals("x", x), Column::of_reals("scaled", scaled)}, "value", value, 0);
  REQUIRE(leaks.size() == 1);
  CHECK(leaks[0].columns == std::vector<std::string>{"scaled"});
}

TEST_CASE("the simulated sources are clean: no false alarm in twenty markets and twenty books") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    data::MarketOptions market;
    market.entities = 20, market.days = 500, market.seed = seed;
    quality::Roles of_market, of_credit;
    of_market.time = "date", of_market.entity = "symbol";
    of_credit.target = "default";
    const Report first = quality::check(data::simulate_market(market).frame.columns(), of_market, kMissingTime);
    data::CreditOptions credit;
    credit.rows = 2'000, credit.seed = seed, credit.missing = 0;
    const Report second = quality::check(data::simulate_credit(credit).frame.columns(), of_credit, kMissingTime);
    INFO(seed << " " << tests_of(first) << tests_of(second));
    CHECK(first.findings.empty());
    CHECK(second.findings.empty());
  }
}

TEST_CASE("a wide table: the one pair that is alike is found among three hundred columns") {
  std::vector<Column> columns;
  for (unsigned c = 0; c < 300; ++c) columns.push_back(Column::of_reals("c" + std::to_string(c), normals(2'000, c + 1)));
  std::vector<double> twin = columns[17].to_reals();
  for (double& v : twin) v = -2 * v;
  columns.push_back(Column::of_reals("twin", twin));
  const Report report = quality::check(columns, {}, kMissingTime);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].columns == std::vector<std::string>{"c17", "twin"});
  CHECK(report.findings[0].amount == Approx(-1));
}
