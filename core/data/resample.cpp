#include "data/resample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/bar_ends.hpp"
#include "data/column_tools.hpp"

namespace assay::data {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::pair<const char*, Aggregate> kWays[] = {{"first", Aggregate::first}, {"last", Aggregate::last}, {"min", Aggregate::min},
                                                       {"max", Aggregate::max},     {"sum", Aggregate::sum},   {"mean", Aggregate::mean},
                                                       {"drop", Aggregate::drop}};
constexpr std::pair<const char*, Aggregate> kKnown[] = {
    {"open", Aggregate::first}, {"high", Aggregate::max}, {"low", Aggregate::min}, {"close", Aggregate::last}, {"volume", Aggregate::sum}};

Aggregate way_of(const Column& column, const ResampleRules& how) {
  for (const auto& [name, way] : how.aggregate)
    if (name == column.name()) return way;
  std::string lower = column.name();
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto& [name, way] : kKnown)
    if (lower == name) return way;
  throw Error(Fault::data, "", fmt::format("it is not said how the column '{}' is brought to longer bars", column.name()),
              fmt::format("add it to `resample`: aggregate: {{{}: last}} (or first, min, max, sum, mean, drop)", column.name()));
}

// The rows of each new bar, in order of time.
struct Groups {
  std::vector<std::int64_t> of_row;  // kNoRow: outside of all bars
  std::vector<std::int64_t> first;   // the first row of each
  std::vector<TimeNs> end;
  std::size_t outside = 0, unfinished = 0;
};

bool are_whole_days(const Frame& frame, const ResampleRules& how, const TimeRules& rules) {
  if (rules.stamp == Stamp::start || how.open != 0 || how.close != 0) return false;
  return std::all_of(frame.bar_time().begin(), frame.bar_time().end(), [](TimeNs time) { return time % kNsPerDay == 0; });
}

Groups groups_of(const Frame& frame, const ResampleRules& how, const TimeRules& rules, std::optional<TimeNs> complete_until) {
  const bool days = are_whole_days(frame, how, rules);
  if (days && how.bar.months == 0 && how.bar.ns <= kNsPerDay)
    throw Error(Fault::data, "",
                fmt::format("all rows are stamped at midnight: there is nothing to make bars of {} from", to_text(how.bar)),
                "if they are bars of a day, make weeks or months of them: bar: 1w");
  ResampleRules clock = how;
  if (days) clock.zone = "UTC";  // they are dates
  BarEnds ends(clock);
  Groups out;
  out.of_row.assign(frame.rows(), kNoRow);
  std::vector<std::int64_t> open_bar(frame.entity_count(), kNoRow);
  TimeNs data_end = std::numeric_limits<TimeNs>::min();
  if (complete_until) data_end = *complete_until + (days ? kNsPerDay : 0);
  for (std::size_t row = 0; row < frame.rows(); ++row) {
    TimeNs end = frame.bar_time()[row];
    if (rules.stamp == Stamp::start) end = add(end, *rules.bar);
    if (days) end += kNsPerDay;  // a date is over at the next midnight
    data_end = std::max(data_end, end);
    const auto bar_end = ends.of(end);
    if (!bar_end) {
      ++out.outside;
      continue;
    }
    std::int64_t& group = open_bar[frame.entity().empty() ? 0 : static_cast<std::size_t>(frame.entity()[row])];
    if (group == kNoRow || out.end[static_cast<std::size_t>(group)] != *bar_end) {
      group = static_cast<std::int64_t>(out.end.size());
      out.end.push_back(*bar_end);
      out.first.push_back(static_cast<std::int64_t>(row));
    }
    out.of_row[row] = group;
  }
  std::vector<std::int64_t> kept(out.end.size(), kNoRow);
  std::size_t count = 0;
  for (std::size_t g = 0; g < out.end.size(); ++g) {
    if (out.end[g] > data_end) continue;
    kept[g] = static_cast<std::int64_t>(count);
    out.end[count] = days ? out.end[g] - kNsPerDay : out.end[g];
    out.first[count++] = out.first[g];
  }
  out.unfinished = out.end.size() - count;
  out.end.resize(count);
  out.first.resize(count);
  for (std::int64_t& group : out.of_row)
    if (group != kNoRow) group = kept[static_cast<std::size_t>(group)];
  return out;
}

