// The files that the project develops on (ASSAY_DATA), and what is known of them: [README] the data's README, [pandas] pandas 1.5,
// read_csv(file) and then the sum, count or cell named here.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <set>

#include "data/column_file.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::data;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

fs::path folder() {
  const char* const named = std::getenv("ASSAY_DATA");
  return named != nullptr ? fs::path(named) : fs::path(__FILE__).parent_path() / "../../../../shared/data";
}

bool absent(const char* file) {
  if (fs::exists(folder() / file)) return false;
  const char* const required = std::getenv("ASSAY_REQUIRE_DATA");
  if (required != nullptr && std::string(required) == "1") FAIL("ASSAY_REQUIRE_DATA=1, but there is no " << file);
  std::cout << "SKIPPED: no " << file << " (set ASSAY_DATA)\n";
  return true;
}

LoadedFrame load(const char* file, const TimeRules& rules = {}, CsvOptions options = {}) {
  options.path = folder() / file;
  return load_csv(options, rules, {});
}

TimeRules by_time(const char* time, const char* entity = "") {
  TimeRules rules;
  rules.time_column = time;
  rules.entity_column = entity;
  return rules;
}

double sum(const Column& column) {
  double total = 0;
  for (const double value : column.to_reals()) total += std::isnan(value) ? 0 : value;
  return total;
}

