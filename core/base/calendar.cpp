#include "base/calendar.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay {

std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
  using namespace std::chrono;
  return sys_days(std::chrono::year(static_cast<int>(year)) / std::chrono::month(month) / std::chrono::day(day)).time_since_epoch().count();
}

void civil_from_days(std::int64_t days, std::int64_t& year, unsigned& month, unsigned& day) {
  using namespace std::chrono;
  const year_month_day date{sys_days(std::chrono::days(days))};
  year = static_cast<int>(date.year());
  month = static_cast<unsigned>(date.month());
  day = static_cast<unsigned>(date.day());
}

std::optional<Span> parse_span(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = text::to_integer(text.substr(0, digits));
  if (!count) return std::nullopt;
  const std::string_view unit = text.substr(digits);
  Span span;
  if (unit.empty()) {
    span.count = *count;
    return span;
  }
  if (unit == "y" || unit == "mo") {
    const std::int64_t months = unit == "y" ? 12 : 1;
    if (*count > 120'000 / months) return std::nullopt;
    span.months = *count * months;
    return span;
  }
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> kUnits{{{"w", 7 * kNsPerDay},
                                                                                    {"d", kNsPerDay},
                                                                                    {"h", 3600 * kNsPerSecond},
                                                                                    {"min", 60 * kNsPerSecond},
                                                                                    {"s", kNsPerSecond},
                                                                                    {"ms", 1'000'000},
                                                                                    {"us", 1'000}}};
  for (const auto& [name, ns] : kUnits) {
    if (unit != name) continue;
    if (*count > std::numeric_limits<std::int64_t>::max() / ns) return std::nullopt;
    span.ns = *count * ns;
    return span;
  }
  return std::nullopt;
}

std::string to_text(const Span& span) {
  if (span.is_count()) return std::to_string(span.count);
  if (span.months != 0) return span.months % 12 == 0 ? std::to_string(span.months / 12) + "y" : std::to_string(span.months) + "mo";
  for (const auto& [name, ns] : std::array<std::pair<const char*, std::int64_t>, 6>{{{"d", kNsPerDay},
                                                                                     {"h", 3600 * kNsPerSecond},
                                                                                     {"min", 60 * kNsPerSecond},
                                                                                     {"s", kNsPerSecond},
                                                                                     {"ms", 1'000'000},
                                                                                     {"us", 1'000}}})
    if (span.ns % ns == 0) return std::to_string(span.ns / ns) + name;
  return std::to_string(span.ns) + "ns";
}

TimeNs add(TimeNs time, const Span& span, int sign) {
  ASSAY_CHECK(!span.is_count(), "a count of rows has no length in time");
  if (span.months != 0) {
    std::int64_t days = time / kNsPerDay;
    if (time % kNsPerDay < 0) --days;
    const std::int64_t within = time - days * kNsPerDay;
    std::int64_t year;
    unsigned month, day;
    civil_from_days(days, year, month, day);
    const std::int64_t total = year * 12 + (month - 1) + sign * span.months;
    const std::int64_t new_year = total >= 0 ? total / 12 : -((11 - total) / 12);
    const auto new_month = static_cast<unsigned>(total - new_year * 12) + 1;
    const std::int64_t first = days_from_civil(new_year, new_month, 1);
    const std::int64_t next = new_month == 12 ? days_from_civil(new_year + 1, 1, 1) : days_from_civil(new_year, new_month + 1, 1);
    time = (first + std::min<std::int64_t>(day, next - first) - 1) * kNsPerDay + within;
  }
  return time + sign * span.ns;
}

namespace {
// Reads exactly `width` digits from the front of text.
std::optional<unsigned> take_digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  unsigned value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}
bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}
}  // namespace

std::optional<TimeNs> parse_iso(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || *month < 1 || *month > 12 || *day < 1) return std::nullopt;
  const auto date = std::chrono::year(static_cast<int>(*year)) / std::chrono::month(*month) / std::chrono::day(*day);
  if (!date.ok() || *year < 1678 || *year > 2261) return std::nullopt;
  TimeNs time = days_from_civil(*year, *month, *day) * kNsPerDay;
  if (text.empty()) return time;
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  unsigned second = 0;
  std::int64_t fraction = 0;
  if (take(text, ':')) {
    const auto seconds = take_digits(text, 2);
    if (!seconds || *seconds > 59) return std::nullopt;
    second = *seconds;
    if (take(text, '.')) {
      std::int64_t unit = kNsPerSecond;
      if (!text::starts_with_digit(text)) return std::nullopt;
      while (text::starts_with_digit(text)) {
        unit /= 10;
        fraction += (text.front() - '0') * unit;
        text.remove_prefix(1);
      }
    }
  }
  if (!text.empty() && text != "Z") return std::nullopt;
  return time + ((*hour * 60 + *minute) * 60 + second) * kNsPerSecond + fraction;
}

std::string to_iso(TimeNs time) {
  if (time == kMissingTime) return "missing";
  std::int64_t days = time / kNsPerDay, within = time % kNsPerDay;
  if (within < 0) --days, within += kNsPerDay;
  std::int64_t year;
  unsigned month, day;
  civil_from_days(days, year, month, day);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02u", static_cast<int>(year), month, day);
  std::string text = buffer;
  if (within == 0) return text;
  const std::int64_t fraction = within % kNsPerSecond;
  within /= kNsPerSecond;
  std::snprintf(buffer, sizeof buffer, "T%02d:%02d:%02d", static_cast<int>(within / 3600), static_cast<int>(within / 60 % 60),
                static_cast<int>(within % 60));
  text += buffer;
  if (fraction != 0) {
    std::snprintf(buffer, sizeof buffer, ".%09d", static_cast<int>(fraction));
    std::string decimals = buffer;
    while (decimals.back() == '0') decimals.pop_back();
    text += decimals;
  }
  return text + "Z";
}

}  // namespace assay
