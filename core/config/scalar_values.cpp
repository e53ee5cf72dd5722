#include "config/scalar_values.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/calendar.hpp"
#include "base/text.hpp"

namespace assay::config {

namespace {

constexpr std::size_t kLongestGuess = 60;  // edit distance is quadratic: no suggestions for monsters

std::string what_stands(const Node& node) {
  if (node.kind == Node::Kind::list) return "a list";
  if (node.kind == Node::Kind::map) return "a map of keys";
  const Value value = resolve_scalar(node.text, node.quoted);
  if (value.is_none()) return "nothing";
  if (std::holds_alternative<bool>(value.data)) return node.text;
  if (std::holds_alternative<std::string>(value.data)) return "the text '" + shortened(node.text) + "'";
  return "the number " + shortened(node.text);
}

// "2GB" and the like as bytes.
bool is_bytes(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = text::to_integer(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  return count && *count > 0 && *count < 1'000'000'000 && (unit == "kB" || unit == "MB" || unit == "GB" || unit == "TB");
}

Refusal refused(std::string message, std::string mend = {}) { return {std::move(message), std::move(mend)}; }

}  // namespace

std::optional<std::string> guess(const std::string& word, const std::vector<std::string>& known) {
  if (word.size() > kLongestGuess) return std::nullopt;
  std::string lower = word;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  for (const std::string& candidate : known) {
    if (candidate == lower) return candidate;
  }
  return text::nearest(word, known);
}

std::string shortened(const std::string& text) {
  constexpr std::size_t kShown = 60;
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

Refusal wrong_type(const Node& node, const KeySpec& key, const std::string& path, std::string mend) {
  return {"'" + path + "' must be " + kind_text(key) + ", not " + what_stands(node), std::move(mend)};
}

namespace {

ScalarValue number(const Node& node, const Value& value, const KeySpec& key, const std::string& path) {
  const bool whole = std::holds_alternative<std::int64_t>(value.data);
  if (!whole && !std::holds_alternative<double>(value.data)) {
    const bool quoted_number = node.quoted && resolve_scalar(node.text, false).data.index() != value.data.index();
    return wrong_type(node, key, path, quoted_number ? "take the quotes away" : "");
  }
  const double real = value.as_real();
  if (key.kind == ParamKind::integer && !whole) {
    if (std::abs(real) >= 9.2e18) return refused("'" + path + "' does not fit into 64 bits", "write a smaller number");
    const bool is_whole = std::isfinite(real) && real == std::floor(real);
    return wrong_type(node, key, path, is_whole ? "write " + std::to_string(static_cast<std::int64_t>(real)) : "");
  }
  if (!std::isfinite(real)) return refused("'" + path + "' must be a finite number, not " + node.text);
  const bool low = real < key.min || (key.open_min && real == key.min), high = real > key.max || (key.open_max && real == key.max);
  if (low || high) return refused("'" + path + "' is " + node.text + ", it must be " + range_text(key));
  if (key.step > 0) {
    const double steps = (real - (std::isfinite(key.min) ? key.min : 0)) / key.step;
    if (std::abs(steps - std::round(steps)) > 1e-6) return refused("'" + path + "' is " + node.text + ", it must be " + range_text(key));
  }
  if (key.kind == ParamKind::real) return Value{real};
  return value;
}

ScalarValue span_value(const Node& node, const KeySpec& key, const std::string& path) {
  if (const auto span = parse_span(node.text)) {
    const bool plain_zero = span->is_zero() && node.text.find_first_not_of('0') == std::string::npos;
    if (key.form == TextForm::share_or_span && span->is_zero())
      return refused("'" + path + "' is zero: the span holds no rows", "leave the key out for none");
    return Value{plain_zero ? std::string("0d") : assay::to_text(*span)};
  }
  if (key.form == TextForm::share_or_span) {
    const Value value = resolve_scalar(node.text, node.quoted);
    if (const double* share = std::get_if<double>(&value.data)) {
      if (*share > 0 && *share < 1) return Value{*share};
      return refused("'" + path + "' is " + node.text + ", a share must be above 0 and below 1");
    }
  }
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kWords{
      {{"year", "y"}, {"month", "mo"}, {"week", "w"}, {"day", "d"}, {"hour", "h"}, {"min", "min"}, {"sec", "s"}}};
  const std::size_t unit = std::min(node.text.find_first_not_of("0123456789"), node.text.size());
  const std::string_view word = text::trim(std::string_view(node.text).substr(unit));
  std::string mend;
  if (unit > 0 && (word == "m" || word == "M")) mend = "months are mo, minutes are min";
  for (const auto& [start, sign] : kWords) {
    if (unit > 0 && word.starts_with(start)) mend = "did you mean " + node.text.substr(0, unit) + std::string(sign) + "?";
  }
  return wrong_type(node, key, path, mend);
}

ScalarValue text_value(const Node& node, const Value& value, const KeySpec& key, const std::string& path) {
  if (key.form == TextForm::span || key.form == TextForm::share_or_span) return span_value(node, key, path);
  if (value.is_none()) return wrong_type(node, key, path, {});
  if (key.form == TextForm::scalar) return Value{node.text};
  if (key.form == TextForm::bytes) {
    if (is_bytes(node.text)) return Value{node.text};
    return wrong_type(node, key, path, "write it with its unit: 512MB, 2GB");
  }
  // A column may be called 1, and an expression may be the constant 0; other texts that look like numbers are more likely slips.
  const bool lenient = key.kind == ParamKind::column || key.form == TextForm::expression;
  const bool text = std::holds_alternative<std::string>(value.data);
  if (!text && !(lenient && !std::holds_alternative<bool>(value.data)))
    return wrong_type(node, key, path, "write \"" + node.text + "\" if the text is meant");
  if (text::trim(node.text).empty() && (lenient || key.form == TextForm::path || key.form == TextForm::name))
    return refused("'" + path + "' is an empty text, it must be " + kind_text(key));
  return Value{node.text};
}

ScalarValue choice(const Node& node, const KeySpec& key, const std::string& path) {
  if (std::find(key.choices.begin(), key.choices.end(), node.text) != key.choices.end()) return Value{node.text};
  const auto near = guess(node.text, key.choices);
  return refused("'" + path + "' must be " + kind_text(key) + ", not '" + shortened(node.text) + "'",
                 near ? "did you mean '" + *near + "'?" : "");
}

}  // namespace

ScalarValue read_scalar(const Node& node, const KeySpec& key, const std::string& path) {
  if (node.kind != Node::Kind::scalar) return wrong_type(node, key, path, {});
  const bool wants_text = key.kind != ParamKind::integer && key.kind != ParamKind::real && key.kind != ParamKind::boolean;
  const Value value = resolve_scalar(node.text, node.quoted && (wants_text || !node.from_variable));
  switch (key.kind) {
    case ParamKind::boolean: {
      if (std::holds_alternative<bool>(value.data)) return value;
      const auto is = [&](auto... words) { return ((node.text == words) || ...); };
      if (is("yes", "Yes", "YES", "on", "On", "ON", "y"))
        return wrong_type(node, key, path, "YAML 1.2 knows true and false only: write true");
      if (is("no", "No", "NO", "off", "Off", "OFF", "n"))
        return wrong_type(node, key, path, "YAML 1.2 knows true and false only: write false");
      return wrong_type(node, key, path, {});
    }
    case ParamKind::integer:
    case ParamKind::real:
      return number(node, value, key, path);
    case ParamKind::choice:
      return choice(node, key, path);
    default:
      return text_value(node, value, key, path);
  }
}

}  // namespace assay::config
