#include "data/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "data/csv_cell.hpp"
#include "data/csv_rows.hpp"
#include "data/csv_text.hpp"
#include "data/encoding.hpp"
#include "data/gzip.hpp"
#include "data/mapped_file.hpp"

namespace assay::data {
namespace {

using State = CsvColumn::State;
constexpr std::size_t kPieceBytes = 512 << 10;

std::string joined(const std::vector<ReadProblem>& problems) {
  std::string text;
  for (const ReadProblem& problem : problems) {
    if (!text.empty()) text += "; ";
    if (problem.row != 0)
      text += fmt::format("row {} (line {}): ", problem.row, problem.line);
    else if (problem.line != 0)
      text += fmt::format("line {}: ", problem.line);
    text += problem.message;
  }
  return text;
}

std::string first_mend(const std::vector<ReadProblem>& problems) {
  for (const ReadProblem& problem : problems)
    if (!problem.mend.empty()) return problem.mend;
  return {};
}

class Reader {
 public:
  Reader(std::string_view padded_bytes, const CsvOptions& options, const ReadProgress& progress) : options_(options), progress_(progress) {
    check_marks();
    prepare_text(padded_bytes, options, text_);
    notes_ = text_.notes;
  }

  std::vector<std::string> header() {
    read_names();
    refuse_problems();
    return names_;
  }

  CsvTable read() {
    read_names();
    set_up_cells();
    plan_columns();
    refuse_problems();
    const MissingTokens fresh(options_.missing.empty() ? default_missing() : options_.missing, text_.decimal);
    Rows rows = read_rows(plan_, range(), fresh, progress_);
    if (!rows.problems.empty()) refuse(with_hints(std::move(rows.problems)));
    if (rows.rows == 0) refuse({{"path", 0, 0, "the file has a header but no rows", "look whether this is the right file"}});
    reread_texts(rows, fresh);
    return table(rows);
  }

 private:
  [[noreturn]] void refuse(std::vector<ReadProblem> problems) const {
    throw ReadError("reading " + options_.path.string(), std::move(problems));
  }
  void refuse_problems() {
    if (!problems_.empty()) refuse(std::move(problems_));
  }
  void problem(std::string key, std::string message, std::string mend = {}, std::int64_t line = 0) {
    problems_.push_back({std::move(key), 0, line, std::move(message), std::move(mend)});
  }

  void check_marks() const {
    const char delimiter = options_.delimiter;
    if (delimiter != '\0' && (std::string_view("\n\r\"+-.").find(delimiter) != std::string_view::npos ||
                              std::isalnum(static_cast<unsigned char>(delimiter)) != 0))
      refuse({{"delimiter", 0, 0, fmt::format("'{}' cannot be a delimiter", delimiter), "use a comma, a semicolon, a tab or blanks"}});
    if (options_.thousands != '\0' && options_.thousands == options_.decimal)
      refuse({{"thousands", 0, 0, fmt::format("'{}' cannot stand both between thousands and before decimals", options_.thousands),
               "change one of them"}});
  }

  ReadRange range() const {
    const unsigned threads = options_.threads != 0 ? options_.threads : std::min(8u, std::thread::hardware_concurrency());
    return {text_.begin, body_, text_.end, body_line_, threads, options_.piece_bytes != 0 ? options_.piece_bytes : kPieceBytes};
  }

  // The names, from the file or the options, and where the rows begin.
  void read_names() {
    body_ = text_.begin;
    body_line_ = text_.first_line;
    while (body_ < text_.end && is_blank_line(body_, text_.delimiter)) next_line(find_end(body_));
    if (body_ >= text_.end) refuse({{"path", 0, 0, "the file is empty", "look whether this is the right file"}});
    const bool in_file = options_.header.value_or(options_.names.empty());
    if (in_file) read_header();
    if (!in_file) plan_.names_from = options_.names.empty() ? "the first line" : "`names`";
    if (in_file && !options_.names.empty() && options_.names.size() != names_.size())
      problem("names", fmt::format("there are {} names, and the header has {} columns", options_.names.size(), names_.size()),
              "name them all");
    if (!options_.names.empty()) names_ = options_.names;
    look_for_trailing_delimiter();
    check_names(in_file && options_.names.empty());
  }

  void read_header() {
    std::string scratch;
    const char* p = body_;
    for (;; ++p) {
      const CsvCell cell = read_cell(p, text_.end, text_.delimiter, scratch);
      if (cell.fault != nullptr) problem("", cell.fault, "", body_line_);
      names_.emplace_back(cell.text);
      p = cell.after;
      if (*p != text_.delimiter) break;
    }
    header_line_ = body_line_;
    next_line(p);
  }
  const char* find_end(const char* p) const { return find_cell_end(p, '\n'); }
  void next_line(const char* newline) {
    body_line_ += std::count(body_, newline + 1, '\n');
    body_ = newline + 1;
  }

