#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "data/time_format.hpp"
#include "data/time_zone.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::data;

namespace {

std::string read(const char* format, const char* text) {
  std::string why;
  const auto compiled = TimeFormat::compile(format, why);
  if (!compiled) return "bad format: " + why;
  const auto parsed = compiled->parse(text);
  return parsed ? to_iso(parsed->time) : "none";
}

std::string utc(const TimeZone& zone, const char* local) {
  const auto time = zone.to_utc(*parse_iso(local));
  return time ? to_iso(*time) : "none";
}

bool has_zones() { return std::filesystem::exists("/usr/share/zoneinfo/Europe/Warsaw"); }

}  // namespace

TEST_CASE("formats read what strptime reads") {
  CHECK(read("%m/%d/%Y", "1/4/1999") == "1999-01-04");
  CHECK(read("%Y%m%d %H:%M", "20070101 21:00") == "2007-01-01T21:00:00Z");
  CHECK(read("%Y/%m/%d %H:%M", "1990/1/1 0:00") == "1990-01-01");
  CHECK(read("%d-%b-%y", "29-Feb-00") == "2000-02-29");
  CHECK(read("%B %d, %Y", "September 5, 1975") == "1975-09-05");
  CHECK(read("%b %d %Y", "may 5 1975") == "1975-05-05");
  CHECK(read("%Y-%m-%d %I:%M %p", "2020-01-01 12:05 AM") == "2020-01-01T00:05:00Z");
  CHECK(read("%Y-%m-%d %I:%M %p", "2020-01-01 12:05 pm") == "2020-01-01T12:05:00Z");
  CHECK(read("%FT%T.%f", "2020-01-01T01:02:03.000000007") == "2020-01-01T01:02:03.000000007Z");
  CHECK(read("%Y-%m-%dT%H:%M:%S%z", "2020-01-01T01:00:00+02:00") == "2019-12-31T23:00:00Z");
  CHECK(read("%Y%j", "2020366") == "2020-12-31");
  CHECK(read("%y", "69") == "1969-01-01");
  CHECK(read("%y", "68") == "2068-01-01");
  CHECK(read("100%% %Y", "100%   2020") == "2020-01-01");
}

TEST_CASE("weekdays, quarters, months alone, the end of a day, spreadsheets' days") {
  CHECK(read("%a, %d %b %Y", "Thu, 02 Jan 2020") == "2020-01-02");
  CHECK(read("%A %D", "Thursday 01/02/20") == "2020-01-02");
  CHECK(read("%Y-%m-%e %R", "2020-01- 2 09:30") == "2020-01-02T09:30:00Z");
  CHECK(read("%YQ%q", "2020Q3") == "2020-07-01");
  CHECK(read("%Y-%m", "2020-07") == "2020-07-01");
  CHECK(read("%h %Y", "Jul 2020") == "2020-07-01");
  CHECK(read("%Y-%m-%d %H:%M", "2020-12-31 24:00") == "2021-01-01");
  // A spreadsheet shows 43831 as 2020-01-01, 61 as 1900-03-01 and 43831.75 as 18:00 of that day.
  CHECK(read("excel", "43831") == "2020-01-01");
  CHECK(read("excel", "61") == "1900-03-01");
  CHECK(read("excel", "43831.75") == "2020-01-01T18:00:00Z");
}

TEST_CASE("formats refuse what is no time") {
  for (const char* text : {"2020-02-30", "2020-13-01", "2020-00-10", "1600-01-01", "2020-01-01x", "2020-01-", "", "20-01-01"})
    CHECK(read("%Y-%m-%d", text) == "none");
  CHECK(read("%Y %H:%M", "2020 24:01") == "none");
  CHECK(read("%Y %H", "2020 25") == "none");
  CHECK(read("%a %Y-%m-%d", "Xyz 2020-01-02") == "none");
  for (const char* text : {"2020Q0", "2020Q5", "2020Q", "2020Q12"}) CHECK(read("%YQ%q", text) == "none");
  for (const char* text : {"60", "0", "-1", "1e6", "x", "", "nan"}) CHECK(read("excel", text) == "none");
  CHECK(read("%Y %S", "2020 60") == "none");
  CHECK(read("%Y%j", "2019366") == "none");
  CHECK(read("%Y %I%p", "2020 13pm") == "none");
  CHECK(read("%Y-%Q", "") == "bad format: %Q is not known");
  CHECK(read("%Y %Y", "") == "bad format: %Y stands twice");
  CHECK(read("%m-%d", "") == "bad format: it has no year (%Y or %y)");
  CHECK(read("%Y %", "") == "bad format: a % stands at its end");
  CHECK(read("%Y %I", "") == "bad format: %I and %p go together");
}

TEST_CASE("ISO 8601 and epochs") {
  CHECK(read("", "2020-01-31") == "2020-01-31");
  CHECK(read("", "2020-01-31 09:30") == "2020-01-31T09:30:00Z");
  CHECK(read("", "2020-01-31T09:30:01.5Z") == "2020-01-31T09:30:01.5Z");
  CHECK(read("", "2020-01-31T09:30:00-05") == "2020-01-31T14:30:00Z");
  CHECK(read("", "2020-01-31T09:30:00+0530") == "2020-01-31T04:00:00Z");
  for (const char* text :
       {"2020-1-31", "2020-01-31T", "2020-01-31T09", "2020-01-31T09:30+", "2020-01-31T09:30:00+05:", "2020-01-31T09:30:00+050"})
    CHECK(read("", text) == "none");
  CHECK(read("epoch_s", "0") == "1970-01-01");
  CHECK(read("epoch_s", "-0.5") == "1969-12-31T23:59:59.5Z");
  CHECK(read("epoch_ms", "1420070400000") == "2015-01-01");
  CHECK(read("epoch_ms", "1420070400000.25") == "2015-01-01T00:00:00.00025Z");
  CHECK(read("epoch_us", "1420070400000000") == "2015-01-01");
  CHECK(read("epoch_ns", "1420070400000000001") == "2015-01-01T00:00:00.000000001Z");
  for (const char* text : {"", "-", "1e9", "99999999999999999999", "9223372036854775807", "5 ", "--5"})
    CHECK(read("epoch_s", text) == "none");
}

