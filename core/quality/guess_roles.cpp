#include "quality/guess_roles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "data/time_format.hpp"
#include "quality/table.hpp"

namespace assay::quality {

namespace {

constexpr std::size_t kTried = 2'000;  // texts of a column that a format must read

bool holds(const std::string& name, std::string_view word) { return lower(name).find(word) != std::string::npos; }

bool is_time_name(const std::string& name) {
  const std::string plain = lower(name);
  for (const char* word : {"date", "time", "stamp", "datum"})
    if (plain.find(word) != std::string::npos) return true;
  for (const char* word : {"day", "month", "ts", "index", "period", "epoch"})
    if (plain == word) return true;
  return false;
}

bool reads_all(const std::string& format, const std::vector<std::string>& texts) {
  std::string why;
  const auto compiled = data::TimeFormat::compile(format, why);
  return compiled && std::all_of(texts.begin(), texts.end(), [&](const std::string& t) { return compiled->parse(t).has_value(); });
}

// Whole numbers that are instants between 1980 and 2100 in one unit, or dates like 20240131.
std::optional<std::string> format_of_integers(const data::Column& column) {
  std::int64_t low = std::numeric_limits<std::int64_t>::max(), high = std::numeric_limits<std::int64_t>::min();
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < column.size(); ++i) {
    if (column.is_missing(i)) continue;
    low = std::min(low, column.integers()[i]), high = std::max(high, column.integers()[i]);
    if (texts.size() < kTried) texts.push_back(std::to_string(column.integers()[i]));
  }
  if (low > high) return std::nullopt;
  if (low >= 19'000'101 && high <= 21'001'231 && reads_all("%Y%m%d", texts)) return "%Y%m%d";
  constexpr double kFrom = 315'532'800, kTo = 4'102'444'800;
  for (const auto& [format, unit] :
       {std::pair{"epoch_s", 1.0}, std::pair{"epoch_ms", 1e3}, std::pair{"epoch_us", 1e6}, std::pair{"epoch_ns", 1e9}})
    if (static_cast<double>(low) >= kFrom * unit && static_cast<double>(high) <= kTo * unit) return format;
  return std::nullopt;
}

std::optional<std::string> format_of_texts(const data::Column& column) {
  std::vector<std::string> texts;
  const auto& levels = column.levels();
  const std::size_t stride = std::max<std::size_t>(1, levels.size() / kTried);
  for (std::size_t i = 0; i < levels.size(); i += stride) texts.push_back(levels[i]);
  if (texts.empty()) return std::nullopt;
  if (reads_all("", texts)) return "";
  std::vector<std::string> formats = data::guess_time_formats(texts.front());
  // Forms that the reader's own list of hints does not have.
  for (const char* format :
       {"%Y%m%d %H:%M", "%Y%m%d %H:%M:%S", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%m/%d/%Y",
        "%d/%m/%Y", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y", "%Y-%m", "%Y%m"})
    formats.emplace_back(format);
  for (const std::string& format : formats)
    if (reads_all(format, texts)) return format;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> guess_format(const data::Column& column) {
  if (column.type() == data::ColumnType::category) return format_of_texts(column);
  if (column.type() == data::ColumnType::integer) return format_of_integers(column);
  return std::nullopt;
}

std::optional<Guess> guess_time(std::span<const data::Column> columns) {
  for (const bool by_name : {true, false})
    for (const data::Column& column : columns) {
      if (by_name != is_time_name(column.name())) continue;
      if (!by_name && column.type() != data::ColumnType::category) continue;  // numbers are times only where the name says so
      if (const auto format = guess_format(column))
        return Guess{column.name(), by_name ? "by its name and values" : "by its values", *format};
    }
  return std::nullopt;
}

std::optional<Guess> guess_clock(std::span<const data::Column> columns, const std::string& date) {
  for (const data::Column& column : columns) {
    const bool named = holds(column.name(), "time") || holds(column.name(), "hour") || holds(column.name(), "clock");
    if (column.name() == date || !named || column.type() != data::ColumnType::category || column.levels().empty()) continue;
    std::vector<std::string> instants;  // a format without a date reads nothing
    for (std::size_t i = 0; i < std::min(kTried, column.levels().size()); ++i) instants.push_back("2000-01-01 " + column.levels()[i]);
    for (const char* format : {"%H:%M", "%H:%M:%S", "%H:%M:%S.%f"})
      if (reads_all("%F " + std::string(format), instants)) return Guess{column.name(), "the time of day", format};
  }
  return std::nullopt;
}

std::optional<Guess> guess_entity(std::span<const data::Column> columns, const std::string& time) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const data::Column& c) { return c.name() == time; });
  if (found == columns.end() || found->type() != data::ColumnType::timestamp) return std::nullopt;
  const auto times = found->times();
  std::vector<TimeNs> sorted(times.begin(), times.end());
  std::sort(sorted.begin(), sorted.end());
  const auto repeated = static_cast<std::int64_t>(sorted.end() - std::unique(sorted.begin(), sorted.end()));
  // A few doubled times are mistakes in one series; a panel repeats most.
  if (repeated * 2 < static_cast<std::int64_t>(times.size())) return std::nullopt;
  const data::Column* best = nullptr;
  std::int64_t least = repeated / 10;
  for (const data::Column& column : columns) {
    const bool named = holds(column.name(), "id") || holds(column.name(), "permno") || holds(column.name(), "code");
    const bool text = column.type() == data::ColumnType::category;
    if (!text && !(named && column.type() == data::ColumnType::integer)) continue;
    std::vector<std::pair<double, TimeNs>> keys;
    for (std::size_t i = 0; i < times.size(); ++i) keys.emplace_back(column.number(i), times[i]);
    std::sort(keys.begin(), keys.end());
    const auto doubled = static_cast<std::int64_t>(keys.end() - std::unique(keys.begin(), keys.end()));
    if (doubled >= least && best != nullptr) continue;
    if (doubled > least) continue;
    best = &column;
    least = doubled;
  }
  if (best == nullptr) return std::nullopt;
  return Guess{best->name(), "it tells rows of the same time apart", ""};
}

std::optional<Guess> guess_target(std::span<const data::Column> columns) {
  for (const char* word : {"target", "label", "class", "y"})
    for (const data::Column& column : columns)
      if (lower(column.name()) == word) return Guess{column.name(), "by its name", ""};
  return std::nullopt;
}

}  // namespace assay::quality
