// Dates, instants and spans: UTC nanoseconds since 1970 and the spans that experiment files write ("3y", "6mo", "10min", "20").
// Used by data (reading times), config (checking spans) and pipeline (splits). Pure functions, thread-safe. No time zones: data/ has them.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace assay {

using TimeNs = std::int64_t;
inline constexpr TimeNs kMissingTime = std::numeric_limits<TimeNs>::min();
inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;
inline constexpr std::int64_t kNsPerDay = 86'400 * kNsPerSecond;

// Calendar months, plus nanoseconds, or (instead) a plain count of distinct times or rows.
struct Span {
  std::int64_t months = 0, ns = 0, count = 0;
  bool is_count() const { return count != 0; }
  bool is_zero() const { return months == 0 && ns == 0 && count == 0; }
  friend bool operator==(const Span&, const Span&) = default;
};

std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day);  // proleptic Gregorian, 0 = 1970-01-01
void civil_from_days(std::int64_t days, std::int64_t& year, unsigned& month, unsigned& day);

// "3y" "6mo" "2w" "5d" "1h" "10min" "30s" "250ms" or a count "20". Nothing where it is none of these or overflows.
std::optional<Span> parse_span(std::string_view text);
std::string to_text(const Span& span);

// A count is refused (ASSAY_CHECK). A day past the month's end becomes its last day.
TimeNs add(TimeNs time, const Span& span, int sign = 1);

// ISO 8601 date, or date and time ("2020-01-31", "2020-01-31 09:30", "2020-01-31T09:30:00.5Z"), as UTC.
std::optional<TimeNs> parse_iso(std::string_view text);
std::string to_iso(TimeNs time);  // "2020-01-31" at midnight, else "2020-01-31T09:30:00Z" with as many decimals as needed

}  // namespace assay
