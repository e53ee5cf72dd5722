#include "data/as_of_join.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/column_tools.hpp"

namespace assay::data {
namespace {

[[noreturn]] void refuse(std::string happened, std::string mend) { throw Error(Fault::data, "", std::move(happened), std::move(mend)); }

const Column& column_named(const std::vector<Column>& columns, const std::string& name) {
  std::vector<std::string> names;
  for (const Column& column : columns) {
    if (column.name() == name) return column;
    names.push_back(column.name());
  }
  const auto near = text::nearest(name, names);
  refuse(fmt::format("there is no column '{}'", name),
         near ? fmt::format("did you mean '{}'?", *near) : "the columns are: " + text::join(names, ", "));
}

const Column& full_column(const std::vector<Column>& columns, const std::string& name, const char* role) {
  const Column& column = column_named(columns, name);
  for (std::size_t row = 0; row < column.size(); ++row)
    if (column.is_missing(row))
      refuse(fmt::format("the {} column '{}' is missing in {} of {} rows, first in row {}", role, name, column.missing_count(),
                         column.size(), row + 1),
             "every row needs one: mend or remove those rows");
  return column;
}

TimeNs period_end(TimeNs stamp, const KnownRules& rules) {
  return rules.stamp == Stamp::start && rules.bar ? add(stamp, *rules.bar) : stamp;
}

void refuse_twins(const JoinTable& table, std::span<const std::int64_t> source) {
  for (std::size_t i = 1; i < table.known.size(); ++i) {
    if (table.known[i] != table.known[i - 1] || table.period[i] != table.period[i - 1]) continue;
    if (table.entity.size() != 0 && table.entity.codes()[i] != table.entity.codes()[i - 1]) continue;
    refuse(fmt::format("rows {} and {} have the same {} ({}{})", source[i - 1] + 1, source[i] + 1,
                       table.entity.size() != 0 ? "time and entity" : "time", to_iso(table.period[i]),
                       table.entity.size() != 0 ? ", " + table.entity.text(i) : ""),
           table.entity.size() != 0 ? "keep one row for each time and entity"
                                    : "keep one row for each time, or name the column of entities: entity: ...");
  }
}

// The frame's entities as codes of the table; -1 where it knows nothing of one.
std::vector<std::int32_t> codes_in(const Column& entity, const std::vector<std::string>& names, std::vector<std::string>& without) {
  std::unordered_map<std::string, std::int32_t> code_of;
  for (std::size_t i = 0; i < entity.levels().size(); ++i) code_of.emplace(entity.levels()[i], static_cast<std::int32_t>(i));
  std::vector<std::int32_t> out;
  for (const std::string& name : names) {
    const auto found = code_of.find(name);
    out.push_back(found == code_of.end() ? -1 : found->second);
    if (found == code_of.end()) without.push_back(name);
  }
  return out;
}

// Walks the rows of one entity of the table (or all of them) as time goes on.
class Newest {
 public:
  explicit Newest(const JoinTable& table) : table_(&table) {}
  void add_row(std::int64_t row) { rows_.push_back(row); }
  // Its newest row by then; kNoRow where there is none yet. is_new: it was not the answer to the question before.
  std::int64_t at(TimeNs time, bool& is_new) {
    is_new = false;
    while (next_ < rows_.size() && table_->known[static_cast<std::size_t>(rows_[next_])] <= time) {
      const std::int64_t row = rows_[next_++];
      if (best_ != kNoRow && table_->period[static_cast<std::size_t>(row)] < table_->period[static_cast<std::size_t>(best_)]) continue;
      best_ = row;
      is_new = true;
    }
    return best_;
  }

