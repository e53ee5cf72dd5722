// Longer bars from shorter ones, each dated by its end: a bar is known once it is over, and no bar holds a row that ended behind it.
// Used by whoever loads data for an experiment. Pure functions, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/calendar.hpp"
#include "data/frame.hpp"

namespace assay::data {

enum class Aggregate { first, last, min, max, sum, mean, drop };
std::optional<Aggregate> aggregate_of(std::string_view name);

struct ResampleRules {
  // Below a day: counted from the day's begin, the day's last bar ends with it. A day, a week (Monday to Sunday) or calendar months.
  Span bar;
  std::string zone = "UTC";
  // The day's begin and end in nanoseconds from midnight on the local clock; where close <= open the day ends on the next date. Both 0:
  // from midnight to midnight. Rows that end outside are left out.
  std::int64_t open = 0, close = 0;
  std::vector<std::pair<std::string, Aggregate>> aggregate;  // by column; open, high, low, close and volume (in any case) are known
};

// rules: of the given frame; what comes out is stamped at its end. A row belongs to the bar in which it ends. Where all rows are stamped
// at midnight, they are whole days: weeks and months can be made of them, dated by their last date. The last bar of the table is left out
// where the data end before it does. complete_until: the data hold all rows that ended by then, though there may be none. Throws
// Error(data) where a column's way is not known or does not fit its type.
Frame resampled(const Frame& frame, const ResampleRules& how, const TimeRules& rules, FrameNotes& notes,
                std::optional<TimeNs> complete_until = std::nullopt);

}  // namespace assay::data
