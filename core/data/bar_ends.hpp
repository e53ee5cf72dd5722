// Which bar a moment belongs to: the end of the bar of a given length, on a given clock. Used by resample.cpp alone. One thread.
#pragma once

#include <map>
#include <optional>

#include "data/resample.hpp"
#include "data/time_zone.hpp"

namespace assay::data {

class BarEnds {
 public:
  // Throws Error(data) where there is no such zone.
  explicit BarEnds(const ResampleRules& how);

  // The end of the bar in which `moment` is the last instant or an earlier one; nothing outside of the day.
  std::optional<TimeNs> of(TimeNs moment);

 private:
  struct Day {
    TimeNs open, close;
  };
  const Day& day(std::int64_t date);
  TimeNs midnight(std::int64_t date) const { return local(date * kNsPerDay); }
  TimeNs local(TimeNs clock) const;  // to UTC; inside a gap of the clock: its end

  const ResampleRules& how_;
  TimeZone zone_;
  std::map<std::int64_t, Day> days_;
};

}  // namespace assay::data
