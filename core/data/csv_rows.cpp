#include "data/csv_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <future>
#include <optional>
#include <utility>

#include "data/csv_cell.hpp"
#include "data/csv_text.hpp"

namespace assay::data {
namespace {

using State = CsvColumn::State;
constexpr std::size_t kProblemsListed = 20, kSkippedListed = 5;
constexpr std::ptrdiff_t kProgressBytes = 1 << 20;

std::size_t expected_rows(const RowReader::Range& range) {
  const auto size = static_cast<std::size_t>(std::max<std::ptrdiff_t>(range.limit - range.begin, 0));
  const std::size_t seen = std::min<std::size_t>(size, 1 << 16);
  const auto lines = static_cast<std::size_t>(std::count(range.begin, range.begin + seen, '\n')) + 1;
  return size / (seen / lines + 1) / 16 * 17 + 64;
}

[[noreturn]] void stop(const std::string& path) { throw Error(Fault::interrupted, "reading " + path, "stopped on request"); }

}  // namespace

RowReader::RowReader(const RowPlan& plan, Range range, const MissingTokens& missing)
    : plan_(plan),
      range_(range),
      rows_{{}, missing, {}, 0, 0, 0, 0, {}},
      line_(range.first_line),
      numbers_at_once_(!missing.any_number() && plan.reading.numbers.style.decimal != plan.delimiter),
      times_at_once_(!missing.begins_with_digit() && plan.delimiter != ':' && plan.reading.format.is_iso() && plan.reading.zone.is_utc() &&
                     plan.clock == kNoColumn) {
  if (plan.clock != kNoColumn) first_part_ = std::min(plan.date, plan.clock), second_part_ = std::max(plan.date, plan.clock);
  const std::size_t expected = expected_rows(range);
  rows_.columns.reserve(plan.columns.size());
  for (const CsvColumn::Plan& column : plan.columns) rows_.columns.emplace_back(column, expected, plan.reading);
}

void RowReader::problem(std::string key, std::string message, std::string mend, std::int64_t line) {
  rows_.problems.push_back({std::move(key), rows_.rows, line, std::move(message), std::move(mend)});
}

void RowReader::walk(const ReadProgress& progress, const char* text) {
  const bool comma = plan_.reading.numbers.style.decimal == ',';
  const char* reported = text;
  const char* p = range_.begin;
  for (; p < range_.limit; ++line_) {
    if (progress && p - reported >= kProgressBytes) {
      reported = p;
      if (!progress(static_cast<std::uint64_t>(p - text), static_cast<std::uint64_t>(range_.end - text))) stop(plan_.path);
    }
    if (is_blank_line(p, plan_.delimiter)) {
      ++rows_.blank_lines;
      p = find_cell_end(p, '\n') + 1;
      continue;
    }
    if (plan_.skip_malformed && skips(p)) continue;
    if (const std::int64_t ahead = line_ - rows_.rows; rows_.line_shifts.empty() || rows_.line_shifts.back().ahead != ahead)
      rows_.line_shifts.push_back({rows_.rows, ahead});
    ++rows_.rows;
    p = comma ? read_row<','>(p) : read_row<'.'>(p);
    if (rows_.problems.size() >= kProblemsListed) {
      problem("", "and perhaps more: reading stopped here", "", line_);
      break;
    }
  }
  stopped_at_ = p;
  rows_.lines = line_ - range_.first_line;
}

// A line that is looked at before any cell of it is taken.
bool RowReader::skips(const char*& p) {
  const CsvLine line = look_at_line(p, range_.end, plan_.delimiter);
  const std::size_t wanted = plan_.columns.size() + (plan_.trailing_delimiter ? 1 : 0);
  if (line.is_sound && line.cells == wanted && (!plan_.trailing_delimiter || line.last_is_empty)) return false;
  ++rows_.skipped;
  if (rows_.skipped_lines.size() < kSkippedListed) rows_.skipped_lines.push_back(line_);
  line_ += std::count(p, line.next - 1, '\n');
  p = line.next;
  return true;
}

// Reads one row and gives the first byte of the next.
template <char Decimal>
const char* RowReader::read_row(const char* p) {
  const std::size_t last = rows_.columns.size() - 1;
  const char delimiter = plan_.delimiter;
  broken_row_ = false;
  for (std::size_t c = 0;; ++c) {
    CsvColumn& column = rows_.columns[c];
    if (const char* const after = take_plain_cell<Decimal>(column, p)) {
      p = column.behind(p, after);
    } else {
      p = take_cell(column, c, p);
      if (broken_row_) return find_cell_end(p, '\n') + 1;
    }
    if (*p == '\n') {
      if (c != last)
        ragged(c + 1);
      else if (plan_.trailing_delimiter)
        ragged(c + 1, "the delimiter at the end is missing, which other lines have");
      return p + 1;
    }
    if (c == last) {
      if (plan_.trailing_delimiter && is_blank_line(p + 1, delimiter)) return find_cell_end(p + 1, '\n') + 1;
      return too_many(p, c + 1);
    }
    ++p;
  }
}

// A cell that is a number or a time in the plainest form and nothing else; gives the delimiter or newline behind it, null where it is not.
template <char Decimal>
inline const char* RowReader::take_plain_cell(CsvColumn& column, const char* p) {
  const auto ends = [this](const char*& after) {
    if (after == nullptr) return false;
    if (*after == '\r' && after[1] == '\n') ++after;
    return *after == plan_.delimiter || *after == '\n';
  };
  if (numbers_at_once_ && column.takes_numbers()) {
    CsvNumber number;
    const char* after = read_number<Decimal>(p, number);
    if (!ends(after)) return nullptr;
    column.take_number(number);
    return after;
  }
  if (times_at_once_ && column.takes_times()) {
    TimeNs time = 0;
    const char* after = column.read_plain_time(p, time);
    if (!ends(after)) return nullptr;
    column.take_time(time);
    return after;
  }
  return nullptr;
}

// A cell that is not plain; gives the delimiter or newline behind it.
const char* RowReader::take_cell(CsvColumn& column, std::size_t index, const char* p) {
  const std::int64_t line = line_;
  const CsvCell cell = read_cell(p, range_.end, plan_.delimiter, scratch_);
  line_ += cell.newlines;
  if (cell.fault != nullptr) {
    problem("", fmt::format("column '{}': {}", column.name(), cell.fault),
            "write a quote inside quotes twice; malformed: skip leaves such lines out", line);
    broken_row_ = true;
  } else if (index == first_part_) {
    part_is_missing_ = rows_.missing.contains(cell.text);
    part_ = cell.text;
  } else if (index == second_part_) {
    const bool missing = rows_.missing.contains(cell.text) || part_is_missing_;
    std::string both = plan_.date < plan_.clock ? part_ + ' ' + std::string(cell.text) : std::string(cell.text) + ' ' + part_;
    take_text(rows_.columns[plan_.date], missing ? std::string_view() : std::string_view(both), line);
  } else if (column.state() != State::skipped && column.state() != State::reread) {
    take_text(column, cell.text, line);
  }
  return cell.after;
}

void RowReader::take_text(CsvColumn& column, std::string_view text, std::int64_t line) {
  if (column.take(text, rows_.missing, rows_.rows, line, fault_)) return;
  problem(fault_.key, fault_.message, fault_.mend, line);
  fault_ = {};
}

void RowReader::ragged(std::size_t cells, const char* cause) {
  const std::string counts =
      fmt::format("{} {}, but {} has {}", cells, cells == 1 ? "cell" : "cells", plan_.names_from, rows_.columns.size());
  problem("", cause != nullptr ? cause : counts,
          "mend that line: a cell with the delimiter in it needs quotes; malformed: skip leaves such lines out", line_);
}

const char* RowReader::too_many(const char* p, std::size_t cells) {
  const std::int64_t first_line = line_;
  while (*p != '\n') {
    const CsvCell cell = read_cell(p + 1, range_.end, plan_.delimiter, scratch_);
    line_ += cell.newlines;
    p = cell.after;
    ++cells;
  }
  const std::int64_t last_line = std::exchange(line_, first_line);
  ragged(cells);
  line_ = last_line;
  return p + 1;
}

namespace {

// task(i, is_caller) for all i < count, on that many threads, the calling one among them. What a task throws comes out here.
template <class Task>
void in_parallel(unsigned threads, std::size_t count, const Task& task) {
  std::atomic<std::size_t> next{0};
  const auto work = [&](bool is_caller) {
    for (std::size_t i; (i = next.fetch_add(1)) < count;) task(i, is_caller);
  };
  std::vector<std::future<void>> others;
  for (unsigned t = 1; t < std::min<std::size_t>(threads, count); ++t) others.push_back(std::async(std::launch::async, work, false));
  work(true);
  for (std::future<void>& other : others) other.get();
}

// Where pieces of about piece_bytes end: behind a newline with an even number of quotes before it, which in sound text ends a row. Whether
// it did is seen afterwards.
std::vector<RowReader::Range> cut(const ReadRange& range) {
  std::vector<RowReader::Range> pieces;
  const auto step = static_cast<std::ptrdiff_t>(range.piece_bytes);
  const bool quotes = std::memchr(range.begin, '"', static_cast<std::size_t>(range.end - range.begin)) != nullptr;
  for (const char* begin = range.begin; begin < range.end;) {
    const char* limit = range.end;
    if (range.end - begin > step) {
      const char* p = begin + step;
      bool inside = quotes && std::count(begin, p, '"') % 2 != 0;
      for (; p < range.end && (*p != '\n' || inside); ++p) inside = inside != (*p == '"');
      if (p < range.end) limit = p + 1;
    }
    pieces.push_back({begin, limit, range.end, 0});
    begin = limit;
  }
  return pieces;
}

// Adds what the next pieces hold. False where only a walk over the whole text can tell a type.
bool append(Rows& whole, std::vector<RowReader>& pieces, const ReadRange& range) {
  std::atomic<bool> good{true};
  in_parallel(range.threads, whole.columns.size(), [&](std::size_t c, bool) {
    std::vector<CsvColumn*> same;
    for (RowReader& piece : pieces) same.push_back(&piece.rows().columns[c]);
    if (!whole.columns[c].append_all(same)) good = false;
  });
  if (!good) return false;
  for (RowReader& piece : pieces) {
    const Rows& part = piece.rows();
    for (const std::int64_t line : part.skipped_lines)
      if (whole.skipped_lines.size() < kSkippedListed) whole.skipped_lines.push_back(range.first_line + whole.lines + line);
    for (const LineShift& shift : part.line_shifts) {
      const std::int64_t ahead = range.first_line + whole.lines + shift.ahead - whole.rows;
      if (whole.line_shifts.empty() || whole.line_shifts.back().ahead != ahead)
        whole.line_shifts.push_back({whole.rows + shift.row, ahead});
    }
    whole.rows += part.rows;
    whole.blank_lines += part.blank_lines;
    whole.lines += part.lines;
    whole.skipped += part.skipped;
    whole.missing.add(part.missing);
  }
  return true;
}

// Some pieces at a time, so that little is held twice. Nothing where pieces cannot tell everything that one walk tells: problems name their
// lines, a quote may be open at a piece's end, and a column's type may hang on all of it.
std::optional<Rows> in_pieces(const RowPlan& plan, const ReadRange& range, const MissingTokens& missing, const ReadProgress& progress) {
  const std::vector<RowReader::Range> ranges = cut(range);
  Rows whole{{}, missing, {}, 0, 0, 0, 0, {}};
  const std::size_t expected = expected_rows({range.begin, range.end, range.end, 0});
  for (const CsvColumn::Plan& column : plan.columns) whole.columns.emplace_back(column, expected, plan.reading);
  std::atomic<bool> stopped{false};
  const char* reported = range.text;
  const auto tell = [&](const char* p) {
    if (!progress || p - reported < kProgressBytes) return;
    reported = p;
    if (progress(static_cast<std::uint64_t>(p - range.text), static_cast<std::uint64_t>(range.end - range.text))) return;
    stopped = true;
    stop(plan.path);
  };
  const std::size_t at_once = std::max<std::size_t>(2 * range.threads, ranges.size() / 8);
  for (std::size_t first = 0; first < ranges.size(); first += at_once) {
    std::vector<RowReader> pieces;
    for (std::size_t i = first; i < std::min(first + at_once, ranges.size()); ++i) pieces.emplace_back(plan, ranges[i], missing);
    in_parallel(range.threads, pieces.size(), [&](std::size_t i, bool is_caller) {
      if (stopped) return;
      pieces[i].walk({}, range.text);
      const bool meets_next = first + i + 1 == ranges.size() || pieces[i].stopped_at() == ranges[first + i + 1].begin;
      if (!pieces[i].rows().problems.empty() || !meets_next) stopped = true;
      if (is_caller) tell(pieces[i].range().limit);
    });
    if (stopped || !append(whole, pieces, range)) return std::nullopt;
    tell(pieces.back().range().limit);
  }
  return whole;
}

}  // namespace

Rows read_rows(const RowPlan& plan, const ReadRange& range, const MissingTokens& missing, const ReadProgress& progress) {
  if (range.threads > 1 && range.end - range.begin >= static_cast<std::ptrdiff_t>(4 * range.piece_bytes))
    if (auto rows = in_pieces(plan, range, missing, progress)) return std::move(*rows);
  RowReader all(plan, {range.begin, range.end, range.end, range.first_line}, missing);
  all.walk(progress, range.text);
  return std::move(all.rows());
}

}  // namespace assay::data
