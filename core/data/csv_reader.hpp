// Reads CSV files (plain or gzip) into typed columns. Used by the built-in source `csv` and by `assay predict --data`; most callers want
// load_csv of column_file.hpp, which adds the cache and the Frame. It neither sorts nor fills: a missing cell stays missing.
// Pure functions: safe to call from several threads; the progress callback is called from the calling thread.
//
// What it accepts: UTF-8, or what its byte-order mark or `encoding` says; lines that end with LF, CRLF or CR; cells between any single byte
// or any number of blanks; cells in double quotes (a doubled quote is a quote, line breaks inside are kept); blanks around a cell are
// dropped; every line may end with a delimiter. Lines without any character but blanks are skipped and counted in a note. The first line is
// the header unless the options say otherwise; an empty first name becomes "index" (data frames write their index so), any other empty name
// is an error, as are doubled names, a first line of numbers alone, and rows with more or fewer cells than names.
//
// A column's type is the narrowest that holds every cell of the whole file: boolean (true/false, any of three spellings), integer (int64),
// real (correctly rounded), else category; a column of 1,234.5, 1.2M or 5% is numbers where it can be nothing else (number_style.hpp). All
// cells missing: real. Quotes do not make a number text. Text that overflows a double, inf and hexadecimal are no numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "data/column.hpp"

namespace assay::data {

// Bytes read so far and in all. Return false to stop: the read then throws Error(Fault::interrupted). May be empty.
using ReadProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct CsvOptions {
  std::filesystem::path path;
  char delimiter = '\0';                 // any single byte; ' ': any number of blanks and tabs; 0: found from the first lines
  std::vector<std::string> columns;      // wanted, by name; empty: all. Time and entity columns are always read
  std::vector<std::string> drop;         // taken away
  std::vector<std::string> categorical;  // read as text whatever they hold ("01" stays "01")
  std::vector<std::string> missing;      // cells that count as missing, after trimming; empty: default_missing(). "" always counts
  std::string time_column;               // read as timestamp; empty: none
  std::string clock_column;              // the time of day, put behind the time column's text with a blank; empty: none
  std::vector<std::string> times;        // further columns of times, of the same format and zone; cells may be missing
  std::string time_format;               // see time_format.hpp; empty: ISO 8601
  std::string zone = "UTC";              // see time_zone.hpp: in which zone the time column is written
  std::string entity_column;             // read as category; empty: none
  std::vector<std::string> numeric;      // must be numbers, with the marks below; any other text is a problem
  char decimal = '\0';                   // '.' or ','; 0: found from the first lines
  char thousands = '\0';                 // between groups of three digits: ',' '.' '\'' or ' '; 0: found in columns where nothing else fits
  std::string encoding;                  // see encoding.hpp; empty: UTF-8, or what the byte-order mark says
  std::optional<bool> header;            // absent: there is one, unless names are given
  std::vector<std::string> names;        // of all columns, instead of the header's
  std::size_t skip_lines = 0, skip_trailer = 0;
  bool skip_malformed = false;  // lines with the wrong number of cells or a broken quote are skipped and counted
  unsigned threads = 0;         // 0: what the machine has, at most 8. No result depends on it, nor on the next
  std::size_t piece_bytes = 0;  // of text that a thread reads at once; 0: half a million
};

// "", NA, N/A, n/a, #N/A, <NA>, NaN, nan, null, NULL, ND, ".", "-", "--", "?".
const std::vector<std::string>& default_missing();

// One thing that is wrong with the file or with what was asked of it.
struct ReadProblem {
  std::string key;        // which option is at fault, as in the experiment file below `data`: "columns.2", "drop.0", "categorical.1",
                          // "time.column", "time.format", "time.zone", "entity", "path"; empty: the file's content
  std::int64_t row = 0;   // 1-based data row, header not counted; 0: none
  std::int64_t line = 0;  // 1-based line of the (unpacked) file; 0: none
  std::string message;    // one sentence without a full stop
  std::string mend;       // may be empty
};

// All problems of a read at once (at most 20 rows are listed). what() joins them.
class ReadError : public Error {
 public:
  ReadError(std::string tried, std::vector<ReadProblem> problems);
  const std::vector<ReadProblem>& problems() const { return problems_; }

 private:
  std::vector<ReadProblem> problems_;
};

// From row `row` (0-based) on, a row stands in the line row + ahead: blank lines, skipped ones and line breaks inside quotes change it.
struct LineShift {
  std::int64_t row, ahead;
};

struct CsvTable {
  std::vector<Column> columns;     // in file order, row order as in the file
  std::string content_hash;        // SHA-256 of the file's bytes as they lie on the disk; empty from parse_csv
  std::vector<std::string> notes;  // for the user: what was decided
  char delimiter = ',';
  std::vector<LineShift> line_shifts = {};  // the first one from row 0 on

  std::int64_t line_of(std::int64_t row) const;  // 1-based line of a 0-based row
};

// Throws ReadError (data), Error(data) where the file cannot be read or unpacked, Error(interrupted).
CsvTable read_csv(const CsvOptions& options, const ReadProgress& progress = {});
// The same for text in memory; options.path only names it in messages.
CsvTable parse_csv(std::string_view text, const CsvOptions& options, const ReadProgress& progress = {});

// The names in the header (or those of the options), read without the rest of the file (for a check that only needs the names).
std::vector<std::string> read_csv_header(const CsvOptions& options);

// CSV text of columns of equal length: comma, LF, quotes where needed, missing as an empty cell (`""` where it is the only column).
std::string to_csv(const std::vector<Column>& columns);

}  // namespace assay::data
