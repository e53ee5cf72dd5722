#include "data/time_zone.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "base/text.hpp"

namespace assay::data {

// TZif (RFC 8536): instants at which the offset changes, and behind the last one a rule such as "CET-1CEST,M3.5.0,M10.5.0/3", which is
// spelled out year by year up to 2262, so that one table answers all.
struct TimeZone::Rules {
  std::vector<std::int64_t> starts;   // UTC seconds, ascending; starts[0] is the beginning of time
  std::vector<std::int32_t> offsets;  // from starts[i] on
};

namespace {

constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min() / 2;
constexpr std::int64_t kDay = 86'400;

class Bytes {  // big-endian, never past the end
 public:
  explicit Bytes(std::string_view text) : text_(text) {}
  bool good() const { return good_; }
  std::string_view take(std::size_t n) {
    if (n > text_.size()) {
      good_ = false;
      return {};
    }
    const auto part = text_.substr(0, n);
    text_.remove_prefix(n);
    return part;
  }
  std::int64_t number(std::size_t width) {
    const auto part = take(width);
    std::uint64_t value = 0;
    if (!part.empty() && (static_cast<unsigned char>(part[0]) & 0x80) != 0) value = ~std::uint64_t{0};
    for (const char c : part) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
  }
  std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
  bool good_ = true;
};

struct Header {
  char version = 0;
  std::size_t utc_flags = 0, standard_flags = 0, leaps = 0, times = 0, types = 0, letters = 0;
  std::size_t body(std::size_t width) const {
    return times * (width + 1) + types * 6 + letters + leaps * (width + 4) + standard_flags + utc_flags;
  }
};

bool read_header(Bytes& bytes, Header& h) {
  if (bytes.take(4) != "TZif") return false;
  const auto version = bytes.take(1);
  bytes.take(15);
  if (!bytes.good()) return false;
  h.version = version[0];
  for (std::size_t* count : {&h.utc_flags, &h.standard_flags, &h.leaps, &h.times, &h.types, &h.letters}) {
    const std::int64_t n = bytes.number(4);
    if (n < 0 || n > 100'000) return false;
    *count = static_cast<std::size_t>(n);
  }
  return bytes.good() && h.types > 0;
}

// "-1", "3:30", "+05": hours[:minutes[:seconds]] with sign, in seconds.
bool take_clock(std::string_view& text, std::int64_t& seconds) {
  int sign = 1;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
  }
  seconds = 0;
  for (std::int64_t unit : {3600, 60, 1}) {
    if (unit != 3600) {
      if (text.empty() || text.front() != ':') break;
      text.remove_prefix(1);
    }
    if (!text::starts_with_digit(text)) return false;
    std::int64_t value = 0;
    while (text::starts_with_digit(text) && value < 1000) {
      value = value * 10 + (text.front() - '0');
      text.remove_prefix(1);
    }
    seconds += value * unit;
  }
  seconds *= sign;
  return true;
}

bool skip_zone_letters(std::string_view& text) {
  const bool angled = !text.empty() && text.front() == '<';
  std::size_t n = 0;
  if (angled) {
    n = text.find('>');
    if (n == std::string_view::npos) return false;
    ++n;
  } else {
    while (n < text.size() && ((text[n] >= 'A' && text[n] <= 'Z') || (text[n] >= 'a' && text[n] <= 'z'))) ++n;
  }
  text.remove_prefix(n);
  return n >= 3;
}

struct ChangeDay {  // Mm.w.d/time, Jn/time or n/time
  char kind = 'M';
  std::int64_t month = 0, week = 0, day = 0, clock = 7200;
  // Seconds since 1970 on the local clock.
  std::int64_t in_year(std::int64_t year) const {
    const std::int64_t january = days_from_civil(year, 1, 1);
    if (kind == 'n') return (january + day) * kDay + clock;
    if (kind == 'J') {
      const bool leap = days_from_civil(year, 3, 1) - january == 60;
      return (january + day - 1 + (leap && day >= 60 ? 1 : 0)) * kDay + clock;
    }
    const std::int64_t first = days_from_civil(year, static_cast<unsigned>(month), 1);
    const std::int64_t next = month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, static_cast<unsigned>(month) + 1, 1);
    const std::int64_t weekday = ((first + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday (4)
    std::int64_t date = first + (day - weekday + 7) % 7 + (week - 1) * 7;
    while (date >= next) date -= 7;
    return date * kDay + clock;
  }
};

bool take_change_day(std::string_view& text, ChangeDay& change) {
  if (text.empty() || text.front() != ',') return false;
  text.remove_prefix(1);
  const auto number = [&](std::int64_t low, std::int64_t high, std::int64_t& value) {
    if (!text::starts_with_digit(text)) return false;
    value = 0;
    while (text::starts_with_digit(text) && value < 1000) {
      value = value * 10 + (text.front() - '0');
      text.remove_prefix(1);
    }
    return value >= low && value <= high;
  };
  const auto dot = [&] {
    if (text.empty() || text.front() != '.') return false;
    text.remove_prefix(1);
    return true;
  };
  if (text.empty()) return false;
  change.kind = text.front() == 'M' || text.front() == 'J' ? text.front() : 'n';
  if (change.kind != 'n') text.remove_prefix(1);
  if (change.kind == 'M') {
    if (!number(1, 12, change.month) || !dot() || !number(1, 5, change.week) || !dot() || !number(0, 6, change.day)) return false;
  } else if (!number(change.kind == 'J' ? 1 : 0, 365, change.day)) {
    return false;
  }
  if (text.empty() || text.front() != '/') return true;
  text.remove_prefix(1);
  return take_clock(text, change.clock);
}

// Appends the changes that the closing rule makes after the last listed one.
bool append_rule(std::string_view rule, TimeZone::Rules& rules) {
  if (rule.empty()) return true;
  std::int64_t west, summer_west;
  if (!skip_zone_letters(rule) || !take_clock(rule, west)) return false;
  const auto add = [&](std::int64_t at, std::int64_t offset) {
    if (at <= rules.starts.back()) return;
    rules.starts.push_back(at);
    rules.offsets.push_back(static_cast<std::int32_t>(offset));
  };
  if (rule.empty()) return true;
  ChangeDay begin, end;
  if (!skip_zone_letters(rule)) return false;
  summer_west = west - 3600;
  if (!rule.empty() && rule.front() != ',' && !take_clock(rule, summer_west)) return false;
  if (!take_change_day(rule, begin) || !take_change_day(rule, end) || !rule.empty()) return false;
  for (std::int64_t year = 1970; year <= 2262; ++year) {
    const std::int64_t summer = begin.in_year(year) + west, winter = end.in_year(year) + summer_west;
    const bool north = summer < winter;
    add(north ? summer : winter, north ? -summer_west : -west);
    add(north ? winter : summer, north ? -west : -summer_west);
  }
  return true;
}

bool read_rules(std::string_view file, TimeZone::Rules& rules) {
  Bytes bytes(file);
  Header h;
  if (!read_header(bytes, h)) return false;
  std::size_t width = 4;
  if (h.version >= '2') {  // the 32-bit part, then the 64-bit one
    bytes.take(h.body(4));
    if (!bytes.good() || !read_header(bytes, h)) return false;
    width = 8;
  }
  std::vector<std::int64_t> times(h.times);
  for (auto& time : times) time = bytes.number(width);
  const std::string_view kinds = bytes.take(h.times);
  std::vector<std::int32_t> offsets(h.types);
  for (auto& offset : offsets) {
    offset = static_cast<std::int32_t>(bytes.number(4));
    bytes.take(2);
  }
  bytes.take(h.letters + h.leaps * (width + 4) + h.standard_flags + h.utc_flags);
  if (!bytes.good()) return false;
  rules.starts = {kFirst};
  rules.offsets = {offsets[0]};
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto kind = static_cast<unsigned char>(kinds[i]);
    if (kind >= offsets.size()) return false;
    if (times[i] <= rules.starts.back()) {
      if (i == 0 && times[i] <= kFirst) continue;
      return false;
    }
    rules.starts.push_back(times[i]);
    rules.offsets.push_back(offsets[kind]);
  }
  for (const std::int32_t offset : rules.offsets)
    if (offset < -kDay || offset > kDay) return false;
  return width == 4 || append_rule(text::trim(bytes.rest()), rules);
}

std::int64_t floor_seconds(TimeNs time) { return time / kNsPerSecond - (time % kNsPerSecond < 0 ? 1 : 0); }

// "+02:00", "-0530", "+9"
std::optional<std::int32_t> fixed_offset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  std::string digits;
  for (const char c : text.substr(1))
    if (c != ':') digits += c;
  if (digits.size() > 4 || digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  if (text.find(':') != std::string_view::npos && text.find(':') + 3 != text.size()) return std::nullopt;
  const int value = std::stoi(digits);
  const int hours = digits.size() > 2 ? value / 100 : value, minutes = digits.size() > 2 ? value % 100 : 0;
  if (hours > 18 || minutes > 59) return std::nullopt;
  return sign * (hours * 3600 + minutes * 60);
}

bool is_zone_name(std::string_view name) {  // no way out of the folder
  if (name.empty() || name.front() == '/' || name.find("..") != std::string_view::npos) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

}  // namespace

std::optional<TimeZone> TimeZone::find(std::string_view name, const std::filesystem::path& folder) {
  TimeZone zone;
  if (name == "UTC" || name == "Z") return zone;
  if (const auto offset = fixed_offset(name)) {
    zone.fixed_seconds_ = *offset;
    return zone;
  }
  if (!is_zone_name(name)) return std::nullopt;
  std::error_code error;
  const auto path = folder / std::string(name);
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) > 1'000'000) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(in), {}};
  auto rules = std::make_shared<Rules>();
  if (!read_rules(file, *rules)) return std::nullopt;
  zone.rules_ = std::move(rules);
  return zone;
}

