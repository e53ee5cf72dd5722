#include "config/value.hpp"

#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "config/document.hpp"

namespace assay::config {

bool operator==(const ComponentValue& a, const ComponentValue& b) { return a.id == b.id && a.params == b.params; }
bool operator==(const Value& a, const Value& b) { return a.data == b.data; }

double Value::as_real() const {
  if (const auto* whole = std::get_if<std::int64_t>(&data)) return static_cast<double>(*whole);
  return std::get<double>(data);
}

const Value* find(const Map& map, std::string_view key) {
  for (const auto& [name, value] : map) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string quoted_if_needed(const std::string& text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '/' || c == '-'; };
  bool plain = !text.empty() && (letter(text.front()) || text.front() == '/' || (text.front() >= '0' && text.front() <= '9'));
  for (const char c : text) plain = plain && inner(c);
  if (plain && std::holds_alternative<std::string>(resolve_scalar(text, false).data)) return text;
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      quoted += "\\x";
      quoted += kHex[static_cast<unsigned char>(c) >> 4];
      quoted += kHex[static_cast<unsigned char>(c) & 15u];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

namespace {

std::string real_text(double value) {
  std::string text = text::shortest(value);
  if (text == "nan" || text == "inf") return "." + text;
  if (text == "-inf") return "-.inf";
  // A real stays a real: "1" would come back as an integer.
  if (text.find_first_of(".eE") == std::string::npos) text += ".0";
  return text;
}

std::string pairs_text(const Map& map, std::string text) {
  for (const auto& [key, value] : map) {
    if (text.size() > 1) text += ", ";
    text += quoted_if_needed(key) + ": " + to_text(value);
  }
  return text + "}";
}

struct ToText {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return real_text(value); }
  std::string operator()(const std::string& value) const { return quoted_if_needed(value); }
  std::string operator()(const List& list) const {
    std::string text = "[";
    for (const Value& item : list) {
      if (text.size() > 1) text += ", ";
      text += to_text(item);
    }
    return text + "]";
  }
  std::string operator()(const Map& map) const { return pairs_text(map, "{"); }
  std::string operator()(const ComponentValue& component) const {
    return pairs_text(component.params, "{use: " + quoted_if_needed(component.id));
  }
};

}  // namespace

std::string to_text(const Value& value) { return std::visit(ToText{}, value.data); }

}  // namespace assay::config
