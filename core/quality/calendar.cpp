#include "quality/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::quality {

namespace {

constexpr TimeNs kHour = 3'600 * kNsPerSecond;
constexpr TimeNs kWeek = 7 * kNsPerDay;
constexpr TimeNs kMonday = 4 * kNsPerDay;  // 1970-01-05

TimeNs floor_to(TimeNs time, TimeNs unit) {
  const TimeNs rest = time % unit;
  return time - (rest < 0 ? rest + unit : rest);
}
std::size_t slot_of_week(TimeNs time, TimeNs slot) {
  const TimeNs monday = floor_to(time - kMonday, kWeek) + kMonday;
  return static_cast<std::size_t>((time - monday) / slot);
}

std::string pattern_words(const Calendar& calendar) {
  static constexpr const char* kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  if (calendar.slot == kNsPerDay) {
    std::string days;
    for (std::size_t d = 0; d < 7; ++d)
      if (calendar.expected[d] != 0) days += (days.empty() ? "" : " ") + std::string(kDays[d]);
    return "rows on " + days;
  }
  return fmt::format("rows every {}, in {} of the {} {} of a week", span_text(calendar.step), calendar.slots_per_week,
                     calendar.expected.size(), calendar.slot == kHour ? "hours" : "slots of " + span_text(calendar.slot));
}

// A slot of the week is expected where at least half of the weeks have a row in it.
void find_pattern(const std::vector<TimeNs>& times, Calendar& calendar) {
  const auto slots = static_cast<std::size_t>(kWeek / calendar.slot);
  std::vector<std::int64_t> weeks_with(slots, 0);
  TimeNs last = kMissingTime;
  for (const TimeNs time : times) {
    const TimeNs at = floor_to(time - kMonday, kWeek) + kMonday + static_cast<TimeNs>(slot_of_week(time, calendar.slot)) * calendar.slot;
    if (at == last) continue;
    last = at;
    ++weeks_with[slot_of_week(time, calendar.slot)];
  }
  std::int64_t weeks = 0;  // with any row at all: whole missing months must not weigh
  TimeNs week = kMissingTime;
  for (const TimeNs time : times) {
    const TimeNs of = floor_to(time - kMonday, kWeek);
    weeks += of != week ? 1 : 0;
    week = of;
  }
  calendar.expected.assign(slots, 0);
  for (std::size_t s = 0; s < slots; ++s)
    if (2 * weeks_with[s] >= weeks) calendar.expected[s] = 1, ++calendar.slots_per_week;
}

}  // namespace

std::string span_text(TimeNs ns) {
  if (ns % kNsPerDay == 0 || ns > 60 * kNsPerDay) return fmt::format("{} d", ns / kNsPerDay);
  if (ns > kNsPerDay) return fmt::format("{} d {} h", ns / kNsPerDay, ns % kNsPerDay / kHour);
  if (ns % kHour == 0) return fmt::format("{} h", ns / kHour);
  if (ns > kHour) return fmt::format("{} h {} min", ns / kHour, ns % kHour / (60 * kNsPerSecond));
  if (ns % (60 * kNsPerSecond) == 0) return fmt::format("{} min", ns / (60 * kNsPerSecond));
  return fmt::format("{} s", static_cast<double>(ns) / static_cast<double>(kNsPerSecond));
}

Calendar find_calendar(const std::vector<TimeNs>& times) {
  Calendar calendar;
  if (times.size() < 20) return calendar;
  std::vector<TimeNs> steps;
  for (std::size_t i = 1; i < times.size(); ++i) steps.push_back(times[i] - times[i - 1]);
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  calendar.step = *middle;
  if (calendar.step >= 6 * kNsPerDay) {
    // Months are 28 to 31 days, so a quarter of a step is no hole.
    const auto near = std::count_if(steps.begin(), steps.end(), [&](TimeNs s) {
      return std::abs(static_cast<double>(s - calendar.step)) < 0.25 * static_cast<double>(calendar.step);
    });
    if (10 * near < 8 * static_cast<std::ptrdiff_t>(steps.size())) return calendar;
    calendar.kind = Calendar::Kind::even;
    calendar.slot = calendar.step;
    calendar.slots_per_week = 1;
    calendar.words = fmt::format("a row about every {}", span_text(calendar.step));
    return calendar;
  }
  calendar.slot = kNsPerDay;
  for (const TimeNs hours : {12, 8, 6, 4, 3, 2, 1})  // whole parts of a day, so that every week has the same slots
    if (calendar.step <= hours * kHour) calendar.slot = hours * kHour;
  find_pattern(times, calendar);
  if (calendar.slots_per_week == 0) return calendar;
  calendar.kind = Calendar::Kind::weekly_pattern;
  calendar.words = pattern_words(calendar);
  return calendar;
}

std::int64_t Calendar::missed(TimeNs before, TimeNs after) const {
  if (kind == Kind::none || after - before <= step) return 0;
  if (kind == Kind::even)
    return static_cast<std::int64_t>(std::llround(static_cast<double>(after - before) / static_cast<double>(step))) - 1;
  // Whole weeks between the first slot behind `before` and that of `after`, which has a row.
  const TimeNs first = floor_to(before - kMonday, slot), last = floor_to(after - kMonday, slot);
  const TimeNs whole = std::max<TimeNs>(0, last - first - slot) / kWeek;
  std::int64_t count = whole * slots_per_week;
  const TimeNs monday = floor_to(before - kMonday, kWeek) + kMonday;
  TimeNs at = monday + static_cast<TimeNs>(slot_of_week(before, slot)) * slot + slot + whole * kWeek;  // first slot behind that of `before`
  while (at + slot <= after) {
    count += expected[slot_of_week(at, slot)];
    at += slot;
  }
  return count;
}

std::int64_t Calendar::told() const { return kind == Kind::even ? 1 : std::max<std::int64_t>(1, (6 * slots_per_week + 9) / 10); }
std::int64_t Calendar::grave() const { return kind == Kind::even ? 1 : slots_per_week + 1; }

}  // namespace assay::quality
