#include "pipeline/segments.hpp"

#include <fmt/core.h>

#include <algorithm>

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
  std::vector<std::int32_t> result(frame.rows(), 0);
  std::int32_t segment = -1;
  std::int64_t lacking = 0, far = 0;
  std::string first;
  for (std::size_t entity = 0; entity < frame.entity_count(); ++entity) {
    const auto rows = frame.rows_of_entity(static_cast<std::int32_t>(entity));
    const TimeNs more = bar ? slack(*bar, runs_through_weekends(time, rows)) : 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<std::size_t>(rows[i]), before = static_cast<std::size_t>(rows[i == 0 ? 0 : i - 1]);
      const bool lacks = i > 0 && index[row] != index[before] + 1;
      const bool is_far = i > 0 && bar && time[row] > add(time[before], *bar) + more;
      if (is_far && far++ == 0) first = fmt::format("{} to {}", to_iso(time[before]), to_iso(time[row]));
      if (lacks) ++lacking;
      if (i == 0 || lacks || is_far) ++segment;
      result[row] = segment;
    }
  }
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
