// Rows: order, doubled times, missing keys, identical rows, holes in the calendar.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "quality/calendar.hpp"
#include "quality/table.hpp"

namespace assay::quality {

namespace {

constexpr TimeNs kTenYears = 3'652 * kNsPerDay;

void missing_keys(Findings& to) {
  for (const auto& [column, role] : {std::pair{to.table.time(), "time"}, std::pair{to.table.entity(), "entity"}}) {
    if (column == nullptr || column->missing_count() == 0) continue;
    Sightings seen(to.table);
    for (std::int64_t row = 0; row < to.table.rows(); ++row)
      if (column->is_missing(static_cast<std::size_t>(row))) seen.add(row);
    to.add(
        seen.finding({.severity = Severity::error,
                      .test = "missing_key",
                      .columns = {column->name()},
                      .of = "rows",
                      .what = fmt::format("{} without {} {}", counted(seen.count(), "row"), role == std::string("time") ? "a" : "an", role),
                      .meaning = "a total below the table, a broken export",
                      .mend = "remove or complete these rows; a trailer: data.skip_trailer"}));
  }
}

bool same_but_key(const Table& table, std::int64_t a, std::int64_t b) {
  const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
  for (const data::Column* column : table.values()) {
    const bool ma = column->is_missing(i), mb = column->is_missing(j);
    if (ma != mb) return false;
    if (ma) continue;
    if (column->type() == data::ColumnType::timestamp ? column->times()[i] != column->times()[j] : column->number(i) != column->number(j))
      return false;
  }
  return true;
}

void doubled_times(Findings& to) {
  const Table& table = to.table;
  if (table.doubled().empty()) return;
  Sightings seen(table);
  std::int64_t identical = 0;
  for (const std::int64_t row : table.doubled()) {
    // Its first row: in the order, the last one with a time not behind its own.
    for (const Table::Series& series : table.series()) {
      if (table.entity() != nullptr && table.entity_of(series.rows[0]) != table.entity_of(row)) continue;
      const auto first = std::lower_bound(series.rows.begin(), series.rows.end(), table.time_of(row),
                                          [&](std::int64_t r, TimeNs time) { return table.time_of(r) < time; });
      const bool same = same_but_key(table, *first, row);
      identical += same ? 1 : 0;
      seen.add(row, [&] { return fmt::format("as row {}{}", *first + 1, same ? ", all cells the same" : ", other values"); });
      break;
    }
  }
  const std::string key = table.entity() == nullptr ? "time" : "time and entity";
  to.add(seen.finding({.severity = Severity::error,
                       .test = "duplicates",
                       .columns = {table.time()->name()},
                       .of = "rows",
                       .amount = static_cast<double>(identical),
                       .what = fmt::format("{} whose {} stood before; {} of them the same in all other cells", counted(seen.count(), "row"),
                                           key, grouped(identical)),
                       .meaning = "files joined twice, an autumn hour in local time, or a panel whose entity is not named",
                       .mend = table.entity() == nullptr ? "keep one row for each time; data.entity where it is a panel; data.time.zone"
                                                         : "keep one row for each time and entity"}));
}

void order_of_rows(Findings& to) {
  const Table& table = to.table;
  std::int64_t steps = 0, back = 0;
  Sightings seen(table);
  // The file's order within each entity: the rows of a series sorted by number.
  for (const Table::Series& series : table.series()) {
    if (std::is_sorted(series.rows.begin(), series.rows.end())) {
      steps += static_cast<std::int64_t>(series.rows.size()) - 1;
      continue;
    }
    std::vector<std::int64_t> rows(series.rows.begin(), series.rows.end());
    std::sort(rows.begin(), rows.end());
    for (std::size_t i = 1; i < rows.size(); ++i, ++steps) {
      if (table.time_of(rows[i]) > table.time_of(rows[i - 1])) continue;
      ++back;
      seen.add(rows[i], [&] { return fmt::format("behind {}", to_iso(table.time_of(rows[i - 1]))); });
    }
  }
  if (back == 0) return;
  if (back == steps) {
    Finding finding{.test = "unsorted", .columns = {table.time()->name()}, .count = back, .of = "rows"};
    finding.what = "the newest row comes first";
    finding.meaning = "nothing wrong: rows are sorted when they are read";
    to.add(std::move(finding));
    return;
  }
  const bool few = back * 100 <= steps;
  to.add(seen.finding(
      {.severity = few ? Severity::warning : Severity::note,
       .test = "unsorted",
       .columns = {table.time()->name()},
       .of = "rows",
       .amount = static_cast<double>(back) / static_cast<double>(steps),
       .what = fmt::format("{} before the row above", counted(back, "row")),
       .meaning = few ? "a wrong date, day and month exchanged, or pieces joined in the wrong order" : "the file keeps no order",
       .mend = few ? "look at these dates; data.time.format" : "none needed: rows are sorted when they are read"}));
}

void strange_times(Findings& to, TimeNs now) {
  const Table& table = to.table;
  const auto& times = table.distinct_times();
  if (times.size() < 3) return;
  Sightings seen(table);
  TimeNs low = times.front(), high = times.back();
  // A first or last time far from all others: a placeholder (1900-01-01, 2099-12-31).
  if (times[1] - times[0] > kTenYears && times.back() - times[1] < times[1] - times[0]) low = times[1];
  if (times.back() - times[times.size() - 2] > kTenYears) high = times[times.size() - 2];
  if (now != kMissingTime && high > now + 2 * kNsPerDay) high = now + 2 * kNsPerDay;
  for (const std::int64_t row : table.order())
    if (table.time_of(row) < low || table.time_of(row) > high) seen.add(row);
  if (!seen.any()) return;
  to.add(seen.finding({.severity = Severity::warning,
                       .test = "doubtful_time",
                       .columns = {table.time()->name()},
                       .of = "rows",
                       .what = fmt::format("{} in the future, or more than ten years away from all others", counted(seen.count(), "row")),
                       .meaning = "a placeholder for an unknown date, a century guessed wrongly, or the wrong unit of an epoch",
                       .mend = "remove these rows; data.time.format"}));
}

void holes(Findings& to, const Calendar& calendar) {
  const Table& table = to.table;
  const auto& times = table.distinct_times();
  Sightings grave(table), told(table);
  std::int64_t shorter = 0, lacking = 0;
  // The row behind each hole; the first of a time in the file.
  std::vector<std::pair<std::size_t, std::int64_t>> found;
  for (std::size_t i = 1; i < times.size(); ++i) {
    const std::int64_t missed = calendar.missed(times[i - 1], times[i]);
    if (missed == 0) continue;
    if (missed >= calendar.told())
      found.emplace_back(i, missed);
    else
      ++shorter, lacking += missed;
  }
  if (!found.empty()) {
    std::vector<std::int64_t> row_at(times.size(), table.rows());
    for (const std::int64_t row : table.order()) {
      const auto at = static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), table.time_of(row)) - times.begin());
      row_at[at] = std::min(row_at[at], row);
    }
    for (const auto& [i, missed] : found)
      (missed >= calendar.grave() ? grave : told).add_worst(row_at[i], static_cast<double>(missed), [&, before = times[i - 1], n = missed] {
        return fmt::format("nothing since {}: {} missing", to_iso(before),
                           counted(n, calendar.kind == Calendar::Kind::even   ? "row"
                                      : calendar.slot == kNsPerDay            ? "day"
                                      : calendar.slot == 3'600 * kNsPerSecond ? "hour"
                                                                              : "slot"));
      });
  }
  const std::string unit = calendar.kind == Calendar::Kind::even ? "steps" : calendar.slot == kNsPerDay ? "days" : "slots";
  for (const auto& [seen, severity] : {std::pair{&grave, Severity::warning}, std::pair{&told, Severity::note}}) {
    if (!seen->any()) continue;
    to.add(seen->finding({.severity = severity,
                          .test = "gaps",
                          .columns = {table.time()->name()},
                          .of = "holes",
                          .amount = seen->worst(),
                          .what = fmt::format("{} in the file's own calendar, the longest of {} {}", counted(seen->count(), "hole"),
                                              grouped(static_cast<std::int64_t>(seen->worst())), unit),
                          .meaning = severity == Severity::note ? "holidays in a row, or a market that was closed"
                                                                : "a download that failed, or a market that was closed",
                          .mend = "fetch what is missing; with data.time.bar no window of past rows reaches across a hole"}));
  }
  if (shorter > 0)
    to.report.facts.push_back(fmt::format("calendar: {} shorter holes, {} {} in all (holidays, quiet hours): not listed", grouped(shorter),
                                          grouped(lacking), unit));
}

