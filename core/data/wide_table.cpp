#include "data/wide_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/column_tools.hpp"

namespace assay::data {
namespace {

std::vector<const Column*> entity_columns(const Frame& wide, const WideRules& how, const TimeRules& rules) {
  std::vector<std::string> unused = how.patterns;
  std::vector<const Column*> out;
  for (const Column& column : wide.columns()) {
    if (column.name() == rules.time_column) continue;
    bool wanted = how.patterns.empty();
    for (const std::string& pattern : how.patterns) {
      if (!text::matches(pattern, column.name())) continue;
      wanted = true;
      std::erase(unused, pattern);
    }
    if (wanted) out.push_back(&column);
  }
  if (!unused.empty()) {
    const auto near = text::nearest(unused.front(), wide.names());
    throw Error(Fault::data, "", fmt::format("no column of the wide table is '{}'", unused.front()),
                near ? fmt::format("did you mean '{}'?", *near) : "the columns are: " + text::join(wide.names(), ", "));
  }
  if (out.empty()) throw Error(Fault::data, "", "the wide table has no column but the time", "name its columns in `wide.columns`");
  return out;
}

void check_new_names(const Frame& wide, const std::vector<const Column*>& entities, const WideRules& how, const TimeRules& rules) {
  for (const Column& column : wide.columns()) {
    if (std::find(entities.begin(), entities.end(), &column) != entities.end()) continue;
    for (const auto& [name, key] : {std::pair{&how.value, "wide.value"}, std::pair{&rules.entity_column, "entity"}})
      if (column.name() == *name)
        throw Error(Fault::data, "", fmt::format("the table has a column '{}' that is no entity's", *name),
                    fmt::format("give `{}` another name, or add the column to `wide.columns`", key));
  }
}

}  // namespace

Frame panel_of(const Frame& wide, const WideRules& how, const TimeRules& rules, FrameNotes& notes) {
  const std::vector<const Column*> entities = entity_columns(wide, how, rules);
  check_new_names(wide, entities, how, rules);
  std::vector<std::vector<double>> values;
  for (const Column* column : entities) values.push_back(numbers_of(*column, "making a panel of the wide table"));
  std::vector<std::int64_t> from;
  std::vector<std::int32_t> codes;
  std::vector<double> value;
  std::size_t empty = 0;
  for (std::size_t row = 0; row < wide.rows(); ++row)
    for (std::size_t e = 0; e < entities.size(); ++e) {
      const bool missing = std::isnan(values[e][row]);
      empty += missing ? 1 : 0;
      if (missing && !how.keep_missing) continue;
      from.push_back(static_cast<std::int64_t>(row));
      codes.push_back(static_cast<std::int32_t>(e));
      value.push_back(values[e][row]);
    }
  if (from.empty())
    throw Error(Fault::data, "", "the wide table holds no value at all", "look whether `wide.columns` names the right ones");
  std::vector<std::string> levels;
  for (const Column* column : entities) levels.push_back(column->name());
  const std::size_t rows = from.size(), count = levels.size();
  std::vector<Column> columns;
  for (const Column& column : wide.columns())
    if (std::find(entities.begin(), entities.end(), &column) == entities.end()) columns.push_back(column.taken(from));
  columns.push_back(Column::of_codes(rules.entity_column, std::move(codes), std::move(levels)));
  columns.push_back(Column::of_reals(how.value, std::move(value)));
  notes.notes.push_back(fmt::format("{} columns became {} entities of '{}': {} rows; {} empty cells {}", count, count, how.value, rows,
                                    empty, how.keep_missing ? "are rows with a missing value" : "are no rows"));
  FrameNotes own;
  return Frame::finish(std::move(columns), rules, own);
}

}  // namespace assay::data