std::size_t all_missing(const Frame& frame) {
  std::size_t count = 0;
  for (std::size_t row = 0; row < frame.rows(); ++row) {
    bool empty = true;
    for (const Column& column : frame.columns())
      if (column.type() == ColumnType::real) empty = empty && column.is_missing(row);
    count += empty ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("Taiwan credit default") {
  if (absent("credit_taiwan_default.csv")) return;
  const LoadedFrame loaded = load("credit_taiwan_default.csv");
  const auto& [frame, hash, notes] = std::tie(loaded.frame, loaded.content_hash, loaded.notes);
  CHECK(frame.rows() == 30'000);  // [README]
  CHECK(frame.columns().size() == 25);
  CHECK(notes.empty());
  CHECK(hash.size() == 64);
  CHECK(sum(frame.at("class")) == 6636);              // [README]
  CHECK(sum(frame.at("BILL_AMT1")) == 1536699927.0);  // [pandas]
  for (const Column& column : frame.columns()) CHECK(column.missing_count() == 0);
  CsvOptions options;
  options.categorical = {"EDUCATION", "PAY_0"};
  const auto coded = load("credit_taiwan_default.csv", {}, options);
  CHECK(coded.frame.at("EDUCATION").levels() == std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6"});
  CHECK(coded.frame.at("PAY_0").levels().front() == "-2");
}

TEST_CASE("German credit") {
  if (absent("credit_german.csv")) return;
  const auto loaded = load("credit_german.csv");
  const Frame& frame = loaded.frame;
  CHECK(frame.rows() == 1000);
  CHECK(sum(frame.at("class")) == 1300);             // [README] 300 of class 2
  CHECK(sum(frame.at("credit_amount")) == 3271258);  // [pandas]
  std::size_t categories = 0, integers = 0;
  for (const Column& c : frame.columns()) {
    categories += c.type() == ColumnType::category ? 1 : 0;
    integers += c.type() == ColumnType::integer ? 1 : 0;
  }
  CHECK(categories == 13);  // [README]
  CHECK(integers == 8);
}

TEST_CASE("GOOG: a header without a first name") {
  if (absent("goog_daily_2004_2013.csv")) return;
  const auto loaded = load("goog_daily_2004_2013.csv", by_time("index"));
  CHECK(loaded.frame.rows() == 2148);
  CHECK(to_iso(loaded.frame.known_at().front()) == "2004-08-19");
  CHECK(to_iso(loaded.frame.known_at().back()) == "2013-03-01");
  CHECK(loaded.frame.at("Open").number(2147) == 797.80);  // [README] the last open
  REQUIRE(loaded.notes.size() == 1);
  CHECK_THAT(loaded.notes[0], Contains("index"));
}

TEST_CASE("S&P 500 index: newest first") {
  if (absent("sp500_index_1950_2015.csv")) return;
  const auto loaded = load("sp500_index_1950_2015.csv", by_time("date"));
  const Frame& frame = loaded.frame;
  CHECK(frame.rows() == 16'607);
  CHECK(to_iso(frame.known_at().front()) == "1950-01-03");
  CHECK(frame.source_row().front() == 16'606);
  CHECK_THAT(loaded.notes.at(0), Contains("sorted"));
  const auto open = frame.at("open").reals(), close = frame.at("close").reals();
  std::size_t same = 0;
  double worst = 0, total = 0;
  std::size_t worst_row = 0;
  for (std::size_t i = 0; i < frame.rows(); ++i) {
    same += open[i] == close[i] ? 1 : 0;
    if (i == 0) continue;
    const double r = std::log(close[i] / close[i - 1]);
    total += r;
    if (r < worst) worst = r, worst_row = i;
  }
  CHECK(same == 3103);                                         // [README]
  CHECK(total / 16'606 == Approx(0.00028963).margin(5e-9));    // [README]
  CHECK(worst == Approx(-0.228997).margin(5e-7));              // [README]
  CHECK(to_iso(frame.known_at()[worst_row]) == "1987-10-19");  // [README]
}

TEST_CASE("S&P 500 stocks: a panel in gzip, from the cache too") {
  if (absent("sp500_stocks_2016_2021.csv.gz")) return;
  const fs::path cache = fs::temp_directory_path() / "assay_test_stocks_cache";
  fs::remove_all(cache);
  CsvOptions options;
  options.path = folder() / "sp500_stocks_2016_2021.csv.gz";
  const auto fresh = load_csv(options, by_time("Date", "Name"), {cache});
  const auto again = load_csv(options, by_time("Date", "Name"), {cache});
  CHECK(again.from_cache);
  CHECK(again.content_hash == fresh.content_hash);
  for (const Frame& frame : {fresh.frame, again.frame}) {
    CHECK(frame.rows() == 578'223);
    CHECK(frame.entity_count() == 470);
    CHECK(frame.distinct_times().size() == 1259);
    std::size_t full = 0;
    for (std::int32_t e = 0; e < 470; ++e) full += frame.rows_of_entity(e).size() == 1259 ? 1 : 0;
    CHECK(full == 449);
    const auto volume = frame.at("Volume").integers();
    CHECK(std::count(volume.begin(), volume.end(), 0) == 1697);
    CHECK(sum(frame.at("Close")) == Approx(63210973.6131).epsilon(1e-12));  // [pandas]
  }
  fs::remove_all(cache);
}

TEST_CASE("BTC minutes: epoch milliseconds in gzip") {
  if (absent("btcusd_minute_2015_2016.csv.gz")) return;
  CsvOptions options;
  options.time_format = "epoch_ms";
  const auto loaded = load("btcusd_minute_2015_2016.csv.gz", by_time("time_ms"), options);
  const Frame& frame = loaded.frame;
  CHECK(frame.rows() == 659'940);
  CHECK(loaded.notes.empty());
  const auto times = frame.known_at();
  std::size_t one = 0, two = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    one += times[i] - times[i - 1] == 60 * kNsPerSecond ? 1 : 0;
    two += times[i] - times[i - 1] == 120 * kNsPerSecond ? 1 : 0;
  }
  CHECK(one == 534'879);
  CHECK(two == 72'989);
  CHECK(sum(frame.at("close")) == Approx(275377660.60169107).epsilon(1e-12));  // [pandas]
}

TEST_CASE("EURUSD hours: stamped at their start") {
  if (absent("eurusd_hourly_2007_2018.csv.gz")) return;
  CsvOptions options;
  options.time_format = "%Y%m%d %H:%M";
  TimeRules rules = by_time("time_utc");
  rules.stamp = Stamp::start;
  rules.bar = parse_span("1h");
  const Frame frame = load("eurusd_hourly_2007_2018.csv.gz", rules, options).frame;
  CHECK(frame.rows() == 74'439);
  CHECK(to_iso(frame.bar_time().front()) == "2007-01-01T21:00:00Z");
  CHECK(to_iso(frame.known_at().front()) == "2007-01-01T22:00:00Z");
  CHECK((frame.at("bid_close").number(74'438) + frame.at("ask_close").number(74'438)) / 2 == Approx(1.14657));
}

TEST_CASE("H.10 rates: ND is missing") {
  if (absent("fx_h10_daily_2000_2019.csv")) return;
  const auto loaded = load("fx_h10_daily_2000_2019.csv", by_time("Time Serie"));
  CHECK(loaded.frame.rows() == 5217);
  std::size_t missing = 0;
  for (const Column& c : loaded.frame.columns()) missing += c.missing_count();
  CHECK(missing == 4359);
  CHECK(all_missing(loaded.frame) == 197);
  REQUIRE(loaded.notes.size() == 1);
  CHECK(loaded.notes[0] == "cells that count as missing: 'ND' in 4359 cells");
  double last = std::nan(""), squares = 0, total = 0;
  std::size_t n = 0;
  for (const double value : loaded.frame.at("EUR").reals()) {
    if (std::isnan(value)) continue;
    if (!std::isnan(last)) {
      const double r = std::log(value / last);
      squares += r * r, total += r, ++n;
    }
    last = value;
  }
  CHECK(n == 5018);
  const auto count = static_cast<double>(n);
  CHECK(std::sqrt((squares - total * total / count) / (count - 1)) == Approx(0.00607583).margin(5e-9));
}

TEST_CASE("Treasury yields: empty cells and rows") {
  if (absent("us_treasury_cmt_daily_1962_2021.csv")) return;
  const Frame frame = load("us_treasury_cmt_daily_1962_2021.csv", by_time("Date")).frame;
  CHECK(frame.rows() == 15'395);
  CHECK(all_missing(frame) == 656);
  CHECK(frame.at("DGS1MO").missing_count() == 10'537);  // [pandas]
  CHECK(frame.at("DGS10").number(0) == 4.06);
}

TEST_CASE("smaller files: quotes, padding, US dates, CRLF, no final newline") {
  if (absent("smarket_2001_2005.csv")) return;
  const auto market = load("smarket_2001_2005.csv");
  CHECK(market.frame.rows() == 1250);
  CHECK(market.frame.at("Direction").levels() == std::vector<std::string>{"Down", "Up"});
  CHECK(sum(market.frame.at("Direction")) == 648);  // [pandas]
  const auto padded = load("dem2gbp.csv");
  CHECK(padded.frame.rows() == 1974);
  CHECK(sum(padded.frame.at("DEM2GBP")) == Approx(-32.42647710829).epsilon(1e-10));  // [pandas]
  const auto vix = load("vix_daily_1990_2026.csv", by_time("DATE"));
  CHECK(vix.frame.rows() == 9235);
  const auto close = vix.frame.at("CLOSE").reals();
  CHECK(*std::max_element(close.begin(), close.end()) == 82.69);
  CsvOptions options;
  options.time_format = "%m/%d/%Y";
  const auto nasdaq = load("nasdaq_daily_1999_2018.csv", by_time("Date"), options);
  CHECK(nasdaq.frame.rows() == 5031);
  CHECK(to_iso(nasdaq.frame.known_at().back()) == "2018-12-31");
  options.time_format = "%Y/%m/%d %H:%M";
  const auto rates = load("fx_ltsf_exchange_rate.csv", by_time("date"), options);
  CHECK(rates.frame.rows() == 7588);
  CHECK(load("m3_finance.csv").frame.rows() == 26'795);
  CHECK(load("fedfunds_monthly_1954_2024.csv", by_time("DATE")).frame.rows() == 842);
  try {
    load("nasdaq_daily_1999_2018.csv", by_time("Date"));
    FAIL("US dates were read as ISO");
  } catch (const ReadError& e) {
    CHECK_THAT(e.problems()[0].mend, Contains("%m/%d/%Y"));
  }
}