bool all_different(std::span<const std::int64_t> integers) {
  const auto [low, high] = std::minmax_element(integers.begin(), integers.end());
  if (static_cast<double>(*high) - static_cast<double>(*low) < static_cast<double>(integers.size()) - 1)
    return false;  // too few numbers for all
  std::vector<std::int64_t> values(integers.begin(), integers.end());
  std::sort(values.begin(), values.end());
  return std::adjacent_find(values.begin(), values.end()) == values.end();
}

// What a row holds but for columns that number the rows.
std::vector<const data::Column*> compared(const Table& table) {
  std::vector<const data::Column*> out;
  for (const data::Column* column : table.values()) {
    if (column->type() == data::ColumnType::integer && all_different(column->integers())) continue;
    if (column->type() == data::ColumnType::category && static_cast<std::int64_t>(column->levels().size()) == table.rows()) continue;
    out.push_back(column);
  }
  return out;
}

// The chance that two rows agree by accident if columns knew nothing of each other.
double chance_of_agreement(const std::vector<const data::Column*>& columns) {
  double chance = 1;
  for (const data::Column* column : columns) {
    std::vector<double> values = column->to_reals();
    for (double& v : values)
      if (std::isnan(v)) v = -1e300;
    std::sort(values.begin(), values.end());
    double same = 0;
    const auto n = static_cast<double>(values.size());
    for (auto at = values.begin(); at != values.end();) {
      const auto next = std::upper_bound(at, values.end(), *at);
      const auto alike = static_cast<double>(next - at);
      same += alike / n * (alike - 1) / (n - 1);
      at = next;
    }
    chance *= same;
  }
  return chance;
}