 private:
  const JoinTable* table_;
  std::vector<std::int64_t> rows_;
  std::size_t next_ = 0;
  std::int64_t best_ = kNoRow;
};

}  // namespace

JoinTable join_table(const std::vector<Column>& columns, const KnownRules& rules) {
  if (rules.stamp == Stamp::start && !rules.bar && rules.known_column.empty())
    refuse("periods are stamped at their start, but their length is not given", "add `bar:` to `time`, for example `bar: 1mo`");
  const Column& stamp = full_column(columns, rules.time_column, "time");
  const Column* const known = rules.known_column.empty() ? nullptr : &column_named(columns, rules.known_column);
  for (const Column* time : {&stamp, known == nullptr ? &stamp : known})
    if (time->type() != ColumnType::timestamp)
      refuse(fmt::format("the column '{}' holds {} values, not times", time->name(), to_text(time->type())),
             "give the `format` of its times");
  JoinTable table;
  std::vector<TimeNs> when(stamp.size());
  std::vector<std::int64_t> order;
  for (std::size_t row = 0; row < stamp.size(); ++row) {
    const TimeNs end = period_end(stamp.times()[row], rules);
    if (known != nullptr && known->is_missing(row)) {
      ++table.never_known;
      continue;
    }
    when[row] = add(known == nullptr ? end : known->times()[row], rules.available);
    table.early += when[row] < end ? 1 : 0;
    order.push_back(static_cast<std::int64_t>(row));
  }
  const auto stamps = stamp.times();
  Column entity = Column::of_codes("", {}, {});
  if (!rules.entity_column.empty()) entity = full_column(columns, rules.entity_column, "entity").as_category();
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    if (when[i] != when[j]) return when[i] < when[j];
    if (stamps[i] != stamps[j]) return stamps[i] < stamps[j];
    return entity.size() != 0 && entity.codes()[i] < entity.codes()[j];
  });
  for (const std::int64_t row : order) {
    table.period.push_back(stamps[static_cast<std::size_t>(row)]);
    table.known.push_back(when[static_cast<std::size_t>(row)]);
  }
  if (entity.size() != 0) table.entity = entity.taken(order);
  for (const Column& column : columns)
    if (column.name() != rules.time_column && column.name() != rules.known_column && column.name() != rules.entity_column)
      table.columns.push_back(column.taken(order));
  refuse_twins(table, order);
  table.source_row = std::move(order);
  return table;
}

JoinTable known_by(const JoinTable& table, TimeNs time) {
  const auto count = static_cast<std::size_t>(std::upper_bound(table.known.begin(), table.known.end(), time) - table.known.begin());
  std::vector<std::int64_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  JoinTable out = table;
  out.period.resize(count);
  out.known.resize(count);
  out.source_row.resize(count);
  if (table.entity.size() != 0) out.entity = table.entity.taken(rows);
  for (Column& column : out.columns) column = column.taken(rows);
  return out;
}

Joined joined_as_of(const Frame& frame, const JoinTable& table, const JoinRules& rules) {
  ASSAY_CHECK(frame.has_time(), "an as-of join needs time");
  Joined out;
  const bool by_entity = table.entity.size() != 0;
  ASSAY_CHECK(!by_entity || frame.is_panel(), "a join by entity needs entities");
  std::vector<Newest> newest(by_entity ? table.entity.levels().size() : 1, Newest(table));
  for (std::size_t row = 0; row < table.known.size(); ++row)
    newest[by_entity ? static_cast<std::size_t>(table.entity.codes()[row]) : 0].add_row(static_cast<std::int64_t>(row));
  const auto codes = by_entity ? codes_in(table.entity, frame.entity_names(), out.without) : std::vector<std::int32_t>{};
  // For all entities, the rows of one time are one question: each of them may see what is new then.
  std::vector<std::int64_t> from(frame.rows(), kNoRow);
  bool is_new = false;
  for (std::size_t row = 0; row < frame.rows(); ++row) {
    const TimeNs now = frame.known_at()[row];
    const std::int32_t code = by_entity ? codes[static_cast<std::size_t>(frame.entity()[row])] : 0;
    if (code < 0) continue;
    bool changed = false;
    const std::int64_t found = newest[static_cast<std::size_t>(code)].at(now, changed);
    const bool same_time = !by_entity && row > 0 && frame.known_at()[row - 1] == now;
    is_new = changed || (same_time && is_new);
    if (found == kNoRow || (rules.only_new && !is_new)) continue;
    if (rules.max_age && add(table.known[static_cast<std::size_t>(found)], *rules.max_age) < now) {
      ++out.too_old;
      continue;
    }
    from[row] = found;
    ++out.matched;
  }
  for (const Column& column : table.columns) out.columns.push_back(taken_or_missing(column, from).renamed(rules.prefix + column.name()));
  return out;
}

}  // namespace assay::data
