#include "data/publication_dates.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

#include "data/time_format.hpp"

namespace assay::data {
namespace {

// The column as times by this format; nothing where a cell is none.
std::optional<std::vector<TimeNs>> times_of(const Column& column, const TimeFormat& format) {
  std::vector<TimeNs> of_level;
  for (const std::string& level : column.levels()) {
    const auto parsed = format.parse(level);
    if (!parsed) return std::nullopt;
    of_level.push_back(parsed->time);
  }
  std::vector<TimeNs> out;
  for (const std::int32_t code : column.codes())
    out.push_back(code == kMissingCode ? kMissingTime : of_level[static_cast<std::size_t>(code)]);
  return out;
}

// 20200131
std::optional<std::vector<TimeNs>> times_of_numbers(const Column& column) {
  std::vector<TimeNs> out;
  for (const std::int64_t number : column.integers()) {
    std::optional<TimeNs> time;
    if (number >= 10'000'000 && number < 100'000'000) {
      std::string text = std::to_string(number);
      time = parse_iso(text.insert(6, "-").insert(4, "-"));
    }
    if (number != kMissingInteger && !time) return std::nullopt;
    out.push_back(time.value_or(kMissingTime));
  }
  return out;
}

std::vector<std::vector<TimeNs>> readings_of(const Column& column) {
  std::vector<std::vector<TimeNs>> out;
  if (column.type() == ColumnType::timestamp) out.emplace_back(column.times().begin(), column.times().end());
  if (column.type() == ColumnType::integer)
    if (auto times = times_of_numbers(column)) out.push_back(std::move(*times));
  if (column.type() != ColumnType::category || column.levels().empty()) return out;
  std::vector<std::string> formats = guess_time_formats(column.levels().front());
  formats.insert(formats.begin(), "");
  for (const std::string& text : formats) {
    std::string why;
    const auto format = TimeFormat::compile(text, why);
    if (!format) continue;
    if (auto times = times_of(column, *format)) out.push_back(std::move(*times));
  }
  return out;
}

PublicationDates compared(const std::string& name, const std::vector<TimeNs>& published, std::span<const TimeNs> known) {
  PublicationDates out;
  out.column = name;
  for (std::size_t row = 0; row < published.size(); ++row) {
    if (published[row] == kMissingTime) continue;
    ++out.rows;
    if (published[row] <= known[row]) continue;
    if (out.late++ == 0) out.first_row = static_cast<std::int64_t>(row), out.known = known[row], out.published = published[row];
    out.longest_ns = std::max(out.longest_ns, published[row] - known[row]);
  }
  return out;
}

}  // namespace

bool names_a_publication(const std::string& column) {
  constexpr std::array<std::string_view, 12> kWords{"publi", "filed",  "filing",  "releas", "announc", "report",
                                                    "known", "vintag", "accepte", "issued", "as_of",   "received"};
  constexpr std::array<std::string_view, 6> kOthers{"next", "period", "expir", "matur", "due", "fiscal"};
  std::string lower = column;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto holds = [&](std::string_view word) { return lower.find(word) != std::string::npos; };
  return std::any_of(kWords.begin(), kWords.end(), holds) && std::none_of(kOthers.begin(), kOthers.end(), holds);
}

std::vector<PublicationDates> publication_dates(const std::vector<Column>& columns, std::span<const TimeNs> known) {
  std::vector<PublicationDates> out;
  for (const Column& column : columns) {
    if (!names_a_publication(column.name())) continue;
    std::optional<PublicationDates> best;
    for (const std::vector<TimeNs>& reading : readings_of(column))
      if (const PublicationDates one = compared(column.name(), reading, known); !best || one.late < best->late) best = one;
    if (best && best->rows > 0) out.push_back(*best);
  }
  return out;
}

}  // namespace assay::data
