// What happens to instruments beside trading: a name that goes to another company, splits and dividends, the last payment of one that
// ends, membership in a universe. Used by whoever loads data for an experiment. Pure functions, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/as_of_join.hpp"
#include "data/frame.hpp"

namespace assay::data {

struct ReusedName {
  std::string entity;
  std::optional<TimeNs> from, to;  // stamps, both included; absent: open
  std::string as;                  // the other company's name; empty: its rows are left out
};
// Throws Error(data) where an entity is absent, none of its rows lie there, or the new name is taken.
Frame with_names_apart(const Frame& frame, const std::vector<ReusedName>& names, const TimeRules& rules, FrameNotes& notes);

// The columns that are prices by their names: open, high, low, close in any case.
std::vector<std::string> price_columns(const Frame& frame);

struct AdjustmentRules {
  std::string factor_column;
  bool events = false;              // a factor stands in the row in which its event counts, 1 or nothing elsewhere; else cumulative
  std::vector<std::string> prices;  // empty: price_columns
  std::string volume;               // divided by what the prices are multiplied with; empty: none
};
// Prices as of each row's own time: an entity's first row stays as it is, and each later one is multiplied by the events since then. So no
// value knows a later split or dividend. Cumulative factors, which a source computes back from today, count by their changes alone.
Frame adjusted(const Frame& frame, const AdjustmentRules& how, FrameNotes& notes);

// A last row for each entity that ended: all prices the last close times 1 + its return, other numbers missing. ends: a row an entity.
// Those that trade at or behind that time are left out, with a note.
Frame with_delistings(const Frame& frame, const JoinTable& ends, const std::string& return_column, const TimeRules& rules,
                      FrameNotes& notes);

// Whether each row's entity is listed in the newest list known by then; lists: a row for each member, lists told apart by their stamp.
std::vector<std::uint8_t> members(const Frame& frame, const JoinTable& lists, FrameNotes& notes);

}  // namespace assay::data
