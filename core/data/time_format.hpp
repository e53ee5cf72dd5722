// Reads times as files write them, by a format of strptime's kind. Used by the CSV reader. No locale: English month names. Thread-safe.
// Directives: %Y (4 digits) %y (69..99 are 19xx, else 20xx) %m %d %H %I %M %S (1 or 2 digits) %f (1 to 9 decimals of a second) %p (AM/PM)
// %b %B %h (month name, short or long) %a %A (weekday, read past) %j (day of the year) %q (quarter: its first day) %z (Z, +hh:mm, +hhmm,
// +hh) %e = %d, %F = %Y-%m-%d, %T = %H:%M:%S, %D = %m/%d/%y, %R = %H:%M, %% . A blank matches any number of blanks, other characters
// themselves. 24:00 is the end of its day. Instead: epoch_s epoch_ms epoch_us epoch_ns (whole or decimal numbers since 1970 UTC), excel
// (days on the spreadsheets' clock). The empty format is ISO 8601: date, or date and time with T or a blank, with or without seconds,
// decimals and offset.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.hpp"

namespace assay::data {

class TimeFormat {
 public:
  TimeFormat() = default;  // ISO 8601
  bool is_iso() const { return parts_.empty() && epoch_unit_ns_ == 0 && !is_excel_; }
  // Nothing where the format is wrong; `why` then says how.
  static std::optional<TimeFormat> compile(std::string_view format, std::string& why);

  struct Parsed {
    TimeNs time = 0;           // UTC where it is absolute, else on the local clock
    bool is_absolute = false;  // the text itself gave an offset, or it is an epoch
  };
  std::optional<Parsed> parse(std::string_view text) const;  // the whole text; nothing for anything else, and for no real date

 private:
  struct Part {
    char directive = 0;  // 0: the literal
    char literal = 0;
  };
  std::vector<Part> parts_;
  std::int64_t epoch_unit_ns_ = 0;
  bool is_excel_ = false;
};

std::optional<TimeFormat::Parsed> parse_iso_time(std::string_view text);
// Common formats that read this text, for messages ("1/4/1999" gives "%m/%d/%Y" and "%d/%m/%Y").
std::vector<std::string> guess_time_formats(std::string_view text);

}  // namespace assay::data
