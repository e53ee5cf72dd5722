// Finds one cell of a CSV line, quotes undone. Used by the CSV reader alone. The text must be followed by a newline and padding
// (MappedFile); `end` is where that newline stands. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace assay::data {

struct CsvCell {
  std::string_view text;        // trimmed, quotes undone; lives in the file or in the scratch string
  const char* after = nullptr;  // the delimiter or newline behind it
  std::int64_t newlines = 0;    // inside the quotes
  const char* fault = nullptr;  // what is wrong, or null
};

// The first delimiter or newline at or behind p.
inline const char* find_cell_end(const char* p, char delimiter) {
#if defined(__SSE2__)
  const __m128i delimiters = _mm_set1_epi8(delimiter), newlines = _mm_set1_epi8('\n');
  for (;; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const int mask = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, delimiters), _mm_cmpeq_epi8(bytes, newlines)));
    if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
  }
#else
  while (*p != delimiter && *p != '\n') ++p;
  return p;
#endif
}

inline bool is_padding(char c, char delimiter) { return (c == ' ' || c == '\t') && c != delimiter; }

inline CsvCell read_quoted_cell(const char* p, const char* end, char delimiter, std::string& scratch) {
  CsvCell cell;
  const char* const first = ++p;
  bool doubled = false;
  for (;;) {
    p = static_cast<const char*>(std::memchr(p, '"', static_cast<std::size_t>(end - p)));
    if (p == nullptr) {
      cell.fault = "a quote is opened and never closed";
      cell.after = end;
      return cell;
    }
    if (p[1] != '"') break;
    doubled = true;
    p += 2;
  }
  cell.text = {first, static_cast<std::size_t>(p - first)};
  if (std::memchr(first, '\n', cell.text.size()) != nullptr)
    for (const char c : cell.text) cell.newlines += c == '\n' ? 1 : 0;
  if (doubled) {
    scratch.clear();
    for (std::size_t i = 0; i < cell.text.size(); ++i) {
      scratch += cell.text[i];
      if (cell.text[i] == '"') ++i;
    }
    cell.text = scratch;
  }
  ++p;
  while (is_padding(*p, delimiter) || (*p == '\r' && p[1] == '\n')) ++p;
  cell.after = p;
  if (*p != delimiter && *p != '\n') {
    cell.fault = "text follows a closing quote";
    cell.after = find_cell_end(p, delimiter);
  }
  return cell;
}

inline CsvCell read_cell(const char* p, const char* end, char delimiter, std::string& scratch) {
  while (is_padding(*p, delimiter)) ++p;
  if (*p == '"' && p < end) return read_quoted_cell(p, end, delimiter, scratch);
  CsvCell cell;
  cell.after = find_cell_end(p, delimiter);
  const char* last = cell.after;
  if (*last == '\n' && last > p && last[-1] == '\r') --last;
  while (last > p && is_padding(last[-1], delimiter)) --last;
  cell.text = {p, static_cast<std::size_t>(last - p)};
  return cell;
}

}  // namespace assay::data
