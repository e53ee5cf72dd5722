// Numbers as people write them: 1,234.50 and 1.234,50, 1 234, 1.2M, 3.4K, 5%. Used by the CSV reader where a cell is no plain number. A
// whole column is read so only where all of its texts agree, and where they can mean nothing else. Pure functions, thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/csv_number.hpp"

namespace assay::data {

struct NumberStyle {
  char decimal = '.', thousands = '\0';  // thousands: ' ' stands for blanks of all kinds; 0: none known
};

struct StyledNumber {
  CsvNumber number;
  char thousands = '\0';  // what stands between its groups
  int groups = 0;         // of three digits behind the first
  int decimals = -1;      // digits behind the decimal mark; -1: there is none
  char suffix = '\0';     // % K M B T
  bool starts_with_zero = false;
};

// The whole text, in this style; with style.thousands = 0 any of , . ' and blanks that is not its decimal mark. A share for 5%.
std::optional<StyledNumber> read_styled(std::string_view text, const NumberStyle& style);

// A plain number that fills the text.
bool whole_number(std::string_view text, CsvNumber& number, char decimal = '.');

// What is known of the file beyond one column.
struct StyleHints {
  NumberStyle style;
  bool decimal_is_stated = false, decimal_is_known = false;  // known: stated, or shown by other numbers
  char delimiter = ',';
};

// One cell of a column that is said to hold numbers. Nothing for other text, and for marks that could mean something else.
std::optional<CsvNumber> read_styled_cell(std::string_view text, const StyleHints& hints, std::string& why);

struct StyledColumn {
  std::vector<CsvNumber> numbers;  // one for each text
  std::string note;                // "'1,234.5' is read as 1234.5"
};

// All texts of a column as numbers. Nothing where one of them is none, or where they could mean something else; `why` then says what to
// state, where that would help.
std::optional<StyledColumn> read_styled_column(std::span<const std::string> texts, const StyleHints& hints, std::string& why);

}  // namespace assay::data
