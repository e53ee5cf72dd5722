// Numbers and tables as people read them in a terminal of a hundred columns. Used by the texts of results. Pure functions, thread-safe.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/console.hpp"

namespace assay::cli {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

inline constexpr std::size_t kColumns = 100;

std::string count(double value);  // 1,234,567
// Decimals that show `value` to so many digits; few where the numbers are large. null: 0.
int decimals(const Json& value, int digits);
std::string fixed(const Json& json, int places, bool sign = false);  // null: n/a
std::string number(const Json& json);                                // to four digits
std::string brief(double value);                                     // to three, of any size

// Columns as wide as their widest cell; the first is left-aligned, the others right-aligned. Where the line would be too long, columns go
// into a block below, under the first column again; `group` of them stay together from column `from` on.
std::string table(const std::vector<Row>& rows, std::size_t from, std::size_t group, const Console& console);

// The same however long its lines are: one row a line, all cells left-aligned, for what may have thousands of rows.
std::string long_table(const std::vector<Row>& rows);

// "label       words ...", wrapped between words and indented below the first.
std::string labelled(const std::string& label, const std::string& words);

}  // namespace assay::cli
