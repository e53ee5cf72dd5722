// What tables are put together with: rows taken where some may be absent, and columns of several tables laid end to end.
// Used by the stages of this folder that make one table of others. Pure functions, thread-safe.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/column.hpp"

namespace assay::data {

inline constexpr std::int64_t kNoRow = -1;

// Rows in that order; kNoRow gives a missing value.
Column taken_or_missing(const Column& column, std::span<const std::int64_t> rows);

// Columns of one name from several tables, end to end. Whole numbers and decimals become decimals, and a column without a single value
// takes any type. Throws Error(data) where one holds text and another numbers; `table` names the i-th of them for the message.
Column stacked(std::span<const Column* const> columns, const std::function<std::string(std::size_t)>& table);

// A column of numbers as they are, missing as NaN; where `column` is text or a time: Error(data) that says what it is wanted for.
std::vector<double> numbers_of(const Column& column, const std::string& wanted_for);

}  // namespace assay::data
