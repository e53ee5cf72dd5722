#include "data/number_style.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace assay::data {
namespace {

constexpr const char* kStateMarks = "state `thousands` or `decimal` if its texts are numbers";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A blank of any kind in front: how many bytes it takes.
std::size_t blank_in_front(std::string_view text) {
  for (const std::string_view blank : {" ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89"})  // plain, no-break, narrow no-break, thin
    if (text.starts_with(blank)) return blank.size();
  return 0;
}

// The mark between groups of digits in front, as NumberStyle names it, and its bytes.
std::pair<char, std::size_t> mark_in_front(std::string_view text) {
  if (const std::size_t bytes = blank_in_front(text); bytes != 0) return {' ', bytes};
  if (text.starts_with("\xE2\x80\x99")) return {'\'', 3};
  const char c = text.empty() ? '\0' : text.front();
  return c == ',' || c == '.' || c == '\'' ? std::pair<char, std::size_t>{c, 1} : std::pair<char, std::size_t>{'\0', 0};
}

std::size_t digits_in_front(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n;
}

// The digits before the decimal mark; false where groups are not of three.
bool take_groups(std::string_view& text, const NumberStyle& style, StyledNumber& result, std::string& plain) {
  std::size_t digits = digits_in_front(text);
  const std::size_t first = digits;
  plain += text.substr(0, digits);
  text.remove_prefix(digits);
  for (;;) {
    const auto [mark, bytes] = mark_in_front(text);
    if (mark == '\0' || mark == style.decimal || (style.thousands != '\0' && mark != style.thousands)) break;
    if (result.groups != 0 && mark != result.thousands) return false;
    if (digits_in_front(text.substr(bytes)) != 3) {
      if (mark == ' ') break;  // a blank before a suffix
      return false;
    }
    result.thousands = mark;
    ++result.groups;
    plain += text.substr(bytes, 3);
    text.remove_prefix(bytes + 3);
    digits += 3;
  }
  return result.groups == 0 || (first >= 1 && first <= 3 && plain[plain.size() - digits] != '0');
}

// What a suffix multiplies with, as a power of ten; nothing where it is none.
std::optional<int> power_of(std::string_view suffix, char& sign) {
  sign = suffix.empty() ? '\0' : static_cast<char>(std::toupper(static_cast<unsigned char>(suffix.front())));
  if (suffix.empty()) return 0;
  if (suffix.size() > 1) return std::nullopt;
  switch (sign) {
    case '%':
      return -2;
    case 'K':
      return 3;
    case 'M':
      return 6;
    case 'B':
      return 9;
    case 'T':
      return 12;
    default:
      return std::nullopt;
  }
}

// What all texts of a column have in common.
struct Common {
  bool any_mark = false, any_decimals = false, plain_groups = false, sure_groups = false, sure_decimals = false;
  bool large_suffix = false, sure_suffix = false, percent = false, all_percent = true, same_mark = true;
  char mark = '\0', suffix = '\0';
  int groups = -1;
  bool groups_differ = false;
};

void add(Common& all, const StyledNumber& one) {
  all.any_decimals = all.any_decimals || one.decimals >= 0;
  all.sure_decimals = all.sure_decimals || (one.decimals >= 0 && (one.decimals != 3 || one.starts_with_zero || one.groups != 0));
  all.sure_groups = all.sure_groups || one.groups > 1 || (one.groups == 1 && one.decimals >= 0);
  all.groups_differ = all.groups_differ || (all.groups >= 0 && all.groups != one.groups);
  all.groups = one.groups;
  if (one.groups > 0) {
    all.same_mark = all.same_mark && (!all.any_mark || all.mark == one.thousands);
    all.any_mark = true;
    all.mark = one.thousands;
  }
  if (one.suffix == '%') all.percent = true;
  if (one.suffix != '%') all.all_percent = false;
  if (one.suffix == '\0' || one.suffix == '%') return;
  all.sure_suffix = all.sure_suffix || one.decimals >= 0 || (all.large_suffix && all.suffix != one.suffix);
  all.sure_suffix = all.sure_suffix && one.suffix != 'T';  // 2.0T is an engine
  all.large_suffix = true;
  all.suffix = one.suffix;
}

bool marks_are_sure(const Common& all, const NumberStyle& style, const StyleHints& hints) {
  if (!all.any_mark || all.sure_groups || hints.style.thousands != '\0') return true;
  if (all.mark == ' ' || all.mark == '\'') return all.any_decimals || all.groups_differ;
  return (hints.decimal_is_known && style.decimal == hints.style.decimal) || (all.mark == ',' && hints.delimiter == ',') ||
         (all.any_decimals && all.sure_decimals);
}

// All texts in one style, or nothing.
std::optional<StyledColumn> read_all(std::span<const std::string> texts, const NumberStyle& style, Common& all) {
  StyledColumn column;
  std::string_view shown;
  for (const std::string& text : texts) {
    const auto number = read_styled(text, style);
    if (!number) return std::nullopt;
    add(all, *number);
    if (shown.empty() && (number->groups != 0 || number->suffix != '\0' || (number->decimals >= 0 && style.decimal == ','))) {
      shown = text;
      column.note = number->number.is_integer ? fmt::format("'{}' is read as {}", text, number->number.integer)
                                              : fmt::format("'{}' is read as {}", text, number->number.real);
    }
    column.numbers.push_back(number->number);
  }
  return column;
}

}  // namespace