TEST_CASE("guesses for the message") {
  CHECK(guess_time_formats("1/4/1999") == std::vector<std::string>{"%m/%d/%Y", "%d/%m/%Y"});
  CHECK(guess_time_formats("20070101 21:00") == std::vector<std::string>{"%Y%m%d %H:%M"});
  CHECK(guess_time_formats("1420070400000") == std::vector<std::string>{"epoch_ms"});
  CHECK(guess_time_formats("hello").empty());
}

TEST_CASE("fixed zones") {
  CHECK(TimeZone::find("UTC")->is_utc());
  CHECK(utc(*TimeZone::find("+02:00"), "2020-01-01") == "2019-12-31T22:00:00Z");
  CHECK(utc(*TimeZone::find("-0530"), "2020-01-01") == "2020-01-01T05:30:00Z");
  CHECK(utc(*TimeZone::find("+9"), "2020-01-01") == "2019-12-31T15:00:00Z");
  for (const char* name : {"", "+", "+19:00", "+2:0", "../../etc/passwd", "/etc/passwd", "Mars/Olympus", "+02:60"})
    CHECK(!TimeZone::find(name));
}

TEST_CASE("IANA zones, with the hours that daylight saving skips and repeats") {
  if (!has_zones()) {
    WARN("no zone files on this machine");
    return;
  }
  // Oracle: python3 -c "from zoneinfo import ZoneInfo; ..." (fold=0), checked by hand against the European Union's and the US rules.
  const auto warsaw = *TimeZone::find("Europe/Warsaw");
  CHECK(utc(warsaw, "2020-01-15 12:00") == "2020-01-15T11:00:00Z");
  CHECK(utc(warsaw, "2020-07-15 12:00") == "2020-07-15T10:00:00Z");
  CHECK(utc(warsaw, "2021-03-28 01:59:59") == "2021-03-28T00:59:59Z");
  CHECK(utc(warsaw, "2021-03-28 02:30") == "none");
  CHECK(utc(warsaw, "2021-03-28 03:00") == "2021-03-28T01:00:00Z");
  CHECK(utc(warsaw, "2021-10-31 02:30") == "2021-10-31T00:30:00Z");
  CHECK(warsaw.is_ambiguous(*parse_iso("2021-10-31 02:30")));
  CHECK(!warsaw.is_ambiguous(*parse_iso("2021-10-31 03:00")));
  CHECK(utc(warsaw, "2021-10-31 03:00") == "2021-10-31T02:00:00Z");
  CHECK(utc(warsaw, "2100-07-15 12:00") == "2100-07-15T10:00:00Z");  // far behind the listed changes: the closing rule
  const auto new_york = *TimeZone::find("America/New_York");
  CHECK(utc(new_york, "2007-03-12 09:30") == "2007-03-12T13:30:00Z");
  CHECK(utc(new_york, "2006-03-13 09:30") == "2006-03-13T14:30:00Z");
  CHECK(utc(new_york, "1967-07-03 09:30") == "1967-07-03T13:30:00Z");
  CHECK(utc(new_york, "2050-11-07 09:30") == "2050-11-07T14:30:00Z");
  CHECK(utc(*TimeZone::find("Australia/Sydney"), "2090-01-15 12:00") == "2090-01-15T01:00:00Z");
  CHECK(utc(*TimeZone::find("Australia/Sydney"), "2090-07-15 12:00") == "2090-07-15T02:00:00Z");
  CHECK(utc(*TimeZone::find("Asia/Tokyo"), "2020-07-15 12:00") == "2020-07-15T03:00:00Z");
  CHECK(utc(*TimeZone::find("Asia/Kolkata"), "2020-07-15 12:00") == "2020-07-15T06:30:00Z");
  CHECK(warsaw.offset_seconds(*parse_iso("2021-07-01")) == 7200);
}

TEST_CASE("every hour of fifty years goes to UTC and back") {
  if (!has_zones()) return;
  for (const char* name : {"Europe/London", "America/Sao_Paulo", "Australia/Lord_Howe"}) {
    const auto zone = *TimeZone::find(name);
    for (TimeNs t = 0; t < 50 * 365 * kNsPerDay; t += 3600 * kNsPerSecond) {
      const TimeNs local = t + zone.offset_seconds(t) * kNsPerSecond;
      const auto back = zone.to_utc(local);
      REQUIRE(back);
      REQUIRE((*back == t || (zone.is_ambiguous(local) && *back < t)));
    }
  }
}

TEST_CASE("a cut zone file is refused, never read past its end") {
  if (!has_zones()) return;
  std::ifstream in("/usr/share/zoneinfo/Europe/Warsaw", std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  const auto folder = std::filesystem::temp_directory_path();
  const auto file = folder / "assay_zone_test";
  for (std::size_t n = 0; n + 40 < good.size(); n += 7) {
    std::ofstream(file, std::ios::binary) << good.substr(0, n);
    CHECK(!TimeZone::find("assay_zone_test", folder));
  }
  std::filesystem::remove(file);
}
