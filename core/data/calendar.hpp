// One calendar for all entities of a panel. Used by whoever loads data for an experiment. Pure functions, thread-safe.
#pragma once

#include <string>

#include "data/frame.hpp"

namespace assay::data {

enum class Calendar { all, common, of_entity };  // the times of any entity, of every entity, of one

// Rows at other times go. An entity has a row at each time of the calendar from its own first row on to the end of the data, with missing
// values where it has none: that it has ended is no knowledge of the row. entity: for of_entity. Throws Error(data) where nothing is left
// or there is no such entity.
Frame with_calendar(const Frame& frame, Calendar calendar, const std::string& entity, const TimeRules& rules, FrameNotes& notes);

}  // namespace assay::data
