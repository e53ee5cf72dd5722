// Missing cells: how many and in which stretches, columns missing together, missing that depends on the target.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "base/text.hpp"
#include "quality/calendar.hpp"
#include "quality/table.hpp"

namespace assay::quality {

namespace {

using Bits = std::vector<std::uint64_t>;

// Columns that lack exactly the same cells.
struct Group {
  std::vector<const data::Column*> columns;
  Bits missing;
  std::int64_t count = 0;
};

Bits missing_bits(const data::Column& column) {
  Bits bits((column.size() + 63) / 64, 0);
  for (std::size_t i = 0; i < column.size(); ++i)
    if (column.is_missing(i)) bits[i / 64] |= std::uint64_t{1} << (i % 64);
  return bits;
}

std::vector<Group> group_columns(const Table& table) {
  std::vector<Group> groups;
  std::map<Bits, std::size_t> at;
  for (const data::Column* column : table.values()) {
    const auto count = static_cast<std::int64_t>(column->missing_count());
    if (count == 0) continue;
    Bits bits = missing_bits(*column);
    const auto [found, fresh] = at.emplace(bits, groups.size());
    if (fresh) groups.push_back({{}, std::move(bits), count});
    groups[found->second].columns.push_back(column);
  }
  return groups;
}

std::vector<std::string> names_of(const std::vector<const data::Column*>& columns) {
  std::vector<std::string> names;
  for (const data::Column* column : columns) names.push_back(column->name());
  return names;
}

bool is_set(const Bits& bits, std::int64_t row) { return (bits[static_cast<std::size_t>(row) / 64] >> (row % 64) & 1) != 0; }

// Where in time the cells are missing.
struct Stretches {
  std::int64_t leading = 0, trailing = 0, inner = 0, longest = 0;
  Example first_value, longest_at;
};

Stretches find_stretches(const Table& table, const Group& group) {
  Stretches out;
  for (const Table::Series& series : table.series()) {
    std::size_t begin = 0, end = series.rows.size();
    while (begin < end && is_set(group.missing, series.rows[begin])) ++begin;
    while (end > begin && is_set(group.missing, series.rows[end - 1])) --end;
    out.leading += static_cast<std::int64_t>(begin);
    out.trailing += static_cast<std::int64_t>(series.rows.size() - end);
    if (begin > 0 && begin < end && out.first_value.time == kMissingTime) out.first_value = table.example(series.rows[begin], "");
    std::int64_t run = 0;
    for (std::size_t i = begin; i < end; ++i) {
      run = is_set(group.missing, series.rows[i]) ? run + 1 : 0;
      out.inner += run > 0 ? 1 : 0;
      if (run <= out.longest) continue;
      out.longest = run;
      out.longest_at = table.example(series.rows[i + 1 - static_cast<std::size_t>(run)], "");
    }
  }
  return out;
}

void stretch_words(const Table& table, const Group& group, const Calendar& calendar, Finding& finding) {
  if (table.time() == nullptr) return;
  const Stretches s = find_stretches(table, group);
  if (s.leading > 0 && s.first_value.time != kMissingTime)
    finding.what += fmt::format("; {} before the first value ({}{})", grouped(s.leading), to_iso(s.first_value.time),
                                table.series().size() > 1 ? ", " + s.first_value.entity : "");
  if (s.trailing > 0) finding.what += fmt::format("; {} behind the last value", grouped(s.trailing));
  if (s.longest > 1)
    finding.what +=
        fmt::format("; {} between, the longest stretch {} from {}", grouped(s.inner), counted(s.longest, "row"), to_iso(s.longest_at.time));
  finding.amount = static_cast<double>(s.longest);
  if (calendar.kind != Calendar::Kind::none && s.longest > std::max<std::int64_t>(5, calendar.slots_per_week)) {
    finding.severity = Severity::warning;
    finding.meaning = "the series was not published for a while; a forward fill would carry one value across all of it";
    finding.mend = "prepare: {use: missing, method: forward_fill, limit: N}, or drop the column or the years (data.drop)";
  }
}

void tell_groups(Findings& to, const std::vector<Group>& groups, const Calendar& calendar) {
  for (const Group& group : groups) {
    const bool all = group.count == to.table.rows();
    const bool target = std::find(group.columns.begin(), group.columns.end(), to.table.target()) != group.columns.end();
    Sightings seen(to.table);
    for (std::int64_t row = 0; row < to.table.rows(); ++row)
      if (is_set(group.missing, row)) seen.add(row);
    Finding words{.severity = all ? (target ? Severity::error : Severity::warning) : Severity::note,
                  .test = all ? "empty_column" : "missing",
                  .columns = names_of(group.columns),
                  .of = "rows"};
    words.what = all ? "no value at all"
                     : fmt::format("{} of {} missing ({}{})", grouped(group.count), counted(to.table.rows(), "row"), percent(seen.share()),
                                   group.columns.size() > 1 ? ", always together" : "");
    words.meaning = all ? "a token that means something here was taken for a missing cell, or the column was never filled"
                        : "days off, values not yet published, or answers not given";
    words.mend = all ? "data.missing, or data.drop" : "prepare: {use: missing, ...}, fitted on train rows";
    if (all)
      words.entities.clear();
    else
      stretch_words(to.table, group, calendar, words);
    to.add(all ? words : seen.finding(std::move(words)));
    if (all) to.report.findings.back().count = group.count;
  }
}

void empty_rows(Findings& to, const std::vector<Group>& groups) {
  std::size_t columns = 0;
  for (const Group& group : groups) columns += group.columns.size();
  if (groups.empty() || columns < to.table.values().size() || columns < 2) return;  // some column has no missing cell
  Bits all = groups.front().missing;
  for (const Group& group : groups)
    for (std::size_t w = 0; w < all.size(); ++w) all[w] &= group.missing[w];
  Sightings seen(to.table);
  for (std::int64_t row = 0; row < to.table.rows(); ++row)
    if (is_set(all, row)) seen.add(row);
  if (!seen.any()) return;
  to.add(seen.finding({.test = "empty_rows",
                       .of = "rows",
                       .amount = seen.share(),
                       .what = fmt::format("{} without any value ({})", counted(seen.count(), "row"), percent(seen.share())),
                       .meaning = "holidays that the calendar lists",
                       .mend = "none needed: a row without a label is not learned from"}));
}

// Correlation of two columns' being missing (phi).
double phi(const Group& a, const Group& b, std::int64_t rows) {
  std::int64_t both = 0;
  for (std::size_t w = 0; w < a.missing.size(); ++w) both += std::popcount(a.missing[w] & b.missing[w]);
  const double n = static_cast<double>(rows), x = static_cast<double>(a.count) / n, y = static_cast<double>(b.count) / n;
  const double spread = std::sqrt(x * (1 - x) * y * (1 - y));
  return spread > 0 ? (static_cast<double>(both) / n - x * y) / spread : 0;
}

void missing_together(Findings& to, const std::vector<Group>& groups) {
  constexpr std::size_t kMost = 500;  // groups are compared in pairs
  std::vector<std::uint8_t> told(groups.size(), 0);
  for (std::size_t i = 0; i < std::min(groups.size(), kMost); ++i) {
    if (told[i] != 0 || groups[i].count < 20) continue;
    std::vector<const data::Column*> columns = groups[i].columns;
    double least = 1;
    for (std::size_t j = i + 1; j < std::min(groups.size(), kMost); ++j) {
      const double together = told[j] == 0 ? phi(groups[i], groups[j], to.table.rows()) : 0;
      if (together < 0.8) continue;
      told[j] = 1;
      least = std::min(least, together);
      columns.insert(columns.end(), groups[j].columns.begin(), groups[j].columns.end());
    }
    if (columns.size() == groups[i].columns.size()) continue;
    Finding finding{
        .test = "missing_together", .columns = names_of(columns), .count = static_cast<std::int64_t>(columns.size()), .of = "columns"};
    finding.amount = least;
    finding.what = fmt::format("{} are nearly always missing in the same rows (correlation of missing from {:.2f})",
                               counted(finding.count, "column"), least);
    finding.meaning = "one source or one question behind all of them";
    finding.mend = "fill them in the same way, or add one indicator for all";
    to.add(std::move(finding));
  }
}

// Is the target another one where the column is missing? Means by Welch's z, so that large tables do not shout over nothing: the
// difference must also be a tenth of the target's spread.
void missing_and_target(Findings& to, const std::vector<Group>& groups) {
  const data::Column* target = to.table.target();
  if (target == nullptr) return;
  const std::vector<double> y = target->to_reals();
  if (target->type() == data::ColumnType::category && target->levels().size() > 2) return;
  for (const Group& group : groups) {
    double sum[2] = {}, squares[2] = {}, n[2] = {};
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (std::isnan(y[i]) || target->is_missing(i)) continue;
      const int side = is_set(group.missing, static_cast<std::int64_t>(i)) ? 1 : 0;
      sum[side] += y[i], squares[side] += y[i] * y[i], n[side] += 1;
    }
    if (n[0] < 30 || n[1] < 30) continue;
    const double mean0 = sum[0] / n[0], mean1 = sum[1] / n[1];
    const double var0 = squares[0] / n[0] - mean0 * mean0, var1 = squares[1] / n[1] - mean1 * mean1;
    const double z = std::abs(mean1 - mean0) / std::sqrt(std::max(1e-300, var0 / n[0] + var1 / n[1]));
    const double effect = std::abs(mean1 - mean0) / std::sqrt(std::max(1e-300, (var0 * n[0] + var1 * n[1]) / (n[0] + n[1])));
    if (z < 5 || effect < 0.1) continue;
    Finding finding{.severity = Severity::warning,
                    .test = "missing_and_target",
                    .columns = names_of(group.columns),
                    .count = group.count,
                    .of = "rows"};
    finding.amount = effect;
    finding.what = fmt::format("where it is missing the target's mean is {:.4g}, elsewhere {:.4g} (z = {:.1f})", mean1, mean0, z);
    finding.meaning = "missing for a reason that knows the outcome; if the cell is filled or emptied after the outcome, it leaks";
    finding.mend = "find out when the cell is filled; prepare: {use: missing, indicator: true} where it is known in time";
    to.add(std::move(finding));
  }
}

}  // namespace

void check_missing(Findings& to, const Calendar& calendar) {
  const std::vector<Group> groups = group_columns(to.table);
  tell_groups(to, groups, calendar);
  empty_rows(to, groups);
  missing_together(to, groups);
  missing_and_target(to, groups);
}

}  // namespace assay::quality
