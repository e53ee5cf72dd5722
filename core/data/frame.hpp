// A table of columns, with what is known of time and entity: a plain table, one series, or a panel (time x entity).
// Made by readers and simulators, read by pipeline, backtest and run. Immutable after finish(); thread-safe for reading.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.hpp"
#include "data/column.hpp"

namespace assay::data {

enum class Stamp { start, end };  // a bar is dated by its start or its end

// How the time column is to be understood; from the experiment file's data.time, data.entity and data.available.
struct TimeRules {
  std::string time_column;    // empty: a plain table
  std::string entity_column;  // empty: one series (or a plain table)
  Stamp stamp = Stamp::end;
  std::optional<Span> bar;  // needed with stamp: start, to know when a row is complete
  Span available;           // lag until a row is known
};

// What finish() found and did; every line goes to the user as a note or stands in the run's record.
struct FrameNotes {
  std::vector<std::string> notes;
};

class Frame {
 public:
  // Takes columns of equal length in file order. Sorts by (time, entity) where there is time, sets known_at = time
  // (+ bar with Stamp::start) + available. Throws Error(data): unequal lengths, doubled names, a missing time or entity cell (names rows),
  // duplicates of (time, entity) (names the rows of the first few; `row_name` says how, absent: their numbers from 1).
  static Frame finish(std::vector<Column> columns, const TimeRules& rules, FrameNotes& notes,
                      const std::function<std::string(std::int64_t)>& row_name = {});

  std::size_t rows() const { return parts_.rows; }
  const std::vector<Column>& columns() const { return parts_.columns; }  // time and entity columns too
  const Column* find(std::string_view name) const;                       // null where there is none
  const Column& at(std::string_view name) const;                         // throws Error(data) with the nearest name
  std::vector<std::string> names() const;

  bool has_time() const { return parts_.known_at.size() != 0; }
  bool is_panel() const { return parts_.panel; }
  std::span<const TimeNs> bar_time() const { return parts_.bar_time.times(); }    // as written in the file; empty without time
  std::span<const TimeNs> known_at() const { return parts_.known_at.times(); }    // empty without time; non-decreasing
  std::span<const std::int32_t> entity() const { return parts_.entity.codes(); }  // empty without an entity column
  const std::vector<std::string>& entity_names() const { return parts_.entity.levels(); }
  std::size_t entity_count() const { return entity_names().empty() ? 1 : entity_names().size(); }
  std::span<const std::int64_t> source_row() const { return parts_.source_row.integers(); }  // 0-based row in the file, header not counted

  // Rows of one entity in time order (all rows for a single series or plain table). Built once, shared.
  std::span<const std::int64_t> rows_of_entity(std::int32_t entity) const;
  // Distinct known_at values, ascending, and for each row the index of its own among them.
  std::span<const TimeNs> distinct_times() const;
  std::span<const std::int32_t> time_index() const;
  // A panel in which no entity lacks a time: row t * entity_count() + e is entity e's, for every t.
  bool is_complete() const;

  Frame with(std::vector<Column> more) const;  // columns added (a name that exists is a broken promise)
  Frame without(std::span<const std::string> names) const;
  Frame taken(std::span<const std::int64_t> rows) const;  // a subset of rows, ascending

  // Everything a frame is made of, for the cache that stores and restores it whole.
  struct Parts {
    std::vector<Column> columns;
    Column bar_time = Column::of_times("", {}), known_at = bar_time;  // of size 0 without time
    Column entity = Column::of_codes("", {}, {});                     // of size 0 without an entity column
    Column source_row = Column::of_integers("", {});
    std::size_t rows = 0;
    bool panel = false;  // there is an entity column
  };
  const Parts& parts() const { return parts_; }
  static Frame of_parts(Parts parts);  // trusts order and known_at; checks the lengths (ASSAY_CHECK)

 private:
  struct Index;
  const Index& index() const;
  Parts parts_;
  std::shared_ptr<Index> index_;  // filled at the first call that needs it
};

}  // namespace assay::data
