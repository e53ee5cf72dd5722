// Longer bars, calendars and middle prices. Numbers marked pandas were computed with pandas 1.5, by the line beside them.
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/random.hpp"
#include "data/bar_ends.hpp"
#include "data/calendar.hpp"
#include "data/quotes.hpp"
#include "data/resample.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::data;
using Catch::Matchers::Contains;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TimeNs at(const std::string& text) { return *parse_iso(text); }

bool same(std::span<const double> found, const std::vector<double>& wanted) {
  return std::equal(found.begin(), found.end(), wanted.begin(), wanted.end(),
                    [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); });
}

template <class Work>
std::string refusal(const Work& work) {
  try {
    work();
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::data);
    return e.happened() + " | " + e.mend();
  }
  FAIL("accepted");
  return {};
}

TimeRules rules_of(const char* entity = "", Stamp stamp = Stamp::end, const char* bar = nullptr) {
  TimeRules rules;
  rules.time_column = "t";
  rules.entity_column = entity;
  rules.stamp = stamp;
  if (bar != nullptr) rules.bar = parse_span(bar);
  return rules;
}

ResampleRules bars_of(const char* bar, const char* zone = "UTC", const char* open = "00:00", const char* close = "00:00") {
  ResampleRules how;
  how.bar = *parse_span(bar);
  how.zone = zone;
  how.open = at(std::string("1970-01-01 ") + open);
  how.close = at(std::string("1970-01-01 ") + close);
  return how;
}

Frame frame_of(std::vector<Column> columns, const TimeRules& rules) {
  FrameNotes notes;
  return Frame::finish(std::move(columns), rules, notes);
}

std::vector<std::string> ends_of(const Frame& frame) {
  std::vector<std::string> out;
  for (const TimeNs time : frame.known_at()) out.push_back(to_iso(time));
  return out;
}

const std::vector<double> kPrices{101.62, 101.01, 100.48, 99.41, 100.28, 97.98, 99.72, 98.96, 99.28, 99.03, 100.49, 98.43, 98.11, 97.72,
                                  98.86,  97.76,  97.59,  96.71, 96.75,  97.33, 96.23, 97.38, 98.28, 98.78, 99.68,  99.0,  98.88, 97.94,
                                  97.67,  98.2,   97.51,  97.11, 96.43,  95.58, 94.91, 94.9,  93.78, 94.01, 95.67,  96.42};
const std::vector<std::int64_t> kVolumes{1, 8, 8, 2, 2, 6, 4, 1, 1, 6, 6, 7, 5, 6, 7, 3, 5, 4, 6, 4,
                                         8, 6, 1, 4, 5, 4, 5, 7, 5, 8, 8, 6, 5, 2, 1, 5, 3, 1, 6, 3};

// Every seven minutes from 22:07 on; the prices of a bar lie within half of the given one.
std::vector<Column> sevens() {
  std::vector<TimeNs> t;
  std::vector<double> high, low, close;
  for (std::size_t i = 0; i < kPrices.size(); ++i) {
    t.push_back(at("2020-03-28 22:07") + static_cast<TimeNs>(i) * 7 * 60 * kNsPerSecond);
    high.push_back(std::round((kPrices[i] + 0.5) * 100) / 100);
    low.push_back(std::round((kPrices[i] - 0.5) * 100) / 100);
    close.push_back(std::round((kPrices[i] + 0.1) * 100) / 100);
  }
  return {Column::of_times("t", t),     Column::of_reals("Open", kPrices), Column::of_reals("High", high),
          Column::of_reals("Low", low), Column::of_reals("Close", close),  Column::of_integers("Volume", kVolumes)};
}

}  // namespace

TEST_CASE("hours of seven minutes, as pandas makes them") {
  FrameNotes notes;
  const Frame hours = resampled(frame_of(sevens(), rules_of()), bars_of("1h"), rules_of(), notes);
  // pandas: df.resample('1h', closed='right', label='right').agg(first, max, min, last, sum); its last bar ends behind the data
  CHECK(ends_of(hours) == std::vector<std::string>{"2020-03-28T23:00:00Z", "2020-03-29", "2020-03-29T01:00:00Z", "2020-03-29T02:00:00Z"});
  CHECK(same(hours.at("Open").reals(), {101.62, 99.28, 96.71, 99.00}));
  CHECK(same(hours.at("High").reals(), {102.12, 100.99, 100.18, 99.50}));
  CHECK(same(hours.at("Low").reals(), {97.48, 97.09, 95.73, 95.08}));
  CHECK(same(hours.at("Close").reals(), {99.06, 97.69, 99.78, 95.68}));
  CHECK(same(hours.at("Volume").reals(), {32, 46, 38, 50}));
  CHECK_THAT(notes.notes.back(), Contains("40 rows became 4 bars of 1h, each dated by its end; one bar was not complete"));
}