bool whole_number(std::string_view text, CsvNumber& number, char decimal) {
  char buffer[512] = {};
  if (text.empty() || text.size() > sizeof buffer - 16) return false;
  std::copy(text.begin(), text.end(), buffer);  // the number reader wants room behind the text
  return (decimal == ',' ? read_number<','>(buffer, number) : read_number(buffer, number)) == buffer + text.size();
}

std::optional<StyledNumber> read_styled(std::string_view text, const NumberStyle& style) {
  if (text.size() > 100) return std::nullopt;
  StyledNumber result;
  std::string plain;
  if (text.starts_with('-') || text.starts_with('+')) {
    plain = text.front() == '-' ? "-" : "";
    text.remove_prefix(1);
  }
  result.starts_with_zero = text.starts_with('0');
  if (!take_groups(text, style, result, plain)) return std::nullopt;
  if (!text.empty() && text.front() == style.decimal) {
    const std::size_t digits = digits_in_front(text.substr(1));
    result.decimals = static_cast<int>(digits);
    plain += '.';
    plain += text.substr(1, digits);
    text.remove_prefix(1 + digits);
  }
  text.remove_prefix(blank_in_front(text));
  const auto power = power_of(text, result.suffix);
  if (!power) return std::nullopt;
  if (*power != 0) plain += fmt::format("e{}", *power);
  if (!whole_number(plain, result.number)) return std::nullopt;
  return result;
}

std::optional<CsvNumber> read_styled_cell(std::string_view text, const StyleHints& hints, std::string& why) {
  const auto one = read_styled(text, hints.style);
  if (!one) return std::nullopt;
  Common all;
  add(all, *one);
  if (marks_are_sure(all, hints.style, hints)) return one->number;
  why = kStateMarks;
  return std::nullopt;
}

std::optional<StyledColumn> read_styled_column(std::span<const std::string> texts, const StyleHints& hints, std::string& why) {
  if (texts.empty()) return std::nullopt;
  const char other = hints.style.decimal == '.' ? ',' : '.';
  for (const char decimal : {hints.style.decimal, other}) {
    if (decimal == other && hints.decimal_is_stated) break;
    const NumberStyle style{decimal, hints.style.thousands == decimal ? '\0' : hints.style.thousands};
    Common all;
    auto column = read_all(texts, style, all);
    if (!column || !all.same_mark) continue;
    const bool sure_decimal = decimal == hints.style.decimal || all.sure_decimals;
    if (!sure_decimal || !marks_are_sure(all, style, hints)) {
      if (why.empty()) why = kStateMarks;
      continue;
    }
    if ((all.percent && !all.all_percent) || (all.large_suffix && !all.sure_suffix)) {
      why = "name it in `numeric` if its texts are numbers";
      continue;
    }
    return column;
  }
  return std::nullopt;
}

}  // namespace assay::data