void identical_rows(Findings& to) {
  const Table& table = to.table;
  if (table.time() != nullptr || table.rows() < 2) return;  // with time: the tests of series
  const auto columns = compared(table);
  if (columns.size() < 2) return;
  const auto rows = static_cast<std::size_t>(table.rows());
  std::vector<std::uint64_t> hash(rows, 0x9E3779B97F4A7C15ull);
  for (const data::Column* column : columns)
    for (std::size_t i = 0; i < rows; ++i) {
      const std::uint64_t bits = column->is_missing(i) ? 1
                                                       : std::bit_cast<std::uint64_t>(column->type() == data::ColumnType::timestamp
                                                                                          ? static_cast<double>(column->times()[i])
                                                                                          : column->number(i));
      hash[i] = (hash[i] ^ bits) * 0xBF58476D1CE4E5B9ull;
      hash[i] ^= hash[i] >> 29;
    }
  std::vector<std::pair<std::uint64_t, std::int64_t>> sorted;
  sorted.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) sorted.emplace_back(hash[i], static_cast<std::int64_t>(i));
  std::sort(sorted.begin(), sorted.end());
  Sightings seen(table);
  for (std::size_t i = 1, first = 0; i < rows; ++i) {
    if (sorted[i].first != sorted[i - 1].first)
      first = i;
    else
      seen.add(sorted[i].second, [&] { return fmt::format("as row {}", sorted[first].second + 1); });
  }
  if (!seen.any()) return;
  const auto n = static_cast<double>(rows);
  const double by_chance = n * (n - 1) / 2 * chance_of_agreement(columns);
  if (static_cast<double>(seen.count()) < 10 * by_chance) return;
  const bool aside = columns.size() < table.values().size();
  to.add(
      seen.finding({.severity = seen.share() > 0.01 ? Severity::warning : Severity::note,
                    .test = "identical_rows",
                    .of = "rows",
                    .amount = seen.share(),
                    .what = fmt::format("{} repeat another row{} ({} of all; {:.2g} would by chance)", counted(seen.count(), "row"),
                                        aside ? " in everything but the columns that number rows" : "", percent(seen.share()), by_chance),
                    .meaning = "files joined twice; the same customer in train and test rows",
                    .mend = "remove them, or keep them together with split.group"}));
}

}  // namespace

Calendar check_rows(Findings& to, TimeNs now) {
  missing_keys(to);
  identical_rows(to);
  Calendar calendar;
  if (to.table.time() == nullptr) {
    to.report.not_covered.push_back("order, gaps, stale runs, jumps, bad ticks: there is no time column");
    return calendar;
  }
  doubled_times(to);
  order_of_rows(to);
  strange_times(to, now);
  calendar = find_calendar(to.table.distinct_times());
  if (calendar.kind == Calendar::Kind::none) {
    to.report.not_covered.push_back("gaps: the times keep no calendar (or are fewer than 20)");
    return calendar;
  }
  to.report.facts.push_back("calendar: " + calendar.words);
  holes(to, calendar);
  return calendar;
}

}  // namespace assay::quality