TEST_CASE("bars that are stamped at their start belong where they end") {
  const TimeRules start = rules_of("", Stamp::start, "1h");
  const auto frame =
      frame_of({Column::of_times("t", {at("2020-01-01 22:00"), at("2020-01-01 23:00"), at("2020-01-02 00:00"), at("2020-01-02 23:00")}),
                Column::of_reals("close", {1, 2, 3, 4})},
               start);
  FrameNotes notes;
  const Frame days = resampled(frame, bars_of("1d"), start, notes);
  CHECK(ends_of(days) == std::vector<std::string>{"2020-01-02", "2020-01-03"});
  CHECK(same(days.at("close").reals(), {2, 4}));
}

TEST_CASE("days of an exchange end with its session, on its own clock") {
  // New York: UTC-5 until 2020-03-08, UTC-4 from then on.
  const auto frame =
      frame_of({Column::of_times("t", {at("2020-03-06 14:30"), at("2020-03-06 14:31"), at("2020-03-06 21:00"), at("2020-03-06 21:01"),
                                       at("2020-03-09 13:31"), at("2020-03-09 20:00"), at("2020-03-09 20:30")}),
                Column::of_reals("close", {1, 2, 3, 4, 5, 6, 7})},
               rules_of());
  FrameNotes notes;
  const Frame days = resampled(frame, bars_of("1d", "America/New_York", "09:30", "16:00"), rules_of(), notes);
  CHECK(ends_of(days) == std::vector<std::string>{"2020-03-06T21:00:00Z", "2020-03-09T20:00:00Z"});
  CHECK(same(days.at("close").reals(), {3, 6}));  // 09:30 is the opening's first instant, and no bar has ended yet
  CHECK_THAT(notes.notes.back(), Contains("3 rows lay outside of the session"));
  const Frame hours = resampled(frame, bars_of("1h", "America/New_York", "09:30", "16:00"), rules_of(), notes);
  CHECK(ends_of(hours) ==
        std::vector<std::string>{"2020-03-06T15:30:00Z", "2020-03-06T21:00:00Z", "2020-03-09T14:30:00Z", "2020-03-09T20:00:00Z"});
}

TEST_CASE("a day may end on the next date, and the clock may change within it") {
  // From 17:00 to 17:00 in New York: the day of 2020-03-07 has 24 hours, that of the night of the change 23.
  const ResampleRules how = bars_of("1d", "America/New_York", "17:00", "17:00");
  BarEnds ends(how);
  CHECK(to_iso(*ends.of(at("2020-03-06 22:00"))) == "2020-03-06T22:00:00Z");
  CHECK(to_iso(*ends.of(at("2020-03-06 22:01"))) == "2020-03-07T22:00:00Z");
  CHECK(to_iso(*ends.of(at("2020-03-08 20:59"))) == "2020-03-08T21:00:00Z");
  CHECK(to_iso(*ends.of(at("2020-03-08 21:01"))) == "2020-03-09T21:00:00Z");
  const ResampleRules week = bars_of("1w", "America/New_York", "17:00", "17:00");
  BarEnds weeks(week);
  // The day that ends on Monday belongs to Monday's week.
  CHECK(to_iso(*weeks.of(at("2020-03-01 23:00"))) == "2020-03-09T04:00:00Z");
  CHECK(to_iso(*weeks.of(at("2020-03-01 22:00"))) == "2020-03-02T05:00:00Z");
  const ResampleRules hours = bars_of("4h", "America/New_York");
  BarEnds four(hours);
  // Autumn: 2020-11-01 has 25 hours, so its last bar has one: no label lies before what it holds.
  CHECK(to_iso(*four.of(at("2020-11-02 00:30"))) == "2020-11-02T04:00:00Z");
  CHECK(to_iso(*four.of(at("2020-11-02 04:30"))) == "2020-11-02T05:00:00Z");
  CHECK(to_iso(*four.of(at("2020-11-01 05:30"))) == "2020-11-01T08:00:00Z");
}

