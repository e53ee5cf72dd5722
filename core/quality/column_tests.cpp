// Columns: constant, the same as another one, placeholders among numbers, text among numbers, two spellings of one name.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "base/text.hpp"
#include "quality/table.hpp"
#include "stats/correlation.hpp"

namespace assay::quality {

namespace {

constexpr double kNearly = 0.9995;           // correlation from which a column says nothing of its own
constexpr std::size_t kFewest = 50;          // rows that make a correlation
constexpr std::size_t kSample = 2'000;       // rows on which pairs are compared first
constexpr std::size_t kMostColumns = 1'000;  // of which pairs are made

void constant_column(Findings& to, const data::Column& column) {
  const std::vector<double> values = column.to_reals();
  // The value that may be in the majority (Boyer and Moore's vote), then its count.
  double candidate = 0;
  std::int64_t votes = 0, present = 0, same = 0;
  for (const double v : values) {
    if (std::isnan(v)) continue;
    ++present;
    if (votes == 0) candidate = v;
    votes += v == candidate ? 1 : -1;
  }
  for (const double v : values) same += v == candidate ? 1 : 0;
  if (present < 2 || (same < present && (present < 1'000 || same * 1'000 < present * 999))) return;
  const bool always = same == present;
  Sightings others(to.table);
  for (std::size_t i = 0; i < values.size() && !always; ++i)
    if (!std::isnan(values[i]) && values[i] != candidate) others.add(static_cast<std::int64_t>(i), [&] { return column.text(i); });
  const auto first = std::find(values.begin(), values.end(), candidate) - values.begin();
  const std::string value = column.text(static_cast<std::size_t>(first));
  Finding finding = others.finding(
      {.severity = always ? Severity::warning : Severity::note, .test = "constant", .columns = {column.name()}, .of = "rows"});
  finding.count = same;
  finding.amount = static_cast<double>(same) / static_cast<double>(present);
  finding.what = always ? fmt::format("always {}", value) : fmt::format("{} in {} of {}", value, grouped(same), counted(present, "row"));
  finding.meaning = "a column that was never filled, or a filter that left one kind";
  finding.mend = "data.drop";
  to.add(std::move(finding));
}

// Numbers by row, or changes along time where there is time: levels of different things move together for years.
std::vector<double> compared_values(const Table& table, const data::Column& column, std::size_t most) {
  std::vector<double> out;
  if (table.time() == nullptr) {
    const auto stride = std::max<std::size_t>(1, column.size() / most);
    for (std::size_t i = 0; i < column.size(); i += stride) out.push_back(column.number(i));
    return out;
  }
  const auto stride = std::max<std::size_t>(1, table.order().size() / most);
  std::size_t at = 0;
  for (const Table::Series& series : table.series())
    for (std::size_t i = 1; i < series.rows.size(); ++i)
      if (at++ % stride == 0)
        out.push_back(column.number(static_cast<std::size_t>(series.rows[i])) -
                      column.number(static_cast<std::size_t>(series.rows[i - 1])));
  return out;
}

// Correlation over rows where both are there; 0 where there are too few or one does not move.
double correlation(const std::vector<double>& a, const std::vector<double>& b, std::size_t stride = 1, double if_too_few = 0) {
  std::vector<double> x, y;
  for (std::size_t i = 0; i < a.size(); i += stride)
    if (!std::isnan(a[i]) && !std::isnan(b[i])) x.push_back(a[i]), y.push_back(b[i]);
  if (x.size() < kFewest) return if_too_few;
  const double r = stats::pearson(x, y);
  return std::isnan(r) ? 0 : r;
}

// Most pairs of a wide table are told apart by every twentieth row of the sample.
bool may_be_alike(const std::vector<double>& a, const std::vector<double>& b) {
  return std::abs(correlation(a, b, 20, 1)) > 0.9 && std::abs(correlation(a, b)) >= kNearly;
}

bool same_values(const data::Column& a, const data::Column& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a.number(i), y = b.number(i);
    if (x != y && !(std::isnan(x) && std::isnan(y))) return false;
  }
  return true;
}

// Texts that go with each other one to one.
bool same_partition(const data::Column& a, const data::Column& b) {
  if (a.levels().size() != b.levels().size() || a.levels().size() < 2 || 2 * a.levels().size() > a.size()) return false;
  std::vector<std::int32_t> to(a.levels().size(), -2), from(b.levels().size(), -2);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::int32_t x = a.codes()[i], y = b.codes()[i];
    if ((x < 0) != (y < 0)) return false;
    if (x < 0) continue;
    auto &t = to[static_cast<std::size_t>(x)], &f = from[static_cast<std::size_t>(y)];
    if ((t != -2 && t != y) || (f != -2 && f != x)) return false;
    t = y, f = x;
  }
  return true;
}

