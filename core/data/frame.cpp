#include "data/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <numeric>

#include "base/error.hpp"
#include "base/large_pages.hpp"
#include "base/text.hpp"

namespace assay::data {

struct Frame::Index {
  std::once_flag once;
  std::vector<std::int64_t> rows;    // grouped by entity, in time order
  std::vector<std::int64_t> starts;  // entity_count + 1
  std::vector<TimeNs> times;         // distinct
  std::vector<std::int32_t> of_row;  // time index
  bool is_complete = false;
};

namespace {

constexpr std::size_t kRowsNamed = 5;

[[noreturn]] void refuse(std::string happened, std::string mend = {}) {
  throw Error(Fault::data, "reading the data", std::move(happened), std::move(mend));
}

std::string list_of_rows(const std::vector<std::int64_t>& rows) {
  std::string text;
  for (std::size_t i = 0; i < std::min(rows.size(), kRowsNamed); ++i) text += fmt::format("{}{}", i != 0 ? ", " : "", rows[i] + 1);
  return rows.size() > kRowsNamed ? text + fmt::format(" and {} more", rows.size() - kRowsNamed) : text;
}

void check_shape(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  for (const Column& column : columns) {
    if (column.size() != columns.front().size())
      refuse(fmt::format("column '{}' has {} rows, '{}' has {}", column.name(), column.size(), columns.front().name(),
                         columns.front().size()));
    names.push_back(column.name());
  }
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    refuse(fmt::format("two columns are named '{}'", *twice), "give every column a name of its own");
}

const Column& column_named(const std::vector<Column>& columns, const std::string& name) {
  std::vector<std::string> names;
  for (const Column& column : columns) {
    if (column.name() == name) return column;
    names.push_back(column.name());
  }
  const auto near = text::nearest(name, names);
  refuse(fmt::format("there is no column '{}'", name),
         near ? fmt::format("did you mean '{}'?", *near) : fmt::format("the columns are: {}", text::join(names, ", ")));
}

void check_no_missing(const Column& column, const char* role) {
  if (column.missing_count() == 0) return;
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < column.size(); ++i)
    if (column.is_missing(i)) rows.push_back(static_cast<std::int64_t>(i));
  refuse(fmt::format("the {} column '{}' is missing in {} of {} rows: {}", role, column.name(), rows.size(), column.size(),
                     list_of_rows(rows)),
         "every row needs one: mend or remove those rows (counted from 1, header not counted)");
}

// Entities in ascending order of their names, so that codes do not depend on the order of rows; unused levels go.
Column entity_codes(const Column& column) {
  const Column category = column.as_category();
  const auto& levels = category.levels();
  std::vector<std::uint8_t> used(levels.size(), 0);
  for (const std::int32_t code : category.codes()) used[static_cast<std::size_t>(code)] = 1;
  std::vector<std::int32_t> order;
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (used[i] != 0) order.push_back(static_cast<std::int32_t>(i));
  if (column.type() == ColumnType::category)
    std::sort(order.begin(), order.end(),
              [&](auto a, auto b) { return levels[static_cast<std::size_t>(a)] < levels[static_cast<std::size_t>(b)]; });
  std::vector<std::int32_t> renumbered(levels.size(), kMissingCode), codes(category.size());
  std::vector<std::string> names;
  for (const std::int32_t old : order) {
    renumbered[static_cast<std::size_t>(old)] = static_cast<std::int32_t>(names.size());
    names.push_back(levels[static_cast<std::size_t>(old)]);
  }
  std::transform(category.codes().begin(), category.codes().end(), codes.begin(),
                 [&](auto c) { return renumbered[static_cast<std::size_t>(c)]; });
  return Column::of_codes(column.name(), std::move(codes), std::move(names));
}

// The rows in order of (time, entity), stable; empty where they already are.
std::vector<std::int64_t> sorted_rows(std::span<const TimeNs> times, std::span<const std::int32_t> entity) {
  const auto before = [&](std::size_t a, std::size_t b) {
    if (times[a] != times[b]) return times[a] < times[b];
    return !entity.empty() && entity[a] < entity[b];
  };
  bool sorted = true;
  for (std::size_t i = 1; i < times.size() && sorted; ++i) sorted = !before(i, i - 1);
  if (sorted) return {};
  std::vector<std::int64_t> rows(times.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::stable_sort(rows.begin(), rows.end(),
                   [&](auto a, auto b) { return before(static_cast<std::size_t>(a), static_cast<std::size_t>(b)); });
  return rows;
}

// Times and entities in sorted order.
void check_no_duplicates(std::span<const TimeNs> times, const Column& entity, std::span<const std::int64_t> source_row,
                         const std::function<std::string(std::int64_t)>& row_name) {
  const auto name = [&](std::int64_t row) { return row_name ? row_name(row) : std::to_string(row + 1); };
  const bool panel = entity.size() != 0;
  const auto codes = entity.codes();
  std::vector<std::string> found;
  std::size_t count = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    if (times[i] != times[i - 1] || (panel && codes[i] != codes[i - 1])) continue;
    if (++count <= kRowsNamed)
      found.push_back(fmt::format("rows {} and {} ({}{})", name(source_row[i - 1]), name(source_row[i]), to_iso(times[i]),
                                  panel ? ", " + entity.text(i) : ""));
  }
  if (count == 0) return;
  refuse(fmt::format("{} {} the same {}: {}{}", count, count == 1 ? "pair of rows has" : "pairs of rows have",
                     panel ? "time and entity" : "time", text::join(found, "; "), count > kRowsNamed ? "; ..." : ""),
         panel ? "keep one row for each time and entity" : "keep one row for each time, or name the `entity` column if this is a panel");
}

bool all_in_turn(std::span<const std::int32_t> codes, std::size_t entities) {
  if (codes.empty() || codes.size() % entities != 0) return false;
  for (std::size_t begin = 0; begin < codes.size(); begin += entities)
    for (std::size_t e = 0; e < entities; ++e)
      if (codes[begin + e] != static_cast<std::int32_t>(e)) return false;
  return true;
}

Column known_times(std::span<const TimeNs> bar_time, const TimeRules& rules) {
  const bool at_start = rules.stamp == Stamp::start;
  if (at_start && !rules.bar)
    refuse("bars are stamped at their start, but their length is not given", "add `bar:` to `time`, for example `bar: 1h`");
  if (rules.available.is_count() || (rules.bar && rules.bar->is_count()))
    refuse("`bar` and `available` are lengths of time, not counts", "write a unit, for example 1d or 45min");
  std::vector<TimeNs> known(bar_time.begin(), bar_time.end());
  if (at_start || !rules.available.is_zero())
    for (TimeNs& time : known) {
      if (at_start) time = add(time, *rules.bar);
      time = add(time, rules.available);
    }
  return Column::of_times("known_at", std::move(known));
}

}  // namespace

