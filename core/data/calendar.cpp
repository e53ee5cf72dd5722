#include "data/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/column_tools.hpp"

namespace assay::data {
namespace {

// The number of each row's time among the distinct ones. (Of its stamp: times at which rows are known may coincide where stamps do not.)
std::vector<std::size_t> time_numbers(const Frame& frame) {
  std::vector<std::size_t> out(frame.rows(), 0);
  for (std::size_t row = 1; row < out.size(); ++row) out[row] = out[row - 1] + (frame.bar_time()[row] != frame.bar_time()[row - 1] ? 1 : 0);
  return out;
}

// Whether the i-th distinct time stands in the calendar.
std::vector<std::uint8_t> chosen_times(const Frame& frame, const std::vector<std::size_t>& time_of, Calendar calendar,
                                       const std::string& entity) {
  std::vector<std::size_t> rows_at(time_of.empty() ? 0 : time_of.back() + 1, 0);
  if (calendar == Calendar::of_entity) {
    const auto& names = frame.entity_names();
    const auto found = std::find(names.begin(), names.end(), entity);
    if (found == names.end()) {
      const auto near = text::nearest(entity, names);
      throw Error(Fault::data, "", fmt::format("there is no entity '{}'", entity),
                  near ? fmt::format("did you mean '{}'?", *near)
                       : fmt::format("there are {} of them, '{}' to '{}'", names.size(), names.front(), names.back()));
    }
    for (const std::int64_t row : frame.rows_of_entity(static_cast<std::int32_t>(found - names.begin())))
      rows_at[time_of[static_cast<std::size_t>(row)]] = 1;
  } else {
    for (const std::size_t time : time_of) ++rows_at[time];
  }
  const std::size_t needed = calendar == Calendar::common ? frame.entity_count() : 1;
  std::vector<std::uint8_t> out(rows_at.size());
  std::transform(rows_at.begin(), rows_at.end(), out.begin(), [&](std::size_t count) { return count >= needed ? 1 : 0; });
  return out;
}

}  // namespace

Frame with_calendar(const Frame& frame, Calendar calendar, const std::string& entity, const TimeRules& rules, FrameNotes& notes) {
  const std::vector<std::size_t> time_of = time_numbers(frame);
  const std::vector<std::uint8_t> chosen = chosen_times(frame, time_of, calendar, entity);
  if (std::find(chosen.begin(), chosen.end(), 1) == chosen.end())
    throw Error(Fault::data, "", "there is no time at which every entity has a row",
                "use calendar: union, or leave out the entities that lack most");
  std::vector<std::int64_t> row_of(frame.entity_count(), kNoRow);
  std::vector<std::uint8_t> has_begun(frame.entity_count(), 0);
  std::vector<std::int64_t> from;
  std::vector<TimeNs> times;
  std::vector<std::int32_t> codes;
  std::size_t gone = 0, added = 0;
  for (std::size_t row = 0; row < frame.rows();) {
    const std::size_t now = time_of[row];
    std::fill(row_of.begin(), row_of.end(), kNoRow);
    const TimeNs time = frame.bar_time()[row];
    for (; row < frame.rows() && time_of[row] == now; ++row) {
      const auto code = static_cast<std::size_t>(frame.entity()[row]);
      row_of[code] = static_cast<std::int64_t>(row);
      has_begun[code] = 1;
      gone += chosen[now] == 0 ? 1 : 0;
    }
    if (chosen[now] == 0) continue;
    for (std::size_t code = 0; code < row_of.size(); ++code) {
      if (has_begun[code] == 0) continue;
      from.push_back(row_of[code]);
      times.push_back(time);
      codes.push_back(static_cast<std::int32_t>(code));
      added += row_of[code] == kNoRow ? 1 : 0;
    }
  }
  std::vector<Column> columns;
  for (const Column& column : frame.columns()) {
    if (column.name() == rules.time_column)
      columns.push_back(Column::of_times(column.name(), times));
    else if (column.name() == rules.entity_column)
      columns.push_back(Column::of_codes(column.name(), codes, frame.entity_names()));
    else
      columns.push_back(taken_or_missing(column, from));
  }
  notes.notes.push_back(fmt::format("calendar: {} of {} times; {} rows at other times left out, {} rows of missing values added",
                                    std::count(chosen.begin(), chosen.end(), 1), chosen.size(), gone, added));
  FrameNotes own;
  return Frame::finish(std::move(columns), rules, own);
}

}  // namespace assay::data
