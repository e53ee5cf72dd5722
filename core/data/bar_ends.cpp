#include "data/bar_ends.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace assay::data {

namespace {

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// The date on which the week or the months that hold `date` are over: the first one behind them.
std::int64_t period_after(std::int64_t date, const Span& bar) {
  if (bar.months == 0) return floor_div(date + 3, 7) * 7 + 4;  // 1970-01-01 was a Thursday: weeks begin on date -3
  std::int64_t year = 0;
  unsigned month = 0, day = 0;
  civil_from_days(date, year, month, day);
  const std::int64_t next = floor_div(year * 12 + month - 1, bar.months) * bar.months + bar.months;
  return days_from_civil(floor_div(next, 12), static_cast<unsigned>(next - floor_div(next, 12) * 12) + 1, 1);
}

}  // namespace

BarEnds::BarEnds(const ResampleRules& how) : how_(how) {
  const auto zone = TimeZone::find(how.zone);
  if (!zone)
    throw Error(Fault::data, "", fmt::format("there is no time zone '{}'", how.zone),
                "UTC, an offset like +02:00, or a name like Europe/Warsaw");
  zone_ = *zone;
}

TimeNs BarEnds::local(TimeNs clock) const {
  for (int quarter = 0; quarter < 8; ++quarter)
    if (const auto utc = zone_.to_utc(clock + quarter * 900 * kNsPerSecond)) return *utc;
  return clock;
}

const BarEnds::Day& BarEnds::day(std::int64_t date) {
  const auto [at, is_new] = days_.try_emplace(date);
  if (is_new) {
    const std::int64_t last = how_.close <= how_.open ? date + 1 : date;
    at->second = {local(date * kNsPerDay + how_.open), local(last * kNsPerDay + how_.close)};
  }
  return at->second;
}

std::optional<TimeNs> BarEnds::of(TimeNs moment) {
  const std::int64_t clock = moment + zone_.offset_seconds(moment) * kNsPerSecond;
  const std::int64_t about = floor_div(clock, kNsPerDay);
  for (std::int64_t date = about - 2; date <= about + 1; ++date) {
    const Day& day = this->day(date);
    if (moment <= day.open || moment > day.close) continue;
    const bool whole_day = how_.bar.months == 0 && how_.bar.ns == kNsPerDay;
    if (whole_day) return day.close;
    if (how_.bar.months == 0 && how_.bar.ns < kNsPerDay)
      return std::min(day.close, day.open + (floor_div(moment - day.open - 1, how_.bar.ns) + 1) * how_.bar.ns);
    // A day belongs to the week of the date on which it ends; one that ends at midnight ends on the date before.
    const std::int64_t last = how_.close <= how_.open && how_.close != 0 ? date + 1 : date;
    return midnight(period_after(last, how_.bar));
  }
  return std::nullopt;
}

}  // namespace assay::data
