#include "pipeline/segments.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/large_pages.hpp"

namespace assay::pipeline {

namespace {

constexpr TimeNs kClosed = 5 * kNsPerDay, kWanderingMonthEnd = 7 * kNsPerDay;

bool runs_through_weekends(std::span<const TimeNs> time, std::span<const std::int64_t> rows) {
  bool saturday = false, sunday = false;
  for (const std::int64_t row : rows) {
    const TimeNs at = time[static_cast<std::size_t>(row)];
    const std::int64_t day = at / kNsPerDay - (at % kNsPerDay < 0 ? 1 : 0);
    const std::int64_t weekday = ((day + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday; 0 is Sunday
    sunday = sunday || weekday == 0;
    saturday = saturday || weekday == 6;
  }
  return saturday && sunday;
}

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
struct Walk {  // through an entity's rows
  std::size_t last = kNone;
  std::int32_t segments = 0;  // so far; then those of the entities before
  TimeNs slack = 0;
  std::string first_far;
};

TimeNs slack(const Span& bar, bool through_weekends) {
  if (bar.months > 0) return kWanderingMonthEnd;
  return through_weekends ? bar.ns / 2 : kClosed;
}

void note_long_gaps(const data::Frame& frame, std::vector<std::string>& notes) {
  const auto times = frame.distinct_times();
  if (times.size() < 3) return;
  std::vector<TimeNs> steps;
  for (std::size_t i = 1; i < times.size(); ++i) steps.push_back(times[i] - times[i - 1]);
  const auto longest = static_cast<std::size_t>(std::max_element(steps.begin(), steps.end()) - steps.begin());
  std::vector<TimeNs> sorted = steps;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const TimeNs most = std::max(10 * *middle, kClosed);
  const auto count = std::count_if(steps.begin(), steps.end(), [&](TimeNs step) { return step > most; });
  if (count == 0) return;
  notes.push_back(fmt::format(
      "{} gaps are over 10 times the usual step, the longest from {} to {}: windows break there only once `data.time.bar` is given", count,
      to_iso(times[longest]), to_iso(times[longest + 1])));
}

}  // namespace

std::vector<std::int32_t> segments(const data::Frame& frame, const std::optional<Span>& bar, std::vector<std::string>& notes) {
  const auto index = frame.time_index();
  const auto time = frame.bar_time();
  const auto entity = frame.entity();
  std::vector<Walk> walks(std::max<std::size_t>(1, frame.entity_count()));
  for (std::size_t e = 0; bar && e < frame.entity_count(); ++e)
    walks[e].slack = slack(*bar, runs_through_weekends(time, frame.rows_of_entity(static_cast<std::int32_t>(e))));
  std::vector<std::int32_t> result;
  reserve_in_large_pages(result, frame.rows());
  result.resize(frame.rows());
  std::int64_t lacking = 0, far = 0;
  for (std::size_t row = 0; row < frame.rows(); ++row) {  // time by time, as rows lie in memory
    Walk& walk = walks[entity.empty() ? 0 : static_cast<std::size_t>(entity[row])];
    const bool begins = walk.last == kNone, lacks = !begins && index[row] != index[walk.last] + 1;
    const bool is_far = !begins && bar && time[row] > add(time[walk.last], *bar) + walk.slack;
    if (is_far && walk.first_far.empty()) walk.first_far = fmt::format("{} to {}", to_iso(time[walk.last]), to_iso(time[row]));
    lacking += lacks ? 1 : 0;
    far += is_far ? 1 : 0;
    walk.segments += begins || lacks || is_far ? 1 : 0;
    walk.last = row;
    result[row] = walk.segments - 1;
  }
  std::string first;
  std::int32_t before = 0;
  for (Walk& walk : walks) {  // an entity's segments follow those of the one before
    if (first.empty()) first = walk.first_far;
    before += std::exchange(walk.segments, before);
  }
  for (std::size_t row = 0; row < frame.rows(); ++row)
    result[row] += walks[entity.empty() ? 0 : static_cast<std::size_t>(entity[row])].segments;
  if (lacking > 0) notes.push_back(fmt::format("{} holes: times that some entities have and others lack", lacking));
  if (far > 0)
    notes.push_back(fmt::format("{} holes: rows much farther apart than a bar of {}, first from {}; windows do not cross them", far,
                                to_text(*bar), first));
  if (!bar) note_long_gaps(frame, notes);
  return result;
}

std::vector<std::int32_t> stretches(const data::Frame& frame, const std::optional<Span>& bar) {
  if (!bar || !frame.has_time()) return {};
  const auto time = frame.bar_time();
  std::vector<std::int32_t> result(frame.rows(), 0);
  for (std::size_t entity = 0; entity < frame.entity_count(); ++entity) {
    std::int32_t stretch = 0;
    std::optional<TimeNs> before;
    for (const std::int64_t row : frame.rows_of_entity(static_cast<std::int32_t>(entity))) {
      const TimeNs now = time[static_cast<std::size_t>(row)];
      if (before && now > add(*before, *bar) + slack(*bar, false)) ++stretch;
      result[static_cast<std::size_t>(row)] = stretch;
      before = now;
    }
  }
  return result;
}

}  // namespace assay::pipeline
