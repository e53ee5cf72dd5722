// A checked value as the experiment file gives it: what parameters, plugins and the store exchange.
// Mirrors assay_value of the C boundary; plugin/ converts. Immutable by habit; thread-safe for reading.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace assay::config {

struct Value;
using List = std::vector<Value>;
using Map = std::vector<std::pair<std::string, Value>>;  // in file order
struct ComponentValue {                                  // {use: id, ...}: parameters in that component's schema order, all present
  std::string id;
  Map params;
  friend bool operator==(const ComponentValue&, const ComponentValue&);
};

struct Value {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map, ComponentValue> data;

  bool is_none() const { return data.index() == 0; }
  bool as_bool() const { return std::get<bool>(data); }
  std::int64_t as_int() const { return std::get<std::int64_t>(data); }
  double as_real() const;  // an int counts as a real
  const std::string& as_text() const { return std::get<std::string>(data); }
  const List& as_list() const { return std::get<List>(data); }
  friend bool operator==(const Value&, const Value&);
};
// clang 14 must have seen a whole Value copied before it meets a pair that holds one.
inline Value copied(const Value& value) { return value; }
const Value* find(const Map& map, std::string_view key);  // null where there is none

std::string quoted_if_needed(const std::string& text);  // a scalar that reads back as this very text

std::string to_text(const Value& value);  // flow YAML: 0.1, "a b", [1, 2], {use: id, x: 1}; reads back to the same value

}  // namespace assay::config
