// The calendar that a file keeps: the usual step, and which hours or days of the week have rows. Used by the tests of rows, missing cells
// and entities. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/calendar.hpp"

namespace assay::quality {

struct Calendar {
  enum class Kind { none, weekly_pattern, even } kind = Kind::none;
  TimeNs step = 0;                     // the usual one: the median
  TimeNs slot = 0;                     // weekly_pattern: a day, or hours; even: the step
  std::vector<std::uint8_t> expected;  // weekly_pattern: by slot of the week, from Monday 0:00 UTC
  std::int64_t slots_per_week = 0;     // that are expected; even: 1
  std::string words;                   // "about 5 days a week (Mon Tue Wed Thu Fri)"

  // How many expected slots lie between two rows that follow each other.
  std::int64_t missed(TimeNs before, TimeNs after) const;
  // From so many missed slots in a row on a hole is told, and is more than holidays make.
  std::int64_t told() const;
  std::int64_t grave() const;
};

// Distinct times, ascending.
Calendar find_calendar(const std::vector<TimeNs>& times);

std::string span_text(TimeNs ns);  // "3 d 4 h"

}  // namespace assay::quality