  // Every line of the file may end with a delimiter, or every line but the header; the first rows tell. Also counts the cells where no
  // header does.
  void look_for_trailing_delimiter() {
    const char* row = body_;
    while (row < text_.end && is_blank_line(row, text_.delimiter)) row = find_end(row) + 1;
    const CsvLine first = row < text_.end ? look_at_line(row, text_.end, text_.delimiter) : CsvLine{};
    if (names_.empty())  // no header, no names
      for (std::size_t i = 1; i <= std::max<std::size_t>(first.cells, 1); ++i) names_.push_back(fmt::format("column_{}", i));
    const std::size_t header_cells = names_.size();
    const bool unnamed = names_.size() > 1 && names_.back().empty() && options_.names.empty();
    const bool invented = options_.names.empty() && header_line_ == 0;
    if (unnamed && (first.cells + 1 == names_.size() || (first.cells == names_.size() && first.last_is_empty))) names_.pop_back();
    if (invented && first.cells > 1 && first.last_is_empty && every_line_ends_so()) names_.pop_back();
    plan_.trailing_delimiter =
        first.cells == names_.size() + 1 && first.last_is_empty && (names_.size() < header_cells || second_line_ends_so(first));
    if (header_line_ == 0 && first.cells != names_.size() && !plan_.trailing_delimiter && first.cells != 0)
      problem(
          "names",
          fmt::format("there are {} names, and the first line has {} {}", names_.size(), first.cells, first.cells == 1 ? "cell" : "cells"),
          "name every column of the file");
    if (plan_.trailing_delimiter) notes_.push_back("the lines end with a delimiter: it begins no further column");
  }

  // One line alone that ends with a delimiter has one too many.
  bool second_line_ends_so(const CsvLine& first) const {
    const char* row = first.next;
    while (row < text_.end && is_blank_line(row, text_.delimiter)) row = find_end(row) + 1;
    if (row >= text_.end) return true;
    const CsvLine second = look_at_line(row, text_.end, text_.delimiter);
    return second.cells != names_.size() || second.last_is_empty;
  }

  // Without a header only the lines themselves can tell an empty last column from a delimiter at the end.
  bool every_line_ends_so() const {
    std::size_t seen = 0;
    for (const char* p = body_; p < text_.end && seen < 100; ++seen) {
      const CsvLine line = look_at_line(p, text_.end, text_.delimiter);
      if (!line.last_is_empty) return is_blank_line(p, text_.delimiter) && line.next >= text_.end;
      p = line.next;
    }
    return true;
  }

