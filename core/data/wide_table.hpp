// A wide table, with a column for each entity, as a panel: a row for each time and entity.
// Used by whoever loads data for an experiment. Pure functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "data/frame.hpp"

namespace assay::data {

struct WideRules {
  std::string value;                  // what the new column of values is called
  std::vector<std::string> patterns;  // names and globs of the columns that are entities; empty: all but the time
  bool keep_missing = false;          // a row for an empty cell too
};

// rules.entity_column names the new column of the old columns' names. Other columns are repeated for each entity. Rows are numbered time
// by time, entities in the table's order. Throws Error(data) where a pattern fits nothing or a column is no number.
Frame panel_of(const Frame& wide, const WideRules& how, const TimeRules& rules, FrameNotes& notes);

}  // namespace assay::data
