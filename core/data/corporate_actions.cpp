#include "data/corporate_actions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/column_tools.hpp"

namespace assay::data {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void refuse(std::string happened, std::string mend) { throw Error(Fault::data, "", std::move(happened), std::move(mend)); }

std::int32_t code_of(const Frame& frame, const std::string& entity) {
  const auto& names = frame.entity_names();
  const auto found = std::find(names.begin(), names.end(), entity);
  if (found != names.end()) return static_cast<std::int32_t>(found - names.begin());
  const auto near = text::nearest(entity, names);
  refuse(fmt::format("there is no entity '{}'", entity),
         near ? fmt::format("did you mean '{}'?", *near)
              : fmt::format("there are {}, '{}' to '{}'", names.size(), names.front(), names.back()));
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Frame replaced(const Frame& frame, const std::map<std::string, std::vector<double>>& columns) {
  Frame::Parts parts = frame.parts();
  for (Column& column : parts.columns)
    if (const auto found = columns.find(column.name()); found != columns.end()) column = Column::of_reals(column.name(), found->second);
  return Frame::of_parts(std::move(parts));
}

// By what each row's prices are multiplied: the events since the entity's first row.
std::vector<double> multipliers(const Frame& frame, const AdjustmentRules& how) {
  const std::vector<double> factor = numbers_of(frame.at(how.factor_column), "adjusting prices");
  std::vector<double> out(frame.rows(), 1);
  for (std::size_t e = 0; e < frame.entity_count(); ++e) {
    double first = kNan, last = kNan, product = 1;
    bool begun = false;
    for (const std::int64_t row : frame.rows_of_entity(static_cast<std::int32_t>(e))) {
      const auto at = static_cast<std::size_t>(row);
      const double f = factor[at];
      if (!std::isnan(f) && !(f > 0 && std::isfinite(f)))
        refuse(fmt::format("the factor in '{}' is {} in row {}", how.factor_column, text::shortest(f), frame.source_row()[at] + 1),
               "factors are above 0");
      if (how.events) {
        if (begun && !std::isnan(f)) product *= f;
        begun = true;
        out[at] = product;
        continue;
      }
      if (std::isnan(first)) first = f;
      if (!std::isnan(f)) last = f;
      out[at] = std::isnan(first) ? 1 : last / first;
    }
  }
  return out;
}

// The rows that are put behind those of the frame.
struct LastRows {
  std::vector<TimeNs> times;
  std::vector<std::int32_t> codes;
  std::vector<double> paid;
  std::size_t unknown = 0, trading = 0;
};

LastRows last_rows(const Frame& frame, const JoinTable& ends, const std::vector<double>& last_return, const std::vector<double>& closes) {
  LastRows out;
  const auto& names = frame.entity_names();
  for (std::size_t i = 0; i < ends.period.size(); ++i) {
    const auto name = std::find(names.begin(), names.end(), ends.entity.text(i));
    if (name == names.end() || std::isnan(last_return[i])) {
      ++out.unknown;
      continue;
    }
    if (last_return[i] < -1)
      refuse(fmt::format("the last return of '{}' is {}", *name, text::shortest(last_return[i])),
             "a return is a share: -0.3 for a loss of 30 %, at worst -1");
    const auto code = static_cast<std::int32_t>(name - names.begin());
    const auto rows = frame.rows_of_entity(code);
    if (frame.bar_time()[static_cast<std::size_t>(rows.back())] >= ends.period[i]) {
      ++out.trading;
      continue;
    }
    double price = kNan;
    for (const std::int64_t row : rows)
      if (!std::isnan(closes[static_cast<std::size_t>(row)])) price = closes[static_cast<std::size_t>(row)];
    out.times.push_back(ends.period[i]);
    out.codes.push_back(code);
    out.paid.push_back(price * (1 + last_return[i]));
  }
  return out;
}

}  // namespace

Frame with_names_apart(const Frame& frame, const std::vector<ReusedName>& names, const TimeRules& rules, FrameNotes& notes) {
  std::vector<std::string> levels = frame.entity_names();
  std::vector<std::int32_t> codes(frame.entity().begin(), frame.entity().end());
  std::vector<std::uint8_t> gone(frame.rows(), 0);
  for (const ReusedName& name : names) {
    const std::int32_t code = code_of(frame, name.entity);
    if (std::find(levels.begin(), levels.end(), name.as) != levels.end())
      refuse(fmt::format("there is an entity '{}' already", name.as), "give the other company a name of its own");
    if (!name.as.empty()) levels.push_back(name.as);
    std::size_t count = 0;
    for (const std::int64_t row : frame.rows_of_entity(code)) {
      const auto at = static_cast<std::size_t>(row);
      if ((name.from && frame.bar_time()[at] < *name.from) || (name.to && frame.bar_time()[at] > *name.to)) continue;
      ++count;
      if (name.as.empty())
        gone[at] = 1;
      else
        codes[at] = static_cast<std::int32_t>(levels.size()) - 1;
    }
    if (count == 0) refuse(fmt::format("'{}' has no row in that span", name.entity), "look at `from` and `to`");
    notes.notes.push_back(name.as.empty() ? fmt::format("{} rows of '{}' are another company's: left out", count, name.entity)
                                          : fmt::format("{} rows of '{}' are another company's: '{}'", count, name.entity, name.as));
  }
  std::vector<std::int64_t> kept;
  for (std::size_t row = 0; row < gone.size(); ++row)
    if (gone[row] == 0) kept.push_back(static_cast<std::int64_t>(row));
  const Column entity = Column::of_codes(rules.entity_column, std::move(codes), std::move(levels));
  std::vector<Column> columns;
  for (const Column& column : frame.columns()) columns.push_back((column.name() == rules.entity_column ? entity : column).taken(kept));
  FrameNotes own;
  return Frame::finish(std::move(columns), rules, own);
}

std::vector<std::string> price_columns(const Frame& frame) {
  std::vector<std::string> out;
  for (const Column& column : frame.columns())
    for (const char* name : {"open", "high", "low", "close"})
      if (lower(column.name()) == name) out.push_back(column.name());
  return out;
}

Frame adjusted(const Frame& frame, const AdjustmentRules& how, FrameNotes& notes) {
  const std::vector<std::string> prices = how.prices.empty() ? price_columns(frame) : how.prices;
  if (prices.empty()) refuse("no column is named open, high, low or close", "say which are the prices: adjustment: {prices: [...]}");
  const std::vector<double> multiplier = multipliers(frame, how);
  std::map<std::string, std::vector<double>> changed;
  for (const std::string& name : prices) {
    std::vector<double> values = numbers_of(frame.at(name), "adjusting prices");
    for (std::size_t row = 0; row < values.size(); ++row) values[row] *= multiplier[row];
    changed.emplace(name, std::move(values));
  }
  if (!how.volume.empty()) {
    std::vector<double> values = numbers_of(frame.at(how.volume), "adjusting the volume");
    for (std::size_t row = 0; row < values.size(); ++row) values[row] /= multiplier[row];
    changed[how.volume] = std::move(values);
  }
  std::size_t events = 0;
  for (std::size_t e = 0; e < frame.entity_count(); ++e) {
    double before = 1;
    for (const std::int64_t row : frame.rows_of_entity(static_cast<std::int32_t>(e))) {
      const double now = multiplier[static_cast<std::size_t>(row)];
      events += now != before ? 1 : 0;
      before = now;
    }
  }
  notes.notes.push_back(fmt::format("prices are adjusted by '{}': {} events, each counted from its own row on", how.factor_column, events));
  return replaced(frame, changed);
}

Frame with_delistings(const Frame& frame, const JoinTable& ends, const std::string& return_column, const TimeRules& rules,
                      FrameNotes& notes) {
  const auto found = std::find_if(ends.columns.begin(), ends.columns.end(), [&](const Column& c) { return c.name() == return_column; });
  if (found == ends.columns.end())
    refuse(fmt::format("there is no column '{}' with the last return", return_column), "name it in `return`");
  const std::vector<std::string> prices = price_columns(frame);
  const auto close = std::find_if(prices.begin(), prices.end(), [](const std::string& name) { return lower(name) == "close"; });
  if (close == prices.end()) refuse("no column is named close", "a last return needs a last price");
  const LastRows last = last_rows(frame, ends, numbers_of(*found, "the last return"), numbers_of(frame.at(*close), "the last price"));
  std::vector<std::int64_t> from(frame.rows() + last.paid.size(), kNoRow);
  for (std::size_t row = 0; row < frame.rows(); ++row) from[row] = static_cast<std::int64_t>(row);
  const auto longer = [&](auto values, const auto& more) {
    values.insert(values.end(), more.begin(), more.end());
    return values;
  };
  std::vector<Column> columns;
  for (const Column& column : frame.columns()) {
    if (column.name() == rules.time_column)
      columns.push_back(
          Column::of_times(column.name(), longer(std::vector<TimeNs>(frame.bar_time().begin(), frame.bar_time().end()), last.times)));
    else if (column.name() == rules.entity_column)
      columns.push_back(Column::of_codes(column.name(),
                                         longer(std::vector<std::int32_t>(frame.entity().begin(), frame.entity().end()), last.codes),
                                         frame.entity_names()));
    else if (std::find(prices.begin(), prices.end(), column.name()) != prices.end())
      columns.push_back(Column::of_reals(column.name(), longer(numbers_of(column, "the last price"), last.paid)));
    else
      columns.push_back(taken_or_missing(column, from));
  }
  std::string note = fmt::format("{} entities end with a last return", last.paid.size());
  if (last.trading != 0) note += fmt::format("; {} still have rows at or behind the time of theirs: left as they are", last.trading);
  if (last.unknown != 0) note += fmt::format("; {} are not in the data or have no return", last.unknown);
  notes.notes.push_back(std::move(note));
  FrameNotes own;
  return Frame::finish(std::move(columns), rules, own);
}

std::vector<std::uint8_t> members(const Frame& frame, const JoinTable& lists, FrameNotes& notes) {
  std::map<std::string, std::int32_t> code_of_name;
  for (std::size_t i = 0; i < lists.entity.levels().size(); ++i)
    code_of_name.emplace(lists.entity.levels()[i], static_cast<std::int32_t>(i));
  std::vector<std::int32_t> code;
  std::size_t never = 0;
  for (const std::string& name : frame.entity_names()) {
    const auto found = code_of_name.find(name);
    code.push_back(found == code_of_name.end() ? -1 : found->second);
    never += found == code_of_name.end() ? 1 : 0;
  }
  std::vector<TimeNs> listed(lists.entity.levels().size(), kMissingTime);  // the newest list that names the entity
  TimeNs newest = kMissingTime;
  std::size_t next = 0, inside = 0;
  std::vector<std::uint8_t> out(frame.rows(), 0);
  for (std::size_t row = 0; row < frame.rows(); ++row) {
    for (; next < lists.known.size() && lists.known[next] <= frame.known_at()[row]; ++next) {
      newest = std::max(newest, lists.period[next]);
      TimeNs& own = listed[static_cast<std::size_t>(lists.entity.codes()[next])];
      own = std::max(own, lists.period[next]);
    }
    const std::int32_t own = code[static_cast<std::size_t>(frame.entity()[row])];
    out[row] = own >= 0 && newest != kMissingTime && listed[static_cast<std::size_t>(own)] == newest ? 1 : 0;
    inside += out[row];
  }
  notes.notes.push_back(fmt::format("universe: {} of {} rows are of members; {} of {} entities never are in a list", inside, frame.rows(),
                                    never, frame.entity_count()));
  return out;
}

}  // namespace assay::data
