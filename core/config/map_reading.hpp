// Values out of a checked map: what is absent (or was wrong) leaves the default. Used by the readers of this folder only. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/calendar.hpp"
#include "config/value.hpp"

namespace assay::config {

inline const Map& map_of(const Value* value) {
  static const Map none;
  if (value == nullptr) return none;
  if (const auto* component = std::get_if<ComponentValue>(&value->data)) return component->params;
  const auto* map = std::get_if<Map>(&value->data);
  return map == nullptr ? none : *map;
}

template <class T>
void take(const Map& map, const char* key, T& into) {
  const Value* value = find(map, key);
  if (value == nullptr || value->is_none()) return;
  if constexpr (std::is_same_v<T, double>) {
    into = value->as_real();
  } else {
    if (const T* found = std::get_if<T>(&value->data)) into = *found;
  }
}

inline void take(const Map& map, const char* key, std::optional<Span>& into) {
  std::string text;
  take(map, key, text);
  if (!text.empty()) into = parse_span(text);
}

inline void take(const Map& map, const char* key, std::vector<std::string>& into) {
  List list;
  take(map, key, list);
  into.clear();
  for (const Value& item : list) into.push_back(item.as_text());
}

inline std::string text_at(const Map& map, const char* key) {
  std::string text;
  take(map, key, text);
  return text;
}

}  // namespace assay::config