  void check_names(bool from_file) {
    if (names_[0].empty()) {
      names_[0] = "index";
      if (names_.size() > 1) notes_.push_back("the first column has no name: it is called 'index'");
    }
    const std::string key = from_file ? "" : "names";
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i].empty())
        problem(key, fmt::format("column {} has no name", i + 1), "give it a name, or remove the delimiter at the end of the line",
                header_line_);
      else if (text::first_invalid_utf8(names_[i]))
        problem("encoding", fmt::format("the name of column {} is not UTF-8", i + 1), mend_encoding(names_[i]), header_line_);
      else if (const auto twin = std::find(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(i), names_[i]);
               twin != names_.begin() + static_cast<std::ptrdiff_t>(i))
        problem(key, fmt::format("columns {} and {} are both named '{}'", twin - names_.begin() + 1, i + 1, names_[i]),
                "give every column a name of its own", header_line_);
    }
    const auto is_data = [&](const std::string& name) {
      CsvNumber number;
      return whole_number(name, number, text_.decimal) || parse_iso_time(name) || !guess_time_formats(name).empty();
    };
    if (from_file && !options_.header && std::all_of(names_.begin(), names_.end(), is_data)) {
      problems_.clear();  // doubled names follow from it
      problem("header", "the first line holds numbers and dates alone: is it a row, and has the file no header?",
              "write header: false, or header: true if these are names", header_line_);
    }
  }

  void set_up_cells() {
    CellReading& reading = plan_.reading;
    reading.numbers = {{text_.decimal, options_.thousands}, text_.decimal_is_stated, text_.decimal_is_known, text_.delimiter};
    plan_.delimiter = text_.delimiter;
    plan_.path = options_.path.string();
    plan_.skip_malformed = options_.skip_malformed;
    if (options_.time_column.empty() && options_.times.empty()) return;
    std::string why;
    const auto format = TimeFormat::compile(options_.time_format, why);
    if (!format)
      problem("time.format", fmt::format("'{}' is no time format: {}", options_.time_format, why), "for example \"%Y-%m-%d %H:%M\"");
    const auto zone = TimeZone::find(options_.zone);
    if (!zone)
      problem("time.zone", fmt::format("there is no time zone '{}'", options_.zone),
              "UTC, an offset like +02:00, or a name like Europe/Warsaw");
    if (format) reading.format = *format;
    if (zone) reading.zone = *zone;
  }

  std::optional<std::size_t> place_of(const std::string& name, const std::string& key) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    const auto same = [&](const std::string& other) {
      return std::equal(name.begin(), name.end(), other.begin(), other.end(),
                        [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    };
    const auto other_case = std::find_if(names_.begin(), names_.end(), same);
    const auto near = other_case != names_.end() ? std::optional(*other_case) : text::nearest(name, names_);
    std::string all = text::join(names_, ", ");
    if (all.size() > 300) all = all.substr(0, 300) + "...";
    problem(key, fmt::format("there is no column '{}'", name), near ? fmt::format("did you mean '{}'?", *near) : "the columns are: " + all);
    return std::nullopt;
  }

  void plan_columns() {
    std::vector<CsvColumn::Plan>& plan = plan_.columns;
    for (const std::string& name : names_) plan.push_back({name, options_.columns.empty() ? State::empty : State::skipped, false});
    const auto each = [&](const std::vector<std::string>& names, const char* key, const auto& change) {
      for (std::size_t i = 0; i < names.size(); ++i)
        if (const auto at = place_of(names[i], fmt::format("{}.{}", key, i))) change(plan[*at]);
    };
    each(options_.columns, "columns", [](auto& column) { column.state = State::empty; });
    each(options_.drop, "drop", [](auto& column) { column.state = State::skipped; });
    each(options_.numeric, "numeric", [](auto& column) { column.numeric = true; });
    each(options_.categorical, "categorical", [](auto& column) {
      if (column.state != State::skipped) column.state = State::category;
    });
    if (!options_.entity_column.empty())
      if (const auto at = place_of(options_.entity_column, "entity")) plan[*at].state = State::category;
    each(options_.times, "times", [](auto& column) { column.state = State::time; });
    if (options_.time_column.empty()) return;
    const bool two = !options_.clock_column.empty();
    const auto date = place_of(options_.time_column, two ? "time.column.0" : "time.column");
    if (date) plan[*date].state = State::time;
    if (!two) return;
    const auto clock = place_of(options_.clock_column, "time.column.1");
    if (!clock || !date) return;
    plan[*clock].state = State::skipped;
    plan_.date = *date;
    plan_.clock = *clock;
  }

  // A second walk for number columns that turned out to hold text: what was read before was not kept.
  void reread_texts(Rows& rows, const MissingTokens& fresh) {
    const auto needs = [](const CsvColumn& c) { return c.state() == State::reread; };
    if (std::none_of(rows.columns.begin(), rows.columns.end(), needs)) return;
    RowPlan second = plan_;
    second.date = second.clock = kNoColumn;
    for (std::size_t i = 0; i < rows.columns.size(); ++i)
      second.columns[i].state = needs(rows.columns[i]) ? State::category : State::skipped;
    Rows texts = read_rows(second, range(), fresh, progress_);
    if (!texts.problems.empty()) refuse(std::move(texts.problems));
    for (std::size_t i = 0; i < rows.columns.size(); ++i)
      if (needs(rows.columns[i])) rows.columns[i].take_texts_of(std::move(texts.columns[i]));
  }

  CsvTable table(Rows& rows) {
    CsvTable table;
    table.delimiter = text_.delimiter;
    table.line_shifts = std::move(rows.line_shifts);
    if (const std::string tokens = rows.missing.summary(); !tokens.empty()) notes_.push_back("cells that count as missing: " + tokens);
    if (rows.blank_lines != 0)
      notes_.push_back(fmt::format("{} blank {} skipped", rows.blank_lines, rows.blank_lines == 1 ? "line" : "lines"));
    if (rows.skipped != 0)
      notes_.push_back(fmt::format("{} malformed {} skipped: {} {}{}", rows.skipped, rows.skipped == 1 ? "line" : "lines",
                                   rows.skipped == 1 ? "line" : "lines", fmt::join(rows.skipped_lines, ", "),
                                   rows.skipped > static_cast<std::int64_t>(rows.skipped_lines.size()) ? ", ..." : ""));
    for (CsvColumn& column : rows.columns)
      if (column.state() != State::skipped) table.columns.push_back(column.finish(notes_));
    table.notes = std::move(notes_);
    return table;
  }

  // Lines above or below the table make ragged lines: says so where it looks like it.
  std::vector<ReadProblem> with_hints(std::vector<ReadProblem> problems) const {
    ReadProblem& first = problems.front();
    if (!first.key.empty() || header_line_ == 0) return problems;
    std::vector<std::pair<std::int64_t, std::size_t>> lines;  // the first ones, and how many cells they have
    std::int64_t line = text_.first_line;
    std::size_t below = 0;  // lines from the first problem on
    for (const char* p = text_.begin; p < text_.end;) {
      const CsvLine one = look_at_line(p, text_.end, text_.delimiter);
      if (!is_blank_line(p, text_.delimiter)) {
        if (lines.size() < 50) lines.emplace_back(line, one.cells);
        below += line >= first.line ? 1 : 0;
      }
      if (lines.size() == 50 && below > problems.size()) break;
      line += std::count(p, one.next, '\n');
      p = one.next;
    }
    std::size_t start = lines.size() - 1;
    while (start > 0 && lines[start - 1].second == lines.back().second) --start;
    const std::int64_t skipped = lines[start].first - text_.first_line;
    if (start + 3 <= lines.size() && start > 0 && lines.back().second > names_.size()) {
      first.mend = fmt::format("if the table begins in line {}, write skip_lines: {}", lines[start].first,
                               static_cast<std::int64_t>(options_.skip_lines) + skipped);
      problems.resize(1);  // the others follow from it
    } else if (first.row > 1 && below == problems.size()) {
      first.mend = fmt::format("if the table ends above, write skip_trailer: {}", options_.skip_trailer + below);
    }
    return problems;
  }

  const CsvOptions& options_;
  const ReadProgress& progress_;
  CsvText text_;
  RowPlan plan_;
  std::vector<std::string> names_, notes_;
  std::vector<ReadProblem> problems_;
  const char* body_ = nullptr;
  std::int64_t body_line_ = 1, header_line_ = 0;
};

