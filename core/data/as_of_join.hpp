// Values of another table at the times at which they were known: each row of a frame takes the newest row of the other table that was
// known by then. Used by whoever loads data for an experiment. Pure functions, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/calendar.hpp"
#include "data/frame.hpp"

namespace assay::data {

// When rows of the other table are known: their stamp (+ bar, where they are stamped at the start of a period) + available; or, where
// `known_column` is given, what stands there + available.
struct KnownRules {
  std::string time_column, known_column, entity_column;  // entity: empty where the values hold for all
  Stamp stamp = Stamp::end;
  std::optional<Span> bar;
  Span available;
};

struct JoinTable {
  std::vector<TimeNs> period, known;             // the row's stamp; when it is known. Rows in order of `known`, then `period`
  Column entity = Column::of_codes("", {}, {});  // of size 0 where the values hold for all
  std::vector<Column> columns;                   // all but time, known and entity columns
  std::vector<std::int64_t> source_row;          // 0-based row of the file
  std::size_t never_known = 0;                   // rows without a time in the known column: left out
  std::size_t early = 0;                         // rows whose known column lies before the end of their own period
};

// columns: as they were read, times as timestamps. Throws Error(data) where two rows of one entity have the same stamp and become known at
// the same time, where a stamp or an entity is missing, and as KnownRules demand.
JoinTable join_table(const std::vector<Column>& columns, const KnownRules& rules);

JoinTable known_by(const JoinTable& table, TimeNs time);  // its rows that were known by then

struct JoinRules {
  std::optional<Span> max_age;  // a value is missing once it has been known for longer
  bool only_new = false;        // a value stands in the first row that knows it and in no other
  std::string prefix;           // before the names of the joined columns
};

struct Joined {
  std::vector<Column> columns;           // a row for each row of the frame
  std::size_t matched = 0, too_old = 0;  // rows of the frame
  std::vector<std::string> without;      // the frame's entities of which the table knows nothing
};
// Of the rows known by a row's known_at the one with the latest stamp counts, of its revisions the latest.
Joined joined_as_of(const Frame& frame, const JoinTable& table, const JoinRules& rules);

}  // namespace assay::data