void add_pair(Findings& to, const data::Column& a, const data::Column& b, double r) {
  const bool same = std::isnan(r);
  Finding finding{.severity = same ? Severity::warning : Severity::note,
                  .test = same ? "same_column" : "nearly_same_column",
                  .columns = {a.name(), b.name()},
                  .of = "columns"};
  finding.count = 2;
  finding.amount = same ? 1 : r;
  finding.what = same ? (a.type() == data::ColumnType::category ? "name the same things" : "hold the same values in every row")
                      : fmt::format("{} with a correlation of {:.5f}", to.table.time() == nullptr ? "vary" : "change", r);
  finding.meaning = "one column under two names: it counts twice, and coefficients of both mean nothing";
  finding.mend = "data.drop one of them";
  to.add(std::move(finding));
}

void same_columns(Findings& to) {
  const Table& table = to.table;
  std::vector<const data::Column*> numbers, texts;
  std::vector<std::vector<double>> sample;
  for (const data::Column* column : table.values()) {
    if (column->type() == data::ColumnType::category) texts.push_back(column);
    if (!column->is_numeric() || numbers.size() == kMostColumns) continue;
    std::vector<double> values = compared_values(table, *column, kSample);
    if (std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front() || std::isnan(v); })) continue;  // constant
    numbers.push_back(column);
    sample.push_back(std::move(values));
  }
  for (std::size_t i = 0; i < numbers.size(); ++i)
    for (std::size_t j = i + 1; j < numbers.size(); ++j) {
      if (!may_be_alike(sample[i], sample[j])) continue;
      if (same_values(*numbers[i], *numbers[j])) {
        add_pair(to, *numbers[i], *numbers[j], std::numeric_limits<double>::quiet_NaN());
        continue;
      }
      const double r = correlation(compared_values(table, *numbers[i], static_cast<std::size_t>(table.rows())),
                                   compared_values(table, *numbers[j], static_cast<std::size_t>(table.rows())));
      if (std::abs(r) >= kNearly) add_pair(to, *numbers[i], *numbers[j], r);
    }
  for (std::size_t i = 0; i < texts.size(); ++i)
    for (std::size_t j = i + 1; j < texts.size(); ++j)
      if (same_partition(*texts[i], *texts[j])) add_pair(to, *texts[i], *texts[j], std::numeric_limits<double>::quiet_NaN());
}

constexpr std::array<double, 15> kPlaceholders{-9,   -99,   -999,   -9999,   -99999,   -999999, -8888, 999,
                                               9999, 99999, 999999, 9999999, 99999999, 8888,    -1e30};

// A number that people write for "unknown", standing far from all others.
void placeholders(Findings& to, const data::Column& column) {
  if (column.type() != data::ColumnType::real && column.type() != data::ColumnType::integer) return;
  const std::vector<double> values = column.to_reals();
  const auto is_placeholder = [](double v) {
    if (std::abs(v) < 9 || v != std::floor(v)) return false;  // most values
    return std::find(kPlaceholders.begin(), kPlaceholders.end(), v) != kPlaceholders.end();
  };
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::map<double, std::int64_t> counts;
  for (const double v : values) {
    if (std::isnan(v)) continue;
    if (is_placeholder(v))
      ++counts[v];
    else
      low = std::min(low, v), high = std::max(high, v);
  }
  if (counts.empty() || !(low < high)) return;
  for (const auto& [value, count] : counts) {
    const double away = value < low ? low - value : value > high ? value - high : 0;
    // As far from the others as these are from each other; a single -9 may be a value.
    if (away < 0.5 * (high - low) || (std::abs(value) < 999 && count < 3)) continue;
    Sightings seen(to.table);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] == value) seen.add(static_cast<std::int64_t>(i));
    to.add(seen.finding({.severity = Severity::warning,
                         .test = "placeholder",
                         .columns = {column.name()},
                         .of = "rows",
                         .amount = value,
                         .what = fmt::format("{} in {}; all other values lie in {} .. {}", text::shortest(value), counted(count, "row"),
                                             text::shortest(low), text::shortest(high)),
                         .meaning = "a missing value written as a number",
                         .mend = fmt::format("data.missing: [\"{}\"]", text::shortest(value))}));
  }
}

