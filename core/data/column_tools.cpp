#include "data/column_tools.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>

#include "base/error.hpp"

namespace assay::data {
namespace {

template <class T>
std::vector<T> picked(std::span<const T> values, std::span<const std::int64_t> rows, T missing) {
  std::vector<T> out(rows.size(), missing);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSAY_CHECK(rows[i] == kNoRow || static_cast<std::uint64_t>(rows[i]) < values.size(), "a row beyond the column");
    if (rows[i] != kNoRow) out[i] = values[static_cast<std::size_t>(rows[i])];
  }
  return out;
}

template <class T, class Values>
std::vector<T> end_to_end(std::span<const Column* const> columns, T missing, Values values) {
  std::vector<T> out;
  for (const Column* column : columns) {
    const std::size_t before = out.size();
    out.resize(before + column->size(), missing);
    if (column->missing_count() == column->size()) continue;
    const auto from = values(*column);
    std::copy(from.begin(), from.end(), out.begin() + static_cast<std::ptrdiff_t>(before));
  }
  return out;
}

Column stacked_categories(std::span<const Column* const> columns) {
  std::vector<std::string> levels;
  std::unordered_map<std::string, std::int32_t> code_of;
  std::vector<std::int32_t> codes;
  for (const Column* column : columns) {
    if (column->type() != ColumnType::category) {  // without a single value
      codes.resize(codes.size() + column->size(), kMissingCode);
      continue;
    }
    std::vector<std::int32_t> mapped;
    for (const std::string& level : column->levels()) {
      const auto [at, is_new] = code_of.emplace(level, static_cast<std::int32_t>(levels.size()));
      if (is_new) levels.push_back(level);
      mapped.push_back(at->second);
    }
    for (const std::int32_t code : column->codes())
      codes.push_back(code == kMissingCode ? kMissingCode : mapped[static_cast<std::size_t>(code)]);
  }
  return Column::of_codes(columns.front()->name(), std::move(codes), std::move(levels));
}

const char* kind_of(ColumnType type) {
  switch (type) {
    case ColumnType::category:
      return "text";
    case ColumnType::timestamp:
      return "times";
    case ColumnType::boolean:
      return "true and false";
    default:
      return "numbers";
  }
}

std::string first_value(const Column& column) {
  for (std::size_t row = 0; row < column.size(); ++row)
    if (!column.is_missing(row)) return fmt::format("'{}' in row {}", column.text(row).substr(0, 40), row + 1);
  return "nothing";
}

}  // namespace

Column taken_or_missing(const Column& column, std::span<const std::int64_t> rows) {
  switch (column.type()) {
    case ColumnType::real:
      return Column::of_reals(column.name(), picked(column.reals(), rows, std::numeric_limits<double>::quiet_NaN()));
    case ColumnType::integer:
      return Column::of_integers(column.name(), picked(column.integers(), rows, kMissingInteger));
    case ColumnType::boolean:
      return Column::of_booleans(column.name(), picked(column.booleans(), rows, kMissingBoolean));
    case ColumnType::timestamp:
      return Column::of_times(column.name(), picked(column.times(), rows, kMissingTime));
    case ColumnType::category:
      break;
  }
  return Column::of_codes(column.name(), picked(column.codes(), rows, kMissingCode), column.levels());
}

Column stacked(std::span<const Column* const> columns, const std::function<std::string(std::size_t)>& table) {
  ASSAY_CHECK(!columns.empty(), "nothing to lay end to end");
  const std::string& name = columns.front()->name();
  std::optional<std::size_t> first;  // the first that holds anything
  bool decimals = false;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = *columns[i];
    if (column.missing_count() == column.size()) continue;
    if (!first) first = i;
    const Column& before = *columns[*first];
    if (std::string_view(kind_of(before.type())) != kind_of(column.type()))
      throw Error(Fault::data, "",
                  fmt::format("the column '{}' holds {} in {} ({}) and {} in {} ({})", name, kind_of(before.type()), table(*first),
                              first_value(before), kind_of(column.type()), table(i), first_value(column)),
                  fmt::format("name it in `categorical` if all of it is text, or the words that mean nothing in `missing`"));
    decimals |= column.type() == ColumnType::real;
  }
  const ColumnType type = first ? columns[*first]->type() : ColumnType::real;
  if (type == ColumnType::category) return stacked_categories(columns);
  if (type == ColumnType::timestamp)
    return Column::of_times(name, end_to_end(columns, kMissingTime, [](const Column& c) { return c.times(); }));
  if (type == ColumnType::boolean)
    return Column::of_booleans(name, end_to_end(columns, kMissingBoolean, [](const Column& c) { return c.booleans(); }));
  if (type == ColumnType::integer && !decimals)
    return Column::of_integers(name, end_to_end(columns, kMissingInteger, [](const Column& c) { return c.integers(); }));
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  return Column::of_reals(name, end_to_end(columns, kNan, [](const Column& c) { return c.to_reals(); }));
}

std::vector<double> numbers_of(const Column& column, const std::string& wanted_for) {
  if (column.is_numeric() || column.missing_count() == column.size()) {
    if (column.is_numeric()) return column.to_reals();
    return std::vector<double>(column.size(), std::numeric_limits<double>::quiet_NaN());
  }
  throw Error(
      Fault::data, "",
      fmt::format("{}: the column '{}' holds {} ({})", wanted_for, column.name(), kind_of(column.type()), first_value(column)),
      column.type() == ColumnType::category ? "if that text means that there is no value, name it in `missing`" : "name another column");
}

}  // namespace assay::data