std::int32_t TimeZone::offset_seconds(TimeNs utc) const {
  if (!rules_) return fixed_seconds_;
  const auto after = std::upper_bound(rules_->starts.begin(), rules_->starts.end(), floor_seconds(utc));
  return rules_->offsets[static_cast<std::size_t>(after - rules_->starts.begin()) - 1];
}

namespace {
// The UTC seconds whose local clock shows `local`, ascending; none in a gap, two in an overlap.
std::size_t instants(const std::vector<std::int64_t>& starts, const std::vector<std::int32_t>& offsets, std::int64_t local,
                     std::array<std::int64_t, 3>& found) {
  std::size_t count = 0;
  const auto near = std::upper_bound(starts.begin(), starts.end(), local - 2 * kDay) - starts.begin();
  for (auto i = static_cast<std::size_t>(std::max<std::ptrdiff_t>(near - 1, 0)); i < starts.size() && starts[i] <= local + 2 * kDay; ++i) {
    const std::int64_t utc = local - offsets[i];
    if (utc >= starts[i] && (i + 1 == starts.size() || utc < starts[i + 1]) && count < found.size()) found[count++] = utc;
  }
  return count;
}
}  // namespace

std::optional<TimeNs> TimeZone::to_utc(TimeNs local) const {
  TimeNs result;
  if (!rules_) {
    if (__builtin_sub_overflow(local, fixed_seconds_ * kNsPerSecond, &result)) return std::nullopt;
    return result;
  }
  const std::int64_t seconds = floor_seconds(local);
  std::array<std::int64_t, 3> found{};
  if (instants(rules_->starts, rules_->offsets, seconds, found) == 0) return std::nullopt;
  if (__builtin_add_overflow(local, (found[0] - seconds) * kNsPerSecond, &result)) return std::nullopt;
  return result;
}

bool TimeZone::is_ambiguous(TimeNs local) const {
  std::array<std::int64_t, 3> found{};
  return rules_ && instants(rules_->starts, rules_->offsets, floor_seconds(local), found) > 1;
}

}  // namespace assay::data
