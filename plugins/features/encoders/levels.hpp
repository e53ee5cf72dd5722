// Values of a column as levels: a category's texts, a number's or flag's value. Levels are known by their text, so that data in which
// categories are numbered otherwise, or new ones appear, are encoded alike. Used by the encoders of this folder. Values.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "assay/feature.hpp"

namespace assay::features {

inline std::string text_of_number(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value == 0 ? 0.0 : value).ptr};
}

// The column's levels by number, and each row's; -1 is missing.
struct LevelColumn {
  std::vector<std::string> levels;
  std::vector<int> of_row;

  explicit LevelColumn(const Column& column) {
    const auto n = static_cast<std::size_t>(column.size());
    of_row.resize(n, -1);
    if (column.kind() == ColumnKind::category) {
      for (std::size_t i = 0; i < column.level_count(); ++i) levels.emplace_back(column.level(i));
      for (std::size_t i = 0; i < n; ++i) of_row[i] = column.codes()[static_cast<std::int64_t>(i)];
      return;
    }
    std::map<double, int> numbers;
    for (std::size_t i = 0; i < n; ++i) {
      const double value = column.numbers()[static_cast<std::int64_t>(i)];
      if (std::isnan(value)) continue;
      const auto [at, fresh] = numbers.try_emplace(value, static_cast<int>(levels.size()));
      if (fresh) levels.push_back(text_of_number(value));
      of_row[i] = at->second;
    }
  }
};

// Lists of texts in a saved state: each behind its length.
inline std::string packed(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += std::to_string(text.size()) + ":" + text;
  return all;
}
inline std::vector<std::string> unpacked(std::string_view all) {
  std::vector<std::string> texts;
  while (!all.empty()) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), size);
    const auto digits = static_cast<std::size_t>(end - all.data());
    if (error != std::errc() || digits >= all.size() || all[digits] != ':' || size > all.size() - digits - 1)
      throw bad_state("its levels cannot be read");
    texts.emplace_back(all.substr(digits + 1, size));
    all.remove_prefix(digits + 1 + size);
  }
  return texts;
}

// Of levels with so many rows each: those that a report lists, in their own order. Of very many the ones with most rows.
inline std::vector<std::size_t> listed(const std::vector<double>& rows) {
  constexpr std::size_t kMost = 1000;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i] > 0) places.push_back(i);
  if (places.size() <= kMost) return places;
  std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) { return rows[a] > rows[b]; });
  places.resize(kMost);
  std::sort(places.begin(), places.end());
  return places;
}

inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

}  // namespace assay::features
