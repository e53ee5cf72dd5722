#include "data/time_format.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/text.hpp"

namespace assay::data {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Reads between `least` and `most` digits from the front.
bool take_number(std::string_view& text, std::size_t least, std::size_t most, int& value) {
  std::size_t n = 0;
  value = 0;
  while (n < most && n < text.size() && is_digit(text[n])) value = value * 10 + (text[n++] - '0');
  text.remove_prefix(n);
  return n >= least;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

bool take_decimals(std::string_view& text, std::int64_t& ns) {  // 1 to 9 digits count; further ones must be digits and are cut
  if (text.empty() || !is_digit(text.front())) return false;
  ns = 0;
  for (std::int64_t unit = kNsPerSecond / 10; !text.empty() && is_digit(text.front()); unit /= 10, text.remove_prefix(1))
    ns += (text.front() - '0') * unit;
  return true;
}

// Z, +hh, +hhmm, +hh:mm
bool take_offset(std::string_view& text, std::int64_t& seconds) {
  if (take(text, 'Z')) {
    seconds = 0;
    return true;
  }
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hours, minutes = 0;
  if (!take_number(text, 2, 2, hours)) return false;
  const bool colon = take(text, ':');
  if ((colon || (!text.empty() && is_digit(text.front()))) && !take_number(text, 2, 2, minutes)) return false;
  if (hours > 18 || minutes > 59) return false;
  seconds = sign * (hours * 3600 + minutes * 60);
  return true;
}

constexpr std::array<std::string_view, 12> kMonths{"january", "february", "march",     "april",   "may",      "june",
                                                   "july",    "august",   "september", "october", "november", "december"};

constexpr std::array<std::string_view, 7> kDays{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

// A name, whole or its first three letters; which one, from 1.
template <std::size_t N>
bool take_name(std::string_view& text, const std::array<std::string_view, N>& names, int& which) {
  for (std::size_t i = 0; i < N; ++i) {
    std::size_t n = 0;
    while (n < text.size() && n < names[i].size() && lower(text[n]) == names[i][n]) ++n;
    if (n < 3) continue;
    text.remove_prefix(n == names[i].size() ? n : 3);
    which = static_cast<int>(i) + 1;
    return true;
  }
  return false;
}

struct Fields {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, year_day = 0;
  int half = -1;  // 0 AM, 1 PM
  bool is_half_clock = false;
  std::int64_t ns = 0, offset = 0;
  bool has_offset = false;
};

std::optional<TimeFormat::Parsed> assemble(Fields f) {
  using namespace std::chrono;
  if (f.is_half_clock) {
    if (f.hour < 1 || f.hour > 12 || f.half < 0) return std::nullopt;
    f.hour = f.hour % 12 + 12 * f.half;
  }
  const bool midnight = f.hour == 24 && f.minute == 0 && f.second == 0 && f.ns == 0;  // of the day's end
  if (f.year < 1678 || f.year > 2261 || (f.hour > 23 && !midnight) || f.minute > 59 || f.second > 59) return std::nullopt;
  std::int64_t days;
  if (f.year_day > 0) {
    if (f.year_day > (year(f.year).is_leap() ? 366 : 365)) return std::nullopt;
    days = days_from_civil(f.year, 1, 1) + f.year_day - 1;
  } else {
    const year_month_day date = year(f.year) / month(static_cast<unsigned>(f.month)) / day(static_cast<unsigned>(f.day));
    if (!date.ok()) return std::nullopt;
    days = sys_days(date).time_since_epoch().count();
  }
  const std::int64_t seconds = (f.hour * 60 + f.minute) * 60 + f.second - f.offset;
  return TimeFormat::Parsed{days * kNsPerDay + seconds * kNsPerSecond + f.ns, f.has_offset};
}

bool read_directive(char directive, std::string_view& text, Fields& f) {
  int ignored = 0;
  switch (directive) {
    case 'Y':
      return take_number(text, 4, 4, f.year);
    case 'y':
      if (!take_number(text, 2, 2, f.year)) return false;
      f.year += f.year >= 69 ? 1900 : 2000;
      return true;
    case 'm':
      return take_number(text, 1, 2, f.month);
    case 'd':
      return take_number(text, 1, 2, f.day);
    case 'H':
      return take_number(text, 1, 2, f.hour);
    case 'I':
      f.is_half_clock = true;
      return take_number(text, 1, 2, f.hour);
    case 'M':
      return take_number(text, 1, 2, f.minute);
    case 'S':
      return take_number(text, 1, 2, f.second);
    case 'f':
      return take_decimals(text, f.ns);
    case 'j':
      return take_number(text, 1, 3, f.year_day) && f.year_day > 0;
    case 'b':
      return take_name(text, kMonths, f.month);
    case 'a':
      return take_name(text, kDays, ignored);
    case 'q':
      if (!take_number(text, 1, 1, f.month) || f.month < 1 || f.month > 4) return false;
      f.month = 3 * f.month - 2;
      return true;
    case 'z':
      f.has_offset = true;
      return take_offset(text, f.offset);
    case 'p': {
      if (text.size() < 2 || lower(text[1]) != 'm' || (lower(text[0]) != 'a' && lower(text[0]) != 'p')) return false;
      f.half = lower(text[0]) == 'p' ? 1 : 0;
      text.remove_prefix(2);
      return true;
    }
    default:
      return false;
  }
}

// Days since 1899-12-30, which spreadsheets count (from March 1900 on), to the millisecond, which is all that their doubles hold.
std::optional<TimeNs> parse_excel(std::string_view text) {
  const auto days = text::to_real(text);
  if (!days || !(*days >= 61 && *days < 100'000)) return std::nullopt;
  const auto ms = static_cast<std::int64_t>(std::llround(*days * 86'400'000));
  return days_from_civil(1899, 12, 30) * kNsPerDay + ms * 1'000'000;
}

// A decimal number of units, exact to the nanosecond.
std::optional<TimeNs> parse_epoch(std::string_view text, std::int64_t unit) {
  const bool negative = take(text, '-');
  std::int64_t whole = 0, fraction = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error != std::errc() || text.front() == '-' || whole > std::numeric_limits<std::int64_t>::max() / unit) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  if (take(text, '.')) {
    if (!text.empty() && !take_decimals(text, fraction)) return std::nullopt;
    fraction /= kNsPerSecond / unit;
  }
  std::int64_t time;
  if (!text.empty() || __builtin_add_overflow(whole * unit, fraction, &time)) return std::nullopt;
  return negative ? -time : time;
}

}  // namespace

std::optional<TimeFormat> TimeFormat::compile(std::string_view format, std::string& why) {
  TimeFormat result;
  if (format == "excel") {
    result.is_excel_ = true;
    return result;
  }
  for (const auto& [name, unit] : std::array<std::pair<std::string_view, std::int64_t>, 4>{
           {{"epoch_s", kNsPerSecond}, {"epoch_ms", 1'000'000}, {"epoch_us", 1'000}, {"epoch_ns", 1}}})
    if (format == name) {
      result.epoch_unit_ns_ = unit;
      return result;
    }
  std::string flat;
  for (std::size_t i = 0; i < format.size(); ++i) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kShort{{{"%F", "%Y-%m-%d"},
                                                                                          {"%T", "%H:%M:%S"},
                                                                                          {"%D", "%m/%d/%y"},
                                                                                          {"%R", "%H:%M"},
                                                                                          {"%e", " %d"},
                                                                                          {"%B", "%b"},
                                                                                          {"%h", "%b"},
                                                                                          {"%A", "%a"}}};
    const auto known =
        std::find_if(kShort.begin(), kShort.end(), [two = format.substr(i, 2)](const auto& one) { return one.first == two; });
    if (known != kShort.end()) {
      flat += known->second;
      ++i;
    } else {
      flat += format[i];
      if (format[i] == '%' && i + 1 < format.size()) flat += format[++i];
    }
  }
  std::string seen;
  for (std::size_t i = 0; i < flat.size(); ++i) {
    if (flat[i] != '%') {
      result.parts_.push_back({0, flat[i]});
      continue;
    }
    const char directive = ++i < flat.size() ? flat[i] : '\0';
    if (directive == '%') {
      result.parts_.push_back({0, '%'});
    } else if (std::string_view("YymdHIMSfjbzpaq").find(directive) == std::string_view::npos || directive == '\0') {
      why = directive == '\0' ? "a % stands at its end" : std::string("%") + directive + " is not known";
      return std::nullopt;
    } else {
      if (seen.find(directive) != std::string::npos) {
        why = std::string("%") + directive + " stands twice";
        return std::nullopt;
      }
      seen += directive;
      result.parts_.push_back({directive, 0});
    }
  }
  const auto has = [&](char c) { return seen.find(c) != std::string::npos; };
  if (!format.empty() && !has('Y') && !has('y')) {
    why = "it has no year (%Y or %y)";
    return std::nullopt;
  }
  if (has('I') != has('p')) {
    why = "%I and %p go together";
    return std::nullopt;
  }
  return result;
}

std::optional<TimeFormat::Parsed> TimeFormat::parse(std::string_view text) const {
  if (is_excel_) {
    const auto time = parse_excel(text);
    return time ? std::optional<Parsed>({*time, false}) : std::nullopt;
  }
  if (epoch_unit_ns_ != 0) {
    const auto time = parse_epoch(text, epoch_unit_ns_);
    return time ? std::optional<Parsed>({*time, true}) : std::nullopt;
  }
  if (parts_.empty()) return parse_iso_time(text);
  Fields fields;
  for (const Part& part : parts_) {
    if (part.directive != 0) {
      if (!read_directive(part.directive, text, fields)) return std::nullopt;
    } else if (is_blank(part.literal)) {
      while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    } else if (!take(text, part.literal)) {
      return std::nullopt;
    }
  }
  return text.empty() ? assemble(fields) : std::nullopt;
}

std::optional<TimeFormat::Parsed> parse_iso_time(std::string_view text) {
  Fields f;
  if (!take_number(text, 4, 4, f.year) || !take(text, '-') || !take_number(text, 2, 2, f.month) || !take(text, '-') ||
      !take_number(text, 2, 2, f.day))
    return std::nullopt;
  if (text.empty()) return assemble(f);
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  if (!take_number(text, 2, 2, f.hour) || !take(text, ':') || !take_number(text, 2, 2, f.minute)) return std::nullopt;
  if (take(text, ':')) {
    if (!take_number(text, 2, 2, f.second)) return std::nullopt;
    if (take(text, '.') && !take_decimals(text, f.ns)) return std::nullopt;
  }
  if (!text.empty()) {
    f.has_offset = true;
    if (!take_offset(text, f.offset) || !text.empty()) return std::nullopt;
  }
  return assemble(f);
}

std::vector<std::string> guess_time_formats(std::string_view text) {
  static constexpr std::array kFormats = std::to_array<std::string_view>({"%Y%m%d",
                                                                          "%Y%m%d %H:%M",
                                                                          "%Y%m%d %H:%M:%S",
                                                                          "%Y%m%d %H%M%S",
                                                                          "%m/%d/%Y",
                                                                          "%d/%m/%Y",
                                                                          "%m/%d/%y",
                                                                          "%d/%m/%y",
                                                                          "%m/%d/%Y %H:%M",
                                                                          "%d/%m/%Y %H:%M",
                                                                          "%d.%m.%Y",
                                                                          "%d.%m.%Y %H:%M",
                                                                          "%d.%m.%Y %H:%M:%S",
                                                                          "%Y/%m/%d",
                                                                          "%Y/%m/%d %H:%M",
                                                                          "%Y/%m/%d %H:%M:%S",
                                                                          "%Y.%m.%d",
                                                                          "%d-%b-%Y",
                                                                          "%d-%b-%y",
                                                                          "%b %d, %Y",
                                                                          "%d %b %Y",
                                                                          "%Y-%m-%d %I:%M %p",
                                                                          "%a, %d %b %Y",
                                                                          "%a %b %d %H:%M:%S %Y",
                                                                          "%m/%d/%Y %I:%M %p",
                                                                          "%m/%d/%Y %H:%M:%S",
                                                                          "%d/%m/%Y %H:%M:%S",
                                                                          "%d-%m-%Y",
                                                                          "%Y-%m",
                                                                          "%b %Y",
                                                                          "%b-%y",
                                                                          "%b-%Y",
                                                                          "%m/%Y",
                                                                          "%YQ%q",
                                                                          "%Y-Q%q",
                                                                          "%Y %b %d",
                                                                          "%d %B %Y %H:%M"});
  std::vector<std::string> fitting;
  std::string why;
  for (const std::string_view format : kFormats)
    if (const auto compiled = TimeFormat::compile(format, why); compiled && compiled->parse(text)) fitting.emplace_back(format);
  const auto number = text::to_integer(text);
  if (fitting.empty() && number && *number > 0) {
    if (text.size() == 10) fitting = {"epoch_s"};
    if (text.size() == 13) fitting = {"epoch_ms"};
    if (text.size() == 16) fitting = {"epoch_us"};
    if (text.size() == 19) fitting = {"epoch_ns"};
  }
  return fitting;
}

}  // namespace assay::data
