// Walks lines of CSV text into columns, and reads a large text in pieces on several threads. What comes out does not depend on where the
// pieces end. Used by the CSV reader alone. A RowReader is one thread's; read_rows starts and ends its own threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/csv_column.hpp"
#include "data/csv_reader.hpp"

namespace assay::data {

inline constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);

// How the lines are to be read; the same for all pieces.
struct RowPlan {
  std::string path;  // for messages
  std::string names_from = "the header";
  std::vector<CsvColumn::Plan> columns;
  CellReading reading;
  char delimiter = ',';
  bool trailing_delimiter = false;  // every line ends with one
  bool skip_malformed = false;
  std::size_t date = kNoColumn, clock = kNoColumn;  // of a time in two columns; `date` is the one that takes it
};

struct Rows {
  std::vector<CsvColumn> columns;
  MissingTokens missing;
  std::vector<ReadProblem> problems;  // at most kProblemsListed and a last word
  std::int64_t rows = 0, blank_lines = 0, lines = 0, skipped = 0;
  std::vector<std::int64_t> skipped_lines;  // the first few
  std::vector<LineShift> line_shifts = {};
};

class RowReader {
 public:
  // Rows begin in [begin, limit); a cell may reach to `end`, where a newline stands.
  struct Range {
    const char *begin, *limit, *end;
    std::int64_t first_line;
  };
  RowReader(const RowPlan& plan, Range range, const MissingTokens& missing);

  void walk(const ReadProgress& progress, const char* text);
  const char* stopped_at() const { return stopped_at_; }  // the row behind the last
  const Range& range() const { return range_; }
  Rows& rows() { return rows_; }

 private:
  template <char Decimal>
  const char* read_row(const char* p);
  template <char Decimal>
  const char* take_plain_cell(CsvColumn& column, const char* p);
  const char* take_cell(CsvColumn& column, std::size_t index, const char* p);
  void take_text(CsvColumn& column, std::string_view text, std::int64_t line);
  const char* too_many(const char* p, std::size_t cells);
  void ragged(std::size_t cells, const char* cause = nullptr);
  bool skips(const char*& p);
  void problem(std::string key, std::string message, std::string mend, std::int64_t line);

  const RowPlan& plan_;
  Range range_;
  Rows rows_;
  std::int64_t line_;
  bool numbers_at_once_;  // no missing token is a number, and no number reaches over a delimiter
  bool times_at_once_;    // the same of times, which are ISO 8601 and UTC's
  std::size_t first_part_ = kNoColumn, second_part_ = kNoColumn;
  std::string part_, scratch_;
  bool part_is_missing_ = false, broken_row_ = false;
  ReadProblem fault_;
  const char* stopped_at_ = nullptr;
};

// The whole text, with several threads where it is large.
struct ReadRange {
  const char *text, *begin, *end;  // rows begin at `begin`; progress counts from `text`
  std::int64_t first_line;
  unsigned threads;
  std::size_t piece_bytes;
};
Rows read_rows(const RowPlan& plan, const ReadRange& range, const MissingTokens& missing, const ReadProgress& progress);

}  // namespace assay::data