Frame Frame::of_parts(Parts parts) {
  const auto fits = [&](const Column& column) { return column.size() == 0 || column.size() == parts.rows; };
  for (const Column& column : parts.columns) ASSAY_CHECK(column.size() == parts.rows, column.name());
  ASSAY_CHECK(fits(parts.bar_time) && fits(parts.known_at) && fits(parts.entity) && parts.source_row.size() == parts.rows,
              "lengths differ");
  Frame frame;
  frame.parts_ = std::move(parts);
  frame.index_ = std::make_shared<Index>();
  return frame;
}

Frame Frame::finish(std::vector<Column> columns, const TimeRules& rules, FrameNotes& notes,
                    const std::function<std::string(std::int64_t)>& row_name) {
  check_shape(columns);
  Parts parts;
  parts.rows = columns.empty() ? 0 : columns.front().size();
  std::vector<std::int64_t> source(parts.rows);
  std::iota(source.begin(), source.end(), 0);
  if (!rules.entity_column.empty()) {
    const Column& column = column_named(columns, rules.entity_column);
    check_no_missing(column, "entity");
    parts.entity = entity_codes(column);
    parts.panel = true;
  }
  if (!rules.time_column.empty()) {
    const Column& column = column_named(columns, rules.time_column);
    if (column.type() != ColumnType::timestamp)
      refuse(fmt::format("the time column '{}' holds {} values, not times", column.name(), to_text(column.type())), "give its `format`");
    check_no_missing(column, "time");
    parts.bar_time = column;
    if (const auto order = sorted_rows(column.times(), parts.entity.codes()); !order.empty()) {
      notes.notes.push_back(fmt::format("the rows were not in order of {}: sorted", parts.panel ? "time and entity" : "time"));
      for (Column& each : columns) each = each.taken(order);
      parts.bar_time = parts.bar_time.taken(order);
      if (parts.panel) parts.entity = parts.entity.taken(order);
      source = order;
    }
    check_no_duplicates(parts.bar_time.times(), parts.entity, source, row_name);
    parts.known_at = known_times(parts.bar_time.times(), rules);
  } else if (rules.stamp == Stamp::start || !rules.available.is_zero()) {
    notes.notes.push_back("stamp, bar and available mean nothing without a time column");
  }
  parts.source_row = Column::of_integers("source_row", std::move(source));
  parts.columns = std::move(columns);
  return of_parts(std::move(parts));
}