TEST_CASE("weeks and months of days that are dates") {
  std::vector<TimeNs> t;
  std::vector<double> close;
  for (TimeNs day = at("2020-01-06"); day <= at("2020-02-10"); day += kNsPerDay) {
    if ((day / kNsPerDay + 3) % 7 >= 5) continue;  // Saturday and Sunday
    t.push_back(day);
    close.push_back(static_cast<double>(close.size()));
  }
  const auto frame = frame_of({Column::of_times("t", t), Column::of_reals("close", close)}, rules_of());
  FrameNotes notes;
  const Frame weeks = resampled(frame, bars_of("1w"), rules_of(), notes);
  // Monday to Friday are one week, dated by its Sunday: known before Monday's row.
  CHECK(ends_of(weeks) == std::vector<std::string>{"2020-01-12", "2020-01-19", "2020-01-26", "2020-02-02", "2020-02-09"});
  CHECK(same(weeks.at("close").reals(), {4, 9, 14, 19, 24}));
  const Frame months = resampled(frame, bars_of("1mo"), rules_of(), notes);
  CHECK(ends_of(months) == std::vector<std::string>{"2020-01-31"});
  CHECK(same(months.at("close").reals(), {19}));
  CHECK_THAT(refusal([&] { resampled(frame, bars_of("1h"), rules_of(), notes); }), Contains("all rows are stamped at midnight"));
  CHECK_THAT(refusal([&] { resampled(frame, bars_of("12mo"), rules_of(), notes); }), Contains("no bar of 1y is complete"));
}

TEST_CASE("what is not a price needs a word") {
  FrameNotes notes;
  auto columns = sevens();
  columns.push_back(Column::of_codes("venue", std::vector<std::int32_t>(40, 0), {"X"}));
  const auto frame = frame_of(columns, rules_of());
  CHECK_THAT(refusal([&] { resampled(frame, bars_of("1h"), rules_of(), notes); }),
             Contains("how the column 'venue'") && Contains("aggregate: {venue: last}"));
  ResampleRules how = bars_of("1h");
  how.aggregate = {{"venue", Aggregate::last}, {"Volume", Aggregate::mean}};
  const Frame hours = resampled(frame, how, rules_of(), notes);
  CHECK(hours.at("venue").text(0) == "X");
  CHECK(hours.at("Volume").reals()[0] == 32 / 8.0 + 0.0);
  how.aggregate = {{"venue", Aggregate::sum}};
  CHECK_THAT(refusal([&] { resampled(frame, how, rules_of(), notes); }), Contains("making longer bars: the column 'venue' holds text"));
  how.aggregate = {{"venu", Aggregate::drop}};
  CHECK_THAT(refusal([&] { resampled(frame, how, rules_of(), notes); }), Contains("no column 'venu'"));
  CHECK_THAT(refusal([&] { resampled(frame, bars_of("1h", "Mars/Olympus"), rules_of(), notes); }), Contains("no time zone 'Mars/Olympus'"));
}