std::string_view content(const std::string& padded) { return std::string_view(padded).substr(0, padded.size() - MappedFile::kPadding); }

}  // namespace

const std::vector<std::string>& default_missing() {
  static const std::vector<std::string> kTokens{"",    "NA",   "N/A", "#N/A", "NaN", "nan", "null", "NULL",
                                                "n/a", "<NA>", "ND",  ".",    "-",   "--",  "?"};
  return kTokens;
}

ReadError::ReadError(std::string tried, std::vector<ReadProblem> problems)
    : Error(Fault::data, std::move(tried), joined(problems), first_mend(problems)), problems_(std::move(problems)) {}

std::int64_t CsvTable::line_of(std::int64_t row) const {
  const auto next =
      std::upper_bound(line_shifts.begin(), line_shifts.end(), row, [](std::int64_t r, const LineShift& s) { return r < s.row; });
  return next == line_shifts.begin() ? 0 : row + std::prev(next)->ahead;
}

CsvTable parse_csv(std::string_view text, const CsvOptions& options, const ReadProgress& progress) {
  const std::string copy = with_padding(std::string(text));
  return Reader(content(copy), options, progress).read();
}

CsvTable read_csv(const CsvOptions& options, const ReadProgress& progress) {
  const MappedFile file(options.path);
  const std::string_view bytes = file.text();
  // The hash is taken beside the parsing.
  auto hash = std::async(std::launch::async, [bytes] { return sha256_hex(bytes); });
  CsvTable table;
  if (is_gzip(bytes)) {
    const std::string text = with_padding(unpack_gzip(bytes, options.path, progress));
    table = Reader(content(text), options, progress).read();
  } else {
    table = Reader(bytes, options, progress).read();
  }
  table.content_hash = hash.get();
  return table;
}

std::vector<std::string> read_csv_header(const CsvOptions& options) {
  const MappedFile file(options.path);
  const std::string_view bytes = file.text();
  const ReadProgress none;
  if (!is_gzip(bytes)) return Reader(bytes, options, none).header();
  const std::string text = with_padding(unpack_gzip(bytes, options.path, none));
  return Reader(content(text), options, none).header();
}

std::string to_csv(const std::vector<Column>& columns) {
  const auto quoted = [](const std::string& text) {
    const bool plain =
        text.find_first_of(",;\t\"\r\n") == std::string::npos && (text.empty() || (text.front() != ' ' && text.back() != ' '));
    if (plain) return text;
    std::string result = "\"";
    for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
    return result + '"';
  };
  std::string text;
  for (std::size_t c = 0; c < columns.size(); ++c) text += (c != 0 ? "," : "") + quoted(columns[c].name());
  text += '\n';
  for (std::size_t row = 0; !columns.empty() && row < columns.front().size(); ++row) {
    for (std::size_t c = 0; c < columns.size(); ++c) text += (c != 0 ? "," : "") + quoted(columns[c].text(row));
    if (columns.size() == 1 && columns.front().is_missing(row)) text += "\"\"";
    text += '\n';
  }
  return text;
}

}  // namespace assay::data