// For each bar the row of its first or last value.
Column chosen_rows(const Column& column, const Groups& groups, bool last) {
  std::vector<std::int64_t> rows(groups.end.size(), kNoRow);
  for (std::size_t row = 0; row < column.size(); ++row) {
    const std::int64_t group = groups.of_row[row];
    if (group == kNoRow || column.is_missing(row)) continue;
    std::int64_t& at = rows[static_cast<std::size_t>(group)];
    if (at == kNoRow || last) at = static_cast<std::int64_t>(row);
  }
  return taken_or_missing(column, rows);
}

Column computed(const Column& column, const Groups& groups, Aggregate way) {
  const std::vector<double> values = numbers_of(column, "making longer bars");
  std::vector<double> out(groups.end.size(), kNan);
  std::vector<std::int64_t> count(out.size(), 0);
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (groups.of_row[row] == kNoRow || std::isnan(values[row])) continue;
    const auto group = static_cast<std::size_t>(groups.of_row[row]);
    double& value = out[group];
    if (count[group]++ == 0)
      value = values[row];
    else if (way == Aggregate::min)
      value = std::min(value, values[row]);
    else if (way == Aggregate::max)
      value = std::max(value, values[row]);
    else
      value += values[row];
  }
  for (std::size_t group = 0; way == Aggregate::mean && group < out.size(); ++group) out[group] /= static_cast<double>(count[group]);
  return Column::of_reals(column.name(), std::move(out));
}

}  // namespace

std::optional<Aggregate> aggregate_of(std::string_view name) {
  for (const auto& [word, way] : kWays)
    if (name == word) return way;
  return std::nullopt;
}

Frame resampled(const Frame& frame, const ResampleRules& how, const TimeRules& rules, FrameNotes& notes,
                std::optional<TimeNs> complete_until) {
  for (const auto& [name, way] : how.aggregate) frame.at(name);
  if (rules.bar && add(0, how.bar) < add(0, *rules.bar))
    throw Error(Fault::data, "", fmt::format("bars of {} cannot be made of bars of {}", to_text(how.bar), to_text(*rules.bar)),
                "make them longer than `time.bar`");
  const Groups groups = groups_of(frame, how, rules, complete_until);
  if (groups.end.empty())
    throw Error(Fault::data, "", fmt::format("no bar of {} is complete", to_text(how.bar)),
                "look at `session` and `zone`, or take shorter bars");
  std::vector<Column> columns;
  for (const Column& column : frame.columns()) {
    if (column.name() == rules.time_column) {
      columns.push_back(Column::of_times(column.name(), groups.end));
      continue;
    }
    if (column.name() == rules.entity_column) {
      columns.push_back(column.taken(groups.first));
      continue;
    }
    const Aggregate way = way_of(column, how);
    if (way == Aggregate::drop) continue;
    const bool chosen = way == Aggregate::first || way == Aggregate::last;
    columns.push_back(chosen ? chosen_rows(column, groups, way == Aggregate::last) : computed(column, groups, way));
  }
  std::string note = fmt::format("{} rows became {} bars of {}, each dated by its end", frame.rows(), groups.end.size(), to_text(how.bar));
  if (groups.outside != 0) note += fmt::format("; {} rows lay outside of the session", groups.outside);
  if (groups.unfinished != 0)
    note += fmt::format("; {} not complete at the end of the data: left out",
                        groups.unfinished == 1 ? "one bar was" : fmt::format("{} bars were", groups.unfinished));
  notes.notes.push_back(std::move(note));
  TimeRules after = rules;
  after.stamp = Stamp::end;
  after.bar = how.bar;
  FrameNotes own;
  return Frame::finish(std::move(columns), after, own);
}

}  // namespace assay::data