// Every row lies in the bar that it is counted to, what is summed is kept, and a bar does not change when later rows are unknown.
TEST_CASE("random ticks into bars on clocks that change") {
  for (const auto& how : {bars_of("1h"), bars_of("5min", "Europe/Warsaw"), bars_of("1d", "America/New_York", "17:00", "17:00"),
                          bars_of("1d", "Australia/Lord_Howe"), bars_of("7h", "America/New_York"), bars_of("1w", "Europe/Warsaw"),
                          bars_of("1mo"), bars_of("3mo", "Asia/Tokyo"), bars_of("90min", "Europe/London", "08:00", "16:30")}) {
    Random random(SeedTree(5).child(how.zone));
    std::vector<TimeNs> t;
    std::vector<std::int32_t> e;
    std::vector<double> x, v;
    TimeNs now = at("2020-02-20");
    for (int i = 0; i < 4000; ++i) {
      now += static_cast<TimeNs>(1 + random.below(12'000)) * kNsPerSecond;
      t.push_back(now);
      e.push_back(static_cast<std::int32_t>(random.below(2)));
      x.push_back(static_cast<double>(random.below(1000)));
      v.push_back(static_cast<double>(1 + random.below(9)));
    }
    const std::vector<Column> columns{Column::of_times("t", t), Column::of_codes("e", e, {"a", "b"}), Column::of_reals("close", x),
                                      Column::of_reals("volume", v)};
    const TimeRules rules = rules_of("e");
    const Frame ticks = frame_of(columns, rules);
    FrameNotes notes;
    const Frame bars = resampled(ticks, how, rules, notes);
    INFO(how.zone << " " << to_text(how.bar) << ", " << bars.rows() << " bars");
    BarEnds ends(how);
    double counted = 0, in_bars = 0;
    bool inside = true;
    for (std::size_t row = 0; row < ticks.rows(); ++row) {
      const auto end = ends.of(ticks.known_at()[row]);
      if (!end) continue;
      inside &= *end >= ticks.known_at()[row];
      if (how.bar.months == 0) inside &= *end - ticks.known_at()[row] < how.bar.ns + 2 * 3600 * kNsPerSecond;  // a day may have 25 hours
      if (*end <= ticks.known_at().back()) counted += ticks.at("volume").reals()[row];
    }
    for (const double volume : bars.at("volume").reals()) in_bars += volume;
    CHECK(inside);
    CHECK(counted == in_bars);
    const std::size_t half = ticks.rows() / 2;
    std::vector<std::int64_t> early(half);
    for (std::size_t i = 0; i < half; ++i) early[i] = static_cast<std::int64_t>(i);
    const Frame before = resampled(ticks.taken(early), how, rules, notes);
    REQUIRE(before.rows() <= bars.rows());
    REQUIRE(before.rows() > 0);
    bool unchanged = true;
    for (std::size_t row = 0; row < before.rows(); ++row)
      for (const Column& column : before.columns()) unchanged &= column.text(row) == bars.at(column.name()).text(row);
    CHECK(unchanged);
    CHECK((before.rows() == bars.rows() || bars.known_at()[before.rows()] > ticks.known_at()[half - 1]));
  }
}

TEST_CASE("one calendar for all") {
  const TimeRules rules = rules_of("e");
  const auto frame =
      frame_of({Column::of_times("t", {at("2020-01-01"), at("2020-01-02"), at("2020-01-03"), at("2020-01-02"), at("2020-01-04")}),
                Column::of_codes("e", {0, 0, 0, 1, 1}, {"a", "b"}), Column::of_reals("x", {1, 2, 3, 4, 5})},
               rules);
  FrameNotes notes;
  const auto texts = [](const Frame& f) {
    std::vector<std::string> out;
    for (std::size_t row = 0; row < f.rows(); ++row)
      out.push_back(to_iso(f.known_at()[row]).substr(8) + f.at("e").text(row) + f.at("x").text(row));
    return out;
  };
  // b begins on the 2nd; a goes on to the end of the data with missing values.
  CHECK(texts(with_calendar(frame, Calendar::all, "", rules, notes)) ==
        std::vector<std::string>{"01a1", "02a2", "02b4", "03a3", "03b", "04a", "04b5"});
  CHECK_THAT(notes.notes.back(), Contains("calendar: 4 of 4 times; 0 rows at other times left out, 2 rows of missing values added"));
  CHECK(texts(with_calendar(frame, Calendar::common, "", rules, notes)) == std::vector<std::string>{"02a2", "02b4"});
  CHECK(texts(with_calendar(frame, Calendar::of_entity, "b", rules, notes)) == std::vector<std::string>{"02a2", "02b4", "04a", "04b5"});
  CHECK_THAT(refusal([&] { with_calendar(frame, Calendar::of_entity, "c", rules, notes); }), Contains("no entity 'c'"));
  const auto apart = frame_of({Column::of_times("t", {at("2020-01-01"), at("2020-01-02")}), Column::of_codes("e", {0, 1}, {"a", "b"}),
                               Column::of_reals("x", {1, 2})},
                              rules);
  CHECK_THAT(refusal([&] { with_calendar(apart, Calendar::common, "", rules, notes); }),
             Contains("no time at which every entity has a row"));
}

TEST_CASE("the middle of bid and ask") {
  const auto frame = frame_of({Column::of_times("t", {at("2020-01-01"), at("2020-01-02"), at("2020-01-03")}),
                               Column::of_reals("bid", {1, 3, kNan}), Column::of_integers("ask", {2, 2, 2})},
                              rules_of());
  FrameNotes notes;
  const Frame both = with_middle(frame, {"mid", "bid", "ask", "spread"}, notes);
  CHECK(same(both.at("mid").reals(), {1.5, 2.5, kNan}));
  CHECK(same(both.at("spread").reals(), {1, -1, kNan}));
  CHECK_THAT(notes.notes.back(), Contains("the ask 'ask' lies below the bid 'bid' in 1 rows"));
  CHECK_THAT(refusal([&] { with_middle(frame, {"bid", "bid", "ask", ""}, notes); }), Contains("a column 'bid' already"));
  CHECK_THAT(refusal([&] { with_middle(frame, {"mid", "bid", "asks", ""}, notes); }), Contains("no column 'asks'"));
}
