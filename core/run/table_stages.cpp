#include "run/table_stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "data/calendar.hpp"
#include "data/corporate_actions.hpp"
#include "data/quotes.hpp"
#include "data/resample.hpp"
#include "data/wide_table.hpp"

namespace assay::run {

namespace {

// What went wrong, and at which key below `data`.
struct Refused {
  std::string key, message, mend;
};

template <class Work>
void at_key(const std::string& key, const Work& work) {
  try {
    work();
  } catch (const Error& e) {
    throw Refused{key, e.happened(), e.mend()};
  }
}

std::int64_t time_of_day(const std::string& text) {
  if (text.empty()) return 0;
  if (text == "24:00") return kNsPerDay;
  return *parse_iso("1970-01-01 " + text);
}

data::ResampleRules rules_of(const config::ResampleSpec& spec) {
  data::ResampleRules rules;
  rules.bar = spec.bar;
  rules.zone = spec.zone;
  rules.open = time_of_day(spec.open);
  rules.close = time_of_day(spec.close);
  for (const auto& [name, how] : spec.aggregate) rules.aggregate.emplace_back(name, *data::aggregate_of(how));
  return rules;
}

// Where `known` columns of a join would take the place of others.
void refuse_taken_names(const data::Frame& frame, const config::JoinSpec& join, const data::JoinTable& table) {
  for (const data::Column& column : table.columns)
    if (const std::string name = join.prefix + column.name(); frame.find(name) != nullptr)
      throw Error(Fault::data, "", fmt::format("there is a column '{}' already", name),
                  fmt::format("give this join's columns a prefix, as in prefix: {}_, or leave the column out", join.name));
}

data::Frame with_join(const data::Frame& frame, const config::JoinSpec& join, const data::JoinTable& table,
                      std::vector<std::string>& notes) {
  refuse_taken_names(frame, join, table);
  data::JoinRules rules;
  rules.max_age = join.max_age;
  rules.only_new = join.only_new;
  rules.prefix = join.prefix;
  data::Joined joined = data::joined_as_of(frame, table, rules);
  const std::size_t entities = frame.entity_count();
  if (!join.entity.empty() && joined.without.size() == entities)
    throw Error(Fault::data, "", fmt::format("none of the {} entities is in the column '{}'", entities, join.entity),
                fmt::format("the data have '{}', the joined table has '{}': are they named alike?", frame.entity_names().front(),
                            table.entity.levels().empty() ? "" : table.entity.levels().front()));
  std::string note = fmt::format("joined '{}': {} of {} rows have a value known by then", join.name, joined.matched, frame.rows());
  if (joined.too_old != 0) note += fmt::format(", in {} it was too old", joined.too_old);
  notes.push_back(std::move(note));
  if (!joined.without.empty()) {
    const std::size_t named = std::min<std::size_t>(joined.without.size(), 5);
    notes.push_back(fmt::format("joined '{}': it knows nothing of {} of {} entities: {}{}", join.name, joined.without.size(), entities,
                                text::join(std::span(joined.without).first(named), ", "), joined.without.size() > named ? ", ..." : ""));
  }
  if (table.never_known != 0)
    notes.push_back(
        fmt::format("joined '{}': {} rows without a time in '{}' are never known", join.name, table.never_known, join.known_column));
  if (table.early != 0)
    notes.push_back(fmt::format("joined '{}': {} rows count as known before the end of what they tell of: look at '{}'", join.name,
                                table.early, join.known_column));
  return frame.with(std::move(joined.columns));
}

// All that the table is made of; the same stages make the table of them and of any part of them.
struct Sources {
  config::Experiment experiment;
  data::Frame base;
  std::vector<data::JoinTable> joins;
  std::optional<data::JoinTable> delisting, universe;
  std::optional<TimeNs> known_by = std::nullopt;  // absent: all that there is
};

// Of what was known by a moment some names may not have begun their second life yet, or not even their first.
bool has_begun(const data::Frame& frame, const config::ReusedSpec& name, std::optional<TimeNs> known_by) {
  if (!known_by) return true;
  const auto& names = frame.entity_names();
  const auto found = std::find(names.begin(), names.end(), name.entity);
  if (found == names.end()) return false;
  const auto rows = frame.rows_of_entity(static_cast<std::int32_t>(found - names.begin()));
  const auto time = [&](std::int64_t row) { return frame.bar_time()[static_cast<std::size_t>(row)]; };
  return (name.from.empty() || time(rows.back()) >= *parse_iso(name.from)) &&
         (name.to.empty() || time(rows.front()) <= *parse_iso(name.to));
}

data::Frame table_of(const Sources& from, std::vector<std::string>& notes) {
  const config::DataSpec& spec = from.experiment.data;
  const config::TablesSpec& tables = spec.tables;
  data::TimeRules rules = time_rules(from.experiment);
  data::Frame frame = from.base;
  data::FrameNotes found;
  if (tables.wide)
    at_key("wide", [&] {
      frame = data::panel_of(frame, {tables.wide->value, tables.wide->columns, tables.wide->keep_missing}, rules, found);
    });
  if (!tables.reused.empty())
    at_key("reused", [&] {
      std::vector<data::ReusedName> names;
      for (const config::ReusedSpec& name : tables.reused)
        if (has_begun(frame, name, from.known_by)) names.push_back({name.entity, parse_iso(name.from), parse_iso(name.to), name.as});
      if (!names.empty()) frame = data::with_names_apart(frame, names, rules, found);
    });
  for (const config::QuoteSpec& quote : tables.quotes)
    at_key("quotes." + quote.name, [&] { frame = data::with_middle(frame, {quote.name, quote.bid, quote.ask, quote.spread}, found); });
  if (!spec.factor_column.empty())
    at_key("adjustment", [&] {
      frame = data::adjusted(frame, {spec.factor_column, tables.factors_are_events, tables.adjusted_prices, tables.adjusted_volume}, found);
    });
  if (tables.delisting)
    at_key("delisting", [&] { frame = data::with_delistings(frame, *from.delisting, tables.last_return, rules, found); });
  if (tables.resample) {
    at_key("resample", [&] {
      std::optional<TimeNs> complete;  // a row is known `available` after it ended
      if (from.known_by) complete = add(*from.known_by, rules.available, -1);
      frame = data::resampled(frame, rules_of(*tables.resample), rules, found, complete);
    });
    rules.stamp = data::Stamp::end;
    rules.bar = tables.resample->bar;
  }
  if (!tables.calendar.empty())
    at_key("calendar", [&] {
      const auto which = tables.calendar == "union"          ? data::Calendar::all
                         : tables.calendar == "intersection" ? data::Calendar::common
                                                             : data::Calendar::of_entity;
      frame = data::with_calendar(frame, which, tables.calendar_entity, rules, found);
    });
  notes.insert(notes.end(), found.notes.begin(), found.notes.end());
  for (std::size_t i = 0; i < tables.joins.size(); ++i)
    at_key("joins." + tables.joins[i].name, [&] { frame = with_join(frame, tables.joins[i], from.joins[i], notes); });
  if (tables.universe)
    at_key("universe", [&] {
      if (frame.find(tables.member) != nullptr)
        throw Error(Fault::data, "", fmt::format("there is a column '{}' already", tables.member), "give `member` another name");
      data::FrameNotes of_lists;
      frame = frame.with({data::Column::of_booleans(tables.member, data::members(frame, *from.universe, of_lists))});
      notes.insert(notes.end(), of_lists.notes.begin(), of_lists.notes.end());
    });
  return frame;
}

// The sources as they were known by then.
Sources known_by(const Sources& all, TimeNs time) {
  Sources out{all.experiment, all.base, {}, all.delisting, all.universe, time};
  if (out.delisting) out.delisting = data::known_by(*out.delisting, time);
  if (out.universe) out.universe = data::known_by(*out.universe, time);
  const auto known = all.base.known_at();
  std::vector<std::int64_t> rows(static_cast<std::size_t>(std::upper_bound(known.begin(), known.end(), time) - known.begin()));
  std::iota(rows.begin(), rows.end(), 0);
  out.base = all.base.taken(rows);
  for (const data::JoinTable& join : all.joins) out.joins.push_back(data::known_by(join, time));
  return out;
}

// Columns that say when their rows were published, of the source's own table and of the joined ones.
std::vector<DatedRows> dated_rows(const Sources& from) {
  std::vector<DatedRows> out;
  const config::DataSpec& spec = from.experiment.data;
  if (from.base.has_time())
    for (data::PublicationDates& dates : data::publication_dates(from.base.columns(), from.base.known_at())) {
      const std::int64_t row = dates.late == 0 ? -1 : from.base.source_row()[static_cast<std::size_t>(dates.first_row)];
      out.push_back({"available", std::move(dates), row, spec.path_as_written});
    }
  for (std::size_t i = 0; i < from.joins.size(); ++i) {
    const data::JoinTable& table = from.joins[i];
    for (data::PublicationDates& dates : data::publication_dates(table.columns, table.known)) {
      const std::int64_t row = dates.late == 0 ? -1 : table.source_row[static_cast<std::size_t>(dates.first_row)];
      out.push_back({"joins." + spec.tables.joins[i].name + ".available", std::move(dates), row, spec.tables.joins[i].path_as_written});
    }
  }
  return out;
}

void warn_of(const DatedRows& rows, const config::Experiment& experiment, Diagnostics& diagnostics) {
  if (rows.dates.late == 0) return;
  diagnostics.warning(
      place_below_data(experiment, rows.key),
      fmt::format("{} of {} rows of {} count as known before the time in their column '{}': row {} is known {} and says {}",
                  rows.dates.late, rows.dates.rows, rows.file, rows.dates.column, rows.first_row + 1, to_iso(rows.dates.known),
                  to_iso(rows.dates.published)),
      rows.key == "available"
          ? "state a lag that is long enough in data.available"
          : fmt::format("write available: {{column: {}}}, or drop the column if it means something else", rows.dates.column),
      "data." + rows.key);
}

}  // namespace

bool put_together(const config::Experiment& experiment, LoadedData& loaded, const LoadOptions& options, Diagnostics& diagnostics) {
  const config::TablesSpec& tables = experiment.data.tables;
  Sources sources{experiment, loaded.frame, {}, {}, {}, {}};
  Sha256 hash;
  hash.add_part("table", loaded.hash);
  bool sound = true;
  for (const config::JoinSpec& join : tables.joins) {
    auto other = load_join(experiment, join, options, diagnostics);
    sound &= other.has_value();
    if (!other) continue;
    hash.add_part(join.name, other->hash);
    loaded.notes.insert(loaded.notes.end(), other->notes.begin(), other->notes.end());
    sources.joins.push_back(std::move(other->table));
  }
  const std::pair<const std::optional<config::JoinSpec>*, std::optional<data::JoinTable>*> lists[] = {
      {&tables.delisting, &sources.delisting}, {&tables.universe, &sources.universe}};
  for (const auto& [spec, into] : lists) {
    if (!*spec) continue;
    auto other = load_join(experiment, **spec, options, diagnostics);
    sound &= other.has_value();
    if (!other) continue;
    hash.add_part((*spec)->key, other->hash);
    *into = std::move(other->table);
  }
  if (!sound) return false;
  loaded.dated_rows = dated_rows(sources);
  for (const DatedRows& rows : loaded.dated_rows) warn_of(rows, experiment, diagnostics);
  if (!tables.any() && experiment.data.factor_column.empty()) return true;
  try {
    loaded.frame = table_of(sources, loaded.notes);
  } catch (const Refused& refused) {
    diagnostics.data_error(place_below_data(experiment, refused.key), refused.message, refused.mend, "data." + refused.key);
    return false;
  }
  if (!tables.joins.empty() || tables.delisting || tables.universe) loaded.hash = hash.finish_hex();
  loaded.known_by = [all = std::make_shared<const Sources>(std::move(sources))](TimeNs time) {
    std::vector<std::string> notes;
    try {
      return table_of(run::known_by(*all, time), notes);
    } catch (const Refused& refused) {
      throw Error(Fault::data, "data." + refused.key, refused.message, refused.mend);
    }
  };
  return true;
}

}  // namespace assay::run
