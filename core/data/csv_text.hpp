// From a file's bytes to text that the row reader walks: UTF-8 with line feeds and cells between single bytes. Finds how the file is
// written where nobody said so: byte-order mark, line ends, delimiter, decimal mark. An ordinary file is walked where it lies; only what is
// written otherwise is copied. Used by the CSV reader alone; pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/csv_reader.hpp"

namespace assay::data {

struct CsvText {
  std::string owned;                            // where the text is not the bytes themselves
  const char *begin = nullptr, *end = nullptr;  // the table's lines; a newline and further readable bytes stand at `end`
  std::int64_t first_line = 1;                  // the line of the file at which `begin` stands
  char delimiter = ',';
  char decimal = '.';
  bool decimal_is_stated = false, decimal_is_known = false;  // known: stated, or shown by numbers; else a point is taken
  std::vector<std::string> notes;

  CsvText() = default;
  CsvText(CsvText&&) = delete;  // the pointers may go into `owned`
};

// `bytes` must be followed by a newline and MappedFile::kPadding - 1 further readable bytes. Throws ReadError.
void prepare_text(std::string_view bytes, const CsvOptions& options, CsvText& text);

std::string with_padding(std::string text);  // the newline and the bytes behind it

// One line cut into cells, quotes heeded.
struct CsvLine {
  std::size_t cells = 0;
  bool last_is_empty = false, is_sound = true;  // no broken quote
  const char* next = nullptr;                   // the next line
};
CsvLine look_at_line(const char* p, const char* end, char delimiter);
bool is_blank_line(const char* p, char delimiter);

}  // namespace assay::data
