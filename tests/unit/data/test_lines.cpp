// In which line of the file a row stands.
#include "data/csv_reader.hpp"
#include "support/catch.hpp"

using namespace assay::data;

TEST_CASE("rows know their lines: headers, blank lines, skipped lines and line breaks in quotes; pieces change nothing") {
  std::string text = "title\n\nname,x\na,1\n\nb,2\n\"c\nc\",3\nd,4,broken\ne,5\n";
  CsvOptions options;
  options.skip_lines = 1;
  options.skip_malformed = true;
  const CsvTable table = parse_csv(text, options);
  REQUIRE(table.columns[0].size() == 4);
  CHECK(table.line_of(0) == 4);
  CHECK(table.line_of(1) == 6);
  CHECK(table.line_of(2) == 7);
  CHECK(table.line_of(3) == 10);
  text = "name,x\n";
  for (int i = 0; i < 5'000; ++i) text += (i % 7 == 0 ? "\n" : "") + std::string(i % 11 == 0 ? "\"two\nlines\"" : "word") + ",1\n";
  CsvOptions whole, pieces;
  whole.threads = 1;
  pieces.threads = 4;
  pieces.piece_bytes = 500;
  const CsvTable one = parse_csv(text, whole), many = parse_csv(text, pieces);
  bool same = true;
  for (std::int64_t row = 0; row < 5'000; ++row) same &= one.line_of(row) == many.line_of(row);
  CHECK(same);
  CHECK(one.line_of(4'999) == 1 + 5'000 + 715 + 455);  // blank lines before rows 0, 7, ..., 4998; second lines of rows 0, 11, ..., 4994
}
