// Expected instants: pandas 1.5, Timestamp(text).value and Timestamp(text) + DateOffset(months=n).
#include "base/calendar.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

using namespace assay;

namespace {
Span months(std::int64_t n) { return {n, 0, 0}; }
std::string moved(const char* from, const Span& span, int sign = 1) { return to_iso(add(parse_iso(from).value(), span, sign)); }
}  // namespace

TEST_CASE("days count from 1970 in the proleptic Gregorian calendar and back") {
  CHECK(days_from_civil(1970, 1, 1) == 0);
  CHECK(days_from_civil(2000, 2, 29) == 11016);
  CHECK(days_from_civil(1900, 3, 1) == -25508);
  CHECK(days_from_civil(2262, 1, 1) == 106651);
  for (std::int64_t days = -110'000; days < 110'000; days += 37) {
    std::int64_t year;
    unsigned month, day;
    civil_from_days(days, year, month, day);
    REQUIRE(days_from_civil(year, month, day) == days);
  }
}

TEST_CASE("spans are read as written, and nothing else is") {
  CHECK(parse_span("3y") == months(36));
  CHECK(parse_span("6mo") == months(6));
  CHECK(parse_span("2w") == Span{0, 14 * kNsPerDay, 0});
  CHECK(parse_span("0d") == Span{});
  CHECK(parse_span("10min") == Span{0, 600 * kNsPerSecond, 0});
  CHECK(parse_span("250ms") == Span{0, 250'000'000, 0});
  CHECK(parse_span("20") == Span{0, 0, 20});
  for (const char* wrong :
       {"", "y", "3 y", "-3d", "+3d", "3.5d", "3m", "3D", "3dd", "99999999999y", "9223372036854775807d", "99999999999999999999"})
    CHECK_FALSE(parse_span(wrong));
}

TEST_CASE("a span's text reads back as the same span") {
  for (const char* text : {"3y", "18mo", "5d", "1h", "90min", "30s", "250ms", "7us", "20"}) {
    CHECK(to_text(parse_span(text).value()) == text);
  }
  CHECK(to_text(parse_span("2w").value()) == "14d");
  CHECK(to_text(parse_span("120s").value()) == "2min");
}

TEST_CASE("adding months keeps the day where the month has it and the time of day always") {
  CHECK(moved("2020-01-31T09:30", months(1)) == "2020-02-29T09:30:00Z");
  CHECK(moved("2019-01-31", months(1)) == "2019-02-28");
  CHECK(moved("2020-03-31", months(1), -1) == "2020-02-29");
  CHECK(moved("2020-02-29", months(12)) == "2021-02-28");
  CHECK(moved("2020-02-29", months(48)) == "2024-02-29");
  CHECK(moved("1969-12-31T23:59:59.5Z", months(1)) == "1970-01-31T23:59:59.5Z");
  CHECK(moved("2021-05-15", months(17), -1) == "2019-12-15");
  CHECK(moved("2000-12-31", months(2)) == "2001-02-28");
  CHECK(moved("2000-01-01", parse_span("1d").value(), -1) == "1999-12-31");
  CHECK_THROWS_AS(add(0, Span{0, 0, 5}), BrokenPromise);
}

TEST_CASE("ISO instants are read as UTC and written back") {
  CHECK(parse_iso("2020-01-31") == 1580428800000000000);
  CHECK(parse_iso("2020-01-31 09:30") == 1580463000000000000);
  CHECK(parse_iso("2020-01-31T09:30:00.5Z") == 1580463000500000000);
  CHECK(parse_iso("1969-12-31T23:59:59.999999999Z") == -1);
  for (const char* wrong : {"", "2020", "2020-1-31", "2020-02-30", "2019-02-29", "2020-13-01", "2020-00-10", "2020-01-00", "2020-01-31T",
                            "2020-01-31T24:00", "2020-01-31T09:60", "2020-01-31T09:30:60", "2020-01-31T09:30:00.", "2020-01-31T09:30+01:00",
                            "2020-01-31x", "1600-01-01", "2500-01-01", "20200131"})
    CHECK_FALSE(parse_iso(wrong));
  for (const char* text : {"2020-01-31", "1960-02-29T00:00:01Z", "2020-01-31T09:30:00.000000001Z", "1678-01-01", "2261-12-31T23:59:59Z"})
    CHECK(to_iso(parse_iso(text).value()) == text);
  CHECK(to_iso(kMissingTime) == "missing");
  CHECK(to_iso(kMissingTime + 1) == "1677-09-21T00:12:43.145224193Z");  // the first and last of pandas.Timestamp
  CHECK(to_iso(std::numeric_limits<TimeNs>::max()) == "2262-04-11T23:47:16.854775807Z");
}