const Column* Frame::find(std::string_view name) const {
  for (const Column& column : parts_.columns)
    if (column.name() == name) return &column;
  return nullptr;
}

const Column& Frame::at(std::string_view name) const { return column_named(parts_.columns, std::string(name)); }

std::vector<std::string> Frame::names() const {
  std::vector<std::string> names;
  for (const Column& column : parts_.columns) names.push_back(column.name());
  return names;
}

const Frame::Index& Frame::index() const {
  ASSAY_CHECK(index_ != nullptr, "an empty frame has no index");
  std::call_once(index_->once, [this] {
    Index& index = *index_;
    const auto codes = entity();
    index.starts.assign(entity_count() + 1, 0);
    for (const std::int32_t code : codes) ++index.starts[static_cast<std::size_t>(code) + 1];
    if (codes.empty()) index.starts.back() = static_cast<std::int64_t>(rows());
    std::partial_sum(index.starts.begin(), index.starts.end(), index.starts.begin());
    std::vector<std::int64_t> next(index.starts.begin(), index.starts.end() - 1);
    reserve_in_large_pages(index.rows, rows());
    index.rows.resize(rows());
    reserve_in_large_pages(index.of_row, rows());
    for (std::size_t i = 0; i < rows(); ++i)
      index.rows[static_cast<std::size_t>(next[codes.empty() ? 0 : static_cast<std::size_t>(codes[i])]++)] = static_cast<std::int64_t>(i);
    for (const TimeNs time : known_at()) {
      if (index.times.empty() || index.times.back() != time) index.times.push_back(time);
      index.of_row.push_back(static_cast<std::int32_t>(index.times.size()) - 1);
    }
    index.is_complete = all_in_turn(codes, entity_count());
  });
  return *index_;
}

std::span<const std::int64_t> Frame::rows_of_entity(std::int32_t entity) const {
  ASSAY_CHECK(entity >= 0 && static_cast<std::size_t>(entity) < entity_count(), "no such entity");
  const Index& all = index();
  const auto first = static_cast<std::size_t>(all.starts[static_cast<std::size_t>(entity)]);
  return std::span(all.rows).subspan(first, static_cast<std::size_t>(all.starts[static_cast<std::size_t>(entity) + 1]) - first);
}

std::span<const TimeNs> Frame::distinct_times() const { return index().times; }
std::span<const std::int32_t> Frame::time_index() const { return index().of_row; }
bool Frame::is_complete() const { return parts_.panel && rows() > 0 && index().is_complete; }

Frame Frame::with(std::vector<Column> more) const {
  Frame frame = *this;  // the index holds for any columns
  for (Column& column : more) {
    ASSAY_CHECK(frame.find(column.name()) == nullptr, column.name());
    if (frame.parts_.columns.empty() && frame.parts_.rows == 0) {
      frame.parts_.rows = column.size();
      std::vector<std::int64_t> source(column.size());
      std::iota(source.begin(), source.end(), 0);
      frame.parts_.source_row = Column::of_integers("source_row", std::move(source));
      frame.index_ = std::make_shared<Index>();
    }
    ASSAY_CHECK(column.size() == frame.parts_.rows, column.name());
    frame.parts_.columns.push_back(std::move(column));
  }
  return frame;
}

Frame Frame::without(std::span<const std::string> names) const {
  Frame frame = *this;
  std::erase_if(frame.parts_.columns, [&](const Column& c) { return std::find(names.begin(), names.end(), c.name()) != names.end(); });
  return frame;
}

Frame Frame::taken(std::span<const std::int64_t> rows) const {
  ASSAY_CHECK(std::adjacent_find(rows.begin(), rows.end(), std::greater_equal<>()) == rows.end(), "rows must ascend");
  Parts parts;
  parts.rows = rows.size();
  parts.panel = parts_.panel;
  for (const Column& column : parts_.columns) parts.columns.push_back(column.taken(rows));
  const auto subset = [&](const Column& column) { return column.size() == 0 ? column : column.taken(rows); };
  parts.bar_time = subset(parts_.bar_time);
  parts.known_at = subset(parts_.known_at);
  parts.entity = subset(parts_.entity);
  parts.source_row = subset(parts_.source_row);
  return of_parts(std::move(parts));
}

}  // namespace assay::data
