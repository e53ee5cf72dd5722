// Values and texts between the host's types and the C boundary's. Used in this folder. Borrowed memory: an AbiValues points into the
// config values that it was made from. Values, thread-safe for reading.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "assay/abi.h"
#include "config/component_spec.hpp"
#include "config/value.hpp"

namespace assay::plugin {

inline assay_text to_abi(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view to_view(const assay_text& text) { return text.data ? std::string_view(text.data, text.size) : std::string_view(); }

// Whether a table that starts with struct_size has this member: its maker may have known a shorter one.
template <class Table, class Member>
bool covers(const Table& table, const Member& member) {
  return reinterpret_cast<const char*>(&member + 1) - reinterpret_cast<const char*>(&table) <= std::ptrdiff_t{table.struct_size};
}

// Parameters in schema order, each as the schema's kind wants it (a whole number given for a real becomes a real).
class AbiValues {
 public:
  AbiValues(const config::Map& params, const std::vector<config::ParamSpec>& schema);
  const assay_value* data() const { return values_.data(); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(values_.size()); }

 private:
  assay_value convert(const config::Value& value, bool want_real);
  const assay_value* pairs(const config::Map& map);
  std::deque<std::vector<assay_value>> items_;
  std::vector<assay_value> values_;
};

// Throws Error (failed): a kind that is none, or values nested deeper than 32.
config::Value from_abi(const assay_value& value, int depth = 0);

}  // namespace assay::plugin