void text_among_numbers(Findings& to, const data::Column& column) {
  if (column.type() != data::ColumnType::category || to.table.is_text_by_wish(column)) return;
  std::vector<std::int64_t> cells(column.levels().size(), 0);
  for (const std::int32_t code : column.codes())
    if (code >= 0) ++cells[static_cast<std::size_t>(code)];
  std::vector<std::uint8_t> number(cells.size());
  std::int64_t numbers = 0, texts = 0;
  for (std::size_t l = 0; l < cells.size(); ++l) {
    number[l] = text::to_real(column.levels()[l]).has_value() ? 1 : 0;
    (number[l] != 0 ? numbers : texts) += cells[l];
  }
  if (texts == 0 || numbers < 20 || 4 * texts > numbers) return;
  Sightings seen(to.table);
  for (std::size_t i = 0; i < column.size(); ++i)
    if (const std::int32_t code = column.codes()[i]; code >= 0 && number[static_cast<std::size_t>(code)] == 0)
      seen.add(static_cast<std::int64_t>(i), [&] { return "'" + column.text(i) + "'"; });
  const bool target = &column == to.table.target();
  to.add(seen.finding({.severity = target ? Severity::error : Severity::warning,
                       .test = "text_among_numbers",
                       .columns = {column.name()},
                       .of = "rows",
                       .amount = static_cast<double>(texts) / static_cast<double>(texts + numbers),
                       .what = fmt::format("{} of text in a column of numbers, so all of it is read as text", counted(texts, "cell")),
                       .meaning = "a word for a missing value, a mark behind the number, a decimal comma",
                       .mend = "data.missing: [\"...\"] with the words, or data.numeric"}));
}

void spellings(Findings& to, const data::Column& column) {
  if (column.type() != data::ColumnType::category || column.levels().size() > 100'000) return;
  std::map<std::string, std::int32_t> first;
  std::vector<std::string> pairs;
  std::vector<std::uint8_t> second(column.levels().size(), 0);
  for (std::size_t l = 0; l < column.levels().size(); ++l) {
    const std::string plain = lower(text::trim(column.levels()[l]));
    const auto [at, fresh] = first.emplace(plain, static_cast<std::int32_t>(l));
    if (fresh) continue;
    second[l] = 1;
    if (pairs.size() < 3)
      pairs.push_back(fmt::format("'{}' and '{}'", column.levels()[static_cast<std::size_t>(at->second)], column.levels()[l]));
  }
  if (pairs.empty()) return;
  Sightings seen(to.table);
  for (std::size_t i = 0; i < column.size(); ++i)
    if (const std::int32_t code = column.codes()[i]; code >= 0 && second[static_cast<std::size_t>(code)] != 0)
      seen.add(static_cast<std::int64_t>(i), [&] { return "'" + column.text(i) + "'"; });
  to.add(seen.finding({.severity = Severity::warning,
                       .test = "spellings",
                       .columns = {column.name()},
                       .of = "rows",
                       .what = fmt::format("names that differ in capitals alone: {}", text::join(pairs, ", ")),
                       .meaning = "one kind counted as two",
                       .mend = "write them alike in the file"}));
}

}  // namespace

void check_columns(Findings& to) {
  for (const data::Column& column : to.table.columns()) {
    if (&column == to.table.time()) continue;
    spellings(to, column);
    if (&column == to.table.entity()) continue;
    constant_column(to, column);
    placeholders(to, column);
    text_among_numbers(to, column);
  }
  same_columns(to);
}

}  // namespace assay::quality
