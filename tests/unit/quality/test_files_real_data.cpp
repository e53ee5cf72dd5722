// The files that people really have: what is known to be odd about them must be found, what is sound must stay quiet.
#include <set>

#include "data/csv_reader.hpp"
#include "quality/guess_roles.hpp"
#include "small_market.hpp"
#include "support/catch.hpp"
#include "support/real_data.hpp"

using namespace quality_test;

namespace {

// As the program reads a bare file.
Report report_of(const std::string& file, const std::string& target = "") {
  data::CsvOptions options;
  options.path = test::real_data(file);
  data::CsvTable table = data::read_csv(options);
  quality::Roles roles;
  if (const auto time = quality::guess_time(table.columns)) {
    options.time_column = roles.time = time->column;
    options.time_format = time->format;
    table = data::read_csv(options);
  }
  if (const auto entity = quality::guess_entity(table.columns, roles.time)) roles.entity = entity->column;
  roles.target = target;
  return quality::check(table.columns, roles, kMissingTime);
}

std::set<std::string> names_in(const Finding& finding) {
  std::set<std::string> out;
  for (const auto& [name, count] : finding.entities) out.insert(name);
  return out;
}

std::int64_t count_of(const Report& report, const std::string& test) {
  const auto found = of(report, test);
  return found.empty() ? 0 : found[0].count;
}

}  // namespace

TEST_CASE("stocks: reused tickers, closes outside the range, rows without a trade, the jumps of SCG and XL", "[real_data]") {
  const Report report = report_of("sp500_stocks_2016_2021.csv.gz");
  CHECK(report.entities == 470);
  CHECK(report.of(Severity::error) == 0);
  const auto reused = of(report, "reused_ticker");
  REQUIRE(reused.size() == 2);
  CHECK(names_in(reused[0]) == std::set<std::string>{"COL", "MON", "PX", "SCG", "XL"});
  const auto outside = of(report, "outside_range");
  CHECK(outside[0].columns == std::vector<std::string>{"Close"});
  CHECK(outside[0].count == 4);
  const auto volume = of(report, "zero_volume");
  CHECK(volume[0].count == 1'697);
  CHECK(volume[0].entities[0] == std::pair<std::string, std::int64_t>("SCG", 1'241));
  CHECK(volume[0].entities[1] == std::pair<std::string, std::int64_t>("COL", 352));
  CHECK(count_of(report, "adjusted_above") == 315);
  CHECK(of(report, "splits")[0].examples[0].time == *parse_iso("2020-02-18"));
  const auto jumps = of(report, "jumps");
  CHECK(std::any_of(jumps[0].examples.begin(), jumps[0].examples.end(),
                    [](const quality::Example& e) { return e.entity == "XL" && e.time == *parse_iso("2020-12-23"); }));
  CHECK(count_of(report, "short_lives") == 20);                // the 21st, COL, lacks only days
  CHECK(jumps[0].count + of(report, "splits")[0].count < 10);  // of 578,223 rows
}

TEST_CASE("rates: the 20-year yields of 1987 to 1993 are made up, the empty rows are told", "[real_data]") {
  const Report report = report_of("us_treasury_cmt_daily_1962_2021.csv");
  const auto found = of(report, "interpolated");
  REQUIRE(found.size() == 1);
  CHECK(found[0].columns == std::vector<std::string>{"DGS20"});
  CHECK(found[0].count > 1'200);
  CHECK(found[0].count <= 1'692);
  for (const quality::Example& e : found[0].examples) {
    CHECK(e.time >= *parse_iso("1987-01-01"));
    CHECK(e.time <= *parse_iso("1993-09-30"));
  }
  CHECK(count_of(report, "empty_rows") == 656);
  CHECK(report.of(Severity::warning) == 1);
  CHECK(report_of("fedfunds_monthly_1954_2024.csv").findings.empty());
}

TEST_CASE("currencies: ND cells, holidays, pegs, bad ticks", "[real_data]") {
  const Report panel = report_of("fx_h10_daily_2000_2019.csv");
  std::int64_t cells = 0;
  for (const Finding& f : of(panel, "missing")) cells += f.count * static_cast<std::int64_t>(f.columns.size());
  CHECK(cells == 4'359);
  CHECK(count_of(panel, "empty_rows") == 197);
  const auto stale = of(panel, "stale");
  REQUIRE(stale.size() == 3);
  CHECK(stale[0].columns == std::vector<std::string>{"CNY"});
  CHECK(stale[2].columns == std::vector<std::string>{"MYS"});
  const Report hours = report_of("eurusd_hourly_2007_2018.csv.gz");
  CHECK(of(hours, "constant").size() == 2);
  CHECK(count_of(hours, "gaps") == 1);
  CHECK(hours.of(Severity::warning) == 2);
}

TEST_CASE("minutes: the missing months and the halt, and no others", "[real_data]") {
  const auto gaps = of(report_of("btcusd_minute_2015_2016.csv.gz"), "gaps");
  REQUIRE(gaps.size() == 1);
  REQUIRE(gaps[0].count == 3);
  CHECK(gaps[0].examples[0].time == *parse_iso("2016-06-01"));
  CHECK(gaps[0].examples[1].time == *parse_iso("2015-06-01"));
  CHECK(gaps[0].examples[2].time == *parse_iso("2016-08-10 15:53"));
}

TEST_CASE("indices: newest first, days without a range, the days after 2001-09-11; sound files are quiet", "[real_data]") {
  const Report index = report_of("sp500_index_1950_2015.csv");
  CHECK(of(index, "unsorted")[0].severity == Severity::note);
  CHECK(count_of(index, "flat_bars") == 3'051);
  CHECK(of(index, "same_column")[0].columns == std::vector<std::string>{"close", "adj_close"});
  CHECK(count_of(index, "gaps") == 1);
  CHECK(count_of(report_of("vix_daily_1990_2026.csv"), "flat_bars") == 506);
  CHECK(report_of("goog_daily_2004_2013.csv").findings.empty());
  CHECK(report_of("dem2gbp.csv").findings.empty());
}

TEST_CASE("credit: rows that repeat others; no leak in honest inputs, the leak of the textbook set", "[real_data]") {
  const Report taiwan = report_of("credit_taiwan_default.csv", "class");
  CHECK(taiwan.findings.size() == 1);
  CHECK(count_of(taiwan, "identical_rows") == 35);
  CHECK(report_of("credit_german.csv", "class").findings.empty());
  const auto leak = of(report_of("smarket_2001_2005.csv", "Direction"), "leak_suspect");
  REQUIRE(leak.size() == 1);
  CHECK(leak[0].columns == std::vector<std::string>{"Today"});
  CHECK(leak[0].amount == 1);
}
