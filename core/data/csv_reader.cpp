#include "data/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cstring>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "data/csv_cell.hpp"
#include "data/csv_column.hpp"
#include "data/gzip.hpp"
#include "data/mapped_file.hpp"

namespace assay::data {
namespace {

using State = CsvColumn::State;
constexpr std::size_t kProblemsListed = 20;
constexpr std::ptrdiff_t kProgressBytes = 1 << 20, kPieceBytes = 2 << 20;
const ReadProgress kSilent;

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

struct Text {
  const char* begin;
  const char* end;  // a newline and MappedFile::kPadding - 1 further readable bytes stand here
};

[[noreturn]] void refuse(const CsvOptions& options, std::vector<ReadProblem> problems) {
  throw ReadError("reading " + options.path.string(), std::move(problems));
}

Text without_mark(Text text, const CsvOptions& options) {
  const std::string_view start(text.begin, std::min<std::size_t>(static_cast<std::size_t>(text.end - text.begin), 4096));
  if (start.substr(0, 2) == "\xFF\xFE" || start.substr(0, 2) == "\xFE\xFF" || start.find('\0') != std::string_view::npos)
    refuse(options, {{"path", 0, 0, "the file is no UTF-8 text (UTF-16, or not text at all)", "save it as UTF-8"}});
  if (start.substr(0, 3) == "\xEF\xBB\xBF") text.begin += 3;
  return text;
}

// The candidate that the header has and that the next lines have equally often; the more cells the better.
char detect_delimiter(Text text) {
  static constexpr std::array<char, 3> kCandidates{',', ';', '\t'};
  std::vector<std::array<int, 3>> lines;
  std::array<int, 3> counts{};
  bool quoted = false;
  for (const char* p = text.begin; p <= text.end && lines.size() < 20; ++p) {
    if (*p == '"') quoted = !quoted;
    if (*p == '\n' && !quoted) {
      lines.push_back(std::exchange(counts, {}));
    } else if (!quoted) {
      for (std::size_t c = 0; c < kCandidates.size(); ++c) counts[c] += *p == kCandidates[c] ? 1 : 0;
    }
  }
  std::size_t best = 0;
  std::pair<int, int> best_score{0, 0};
  for (std::size_t c = 0; c < kCandidates.size() && !lines.empty(); ++c) {
    if (lines[0][c] == 0) continue;
    const auto agreeing = static_cast<int>(std::count_if(lines.begin(), lines.end(), [&](const auto& l) { return l[c] == lines[0][c]; }));
    if (const std::pair<int, int> score{agreeing, lines[0][c]}; score > best_score) {
      best_score = score;
      best = c;
    }
  }
  return kCandidates[best];
}

class Reader {
 public:
  Reader(Text text, const CsvOptions& options, const ReadProgress& progress)
      : text_(without_mark(text, options)),
        options_(options),
        progress_(progress),
        delimiter_(options.delimiter != '\0' ? options.delimiter : detect_delimiter(text_)),
        missing_(options.missing.empty() ? default_missing() : options.missing) {}

  std::vector<std::string> header() {
    read_header();
    if (!problems_.empty()) refuse(options_, std::move(problems_));
    return names_;
  }

  CsvTable read() {
    read_header();
    set_up_time();
    plan_columns();
    if (!problems_.empty()) refuse(options_, std::move(problems_));
    const MissingTokens fresh = missing_;
    if (!walk_in_pieces()) walk();
    if (!problems_.empty()) refuse(options_, std::move(problems_));
    if (rows_ == 0) refuse(options_, {{"path", 0, 0, "the file has a header but no rows", "look whether this is the right file"}});
    const std::string tokens = missing_.summary();
    reread_texts(fresh);
    CsvTable table;
    table.delimiter = delimiter_;
    if (!tokens.empty()) notes_.push_back("cells that count as missing: " + tokens);
    if (blank_lines_ != 0) notes_.push_back(fmt::format("{} blank {} skipped", blank_lines_, blank_lines_ == 1 ? "line" : "lines"));
    for (CsvColumn& column : columns_)
      if (column.state() != State::skipped) table.columns.push_back(column.finish(notes_));
    table.notes = std::move(notes_);
    return table;
  }

 private:
  void problem(std::string key, std::string message, std::string mend = {}, std::int64_t row = 0, std::int64_t line = 0) {
    problems_.push_back({std::move(key), row, line, std::move(message), std::move(mend)});
  }

  void read_header() {
    if (std::string_view("\n\r\"+-.").find(delimiter_) != std::string_view::npos ||
        std::isalnum(static_cast<unsigned char>(delimiter_)) != 0)
      refuse(options_, {{"delimiter", 0, 0, fmt::format("'{}' cannot be a delimiter", delimiter_), "use a comma, a semicolon or a tab"}});
    const char* p = text_.begin;
    while (p < text_.end && (*p == '\n' || *p == '\r' || is_padding(*p, delimiter_))) line_ += *p++ == '\n' ? 1 : 0;
    if (p >= text_.end) refuse(options_, {{"path", 0, 0, "the file is empty", "look whether this is the right file"}});
    for (;; ++p) {
      const CsvCell cell = read_cell(p, text_.end, delimiter_, scratch_);
      if (cell.fault != nullptr) problem("", cell.fault, "", 0, line_);
      names_.emplace_back(cell.text);
      line_ += cell.newlines;
      p = cell.after;
      if (*p != delimiter_) break;
    }
    ++line_;
    body_ = p + 1;
    check_names();
  }

  void check_names() {
    if (names_[0].empty()) {
      names_[0] = "index";
      if (names_.size() > 1) notes_.push_back("the first column has no name: it is called 'index'");
    }
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i].empty())
        problem("", fmt::format("column {} has no name", i + 1), "give it a name, or remove the delimiter at the end of the line", 0, 1);
      else if (text::first_invalid_utf8(names_[i]))
        problem("", fmt::format("the name of column {} is not UTF-8", i + 1), "save the file as UTF-8", 0, 1);
      else if (names_[i].find('\r') != std::string::npos)
        problem("", "the lines end with a lone carriage return", "save the file with ordinary line ends", 0, 1);
      else if (const auto twin = std::find(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(i), names_[i]);
               twin != names_.begin() + static_cast<std::ptrdiff_t>(i))
        problem("", fmt::format("columns {} and {} are both named '{}'", twin - names_.begin() + 1, i + 1, names_[i]),
                "give every column a name of its own", 0, 1);
    }
  }

  void set_up_time() {
    if (options_.time_column.empty()) return;
    std::string why;
    const auto format = TimeFormat::compile(options_.time_format, why);
    if (!format)
      problem("time.format", fmt::format("'{}' is no time format: {}", options_.time_format, why), "for example \"%Y-%m-%d %H:%M\"");
    const auto zone = TimeZone::find(options_.zone);
    if (!zone)
      problem("time.zone", fmt::format("there is no time zone '{}'", options_.zone),
              "UTC, an offset like +02:00, or a name like Europe/Warsaw");
    if (format) reading_.format = *format;
    if (zone) reading_.zone = *zone;
  }

  std::optional<std::size_t> place_of(const std::string& name, const std::string& key) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    const auto near = text::nearest(name, names_);
    std::string all = text::join(names_, ", ");
    if (all.size() > 300) all = all.substr(0, 300) + "...";
    problem(key, fmt::format("there is no column '{}'", name), near ? fmt::format("did you mean '{}'?", *near) : "the columns are: " + all);
    return std::nullopt;
  }

  void plan_columns() {
    std::vector<State> plan(names_.size(), options_.columns.empty() ? State::empty : State::skipped);
    const auto mark = [&](const std::vector<std::string>& names, const char* key, State state) {
      for (std::size_t i = 0; i < names.size(); ++i)
        if (const auto at = place_of(names[i], fmt::format("{}.{}", key, i)))
          if (state != State::category || plan[*at] != State::skipped) plan[*at] = state;
    };
    mark(options_.columns, "columns", State::empty);
    mark(options_.drop, "drop", State::skipped);
    mark(options_.categorical, "categorical", State::category);
    if (!options_.entity_column.empty())
      if (const auto at = place_of(options_.entity_column, "entity")) plan[*at] = State::category;
    if (!options_.time_column.empty())
      if (const auto at = place_of(options_.time_column, "time.column")) plan[*at] = State::time;
    const std::size_t expected = expected_rows();
    columns_.reserve(names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i) columns_.emplace_back(names_[i], plan[i], expected, &reading_);
  }

  std::size_t expected_rows() const {
    const auto size = static_cast<std::size_t>(std::max<std::ptrdiff_t>(text_.end - body_, 0));
    const std::size_t seen = std::min<std::size_t>(size, 1 << 16);
    const auto lines = static_cast<std::size_t>(std::count(body_, body_ + seen, '\n')) + 1;
    return size / (seen / lines + 1) / 16 * 17 + 64;
  }

  bool is_blank_line(const char* p) const {
    while (is_padding(*p, delimiter_) || (*p == '\r' && p[1] == '\n')) ++p;
    return *p == '\n';
  }

  void report_progress(const char* p) {
    if (!progress_ || p - last_report_ < kProgressBytes) return;
    last_report_ = p;
    if (!progress_(static_cast<std::uint64_t>(p - text_.begin), static_cast<std::uint64_t>(text_.end - text_.begin)))
      throw Error(Fault::interrupted, "reading " + options_.path.string(), "stopped on request");
  }

  // A reader of some lines, with the columns as they are planned. No problem that it finds is told: then one walks over the whole text.
  Reader(const Reader& whole, Text piece)
      : text_(piece),
        options_(whole.options_),
        progress_(kSilent),
        delimiter_(whole.delimiter_),
        missing_(whole.missing_),
        body_(piece.begin) {
    const std::size_t expected = expected_rows();
    columns_.reserve(whole.columns_.size());
    for (const CsvColumn& column : whole.columns_) columns_.emplace_back(column.name(), column.state(), expected, &whole.reading_);
  }

  // Lines up to about kPieceBytes together. What is read does not depend on where the pieces end.
  std::vector<Reader> pieces() const {
    std::vector<Reader> list;
    for (const char* begin = body_; begin < text_.end;) {
      const char* end = text_.end;
      if (end - begin > kPieceBytes) {
        const auto* line =
            static_cast<const char*>(std::memchr(begin + kPieceBytes, '\n', static_cast<std::size_t>(end - begin - kPieceBytes)));
        if (line != nullptr) end = line + 1;
      }
      list.push_back(Reader(*this, {begin, end}));
      begin = end;
    }
    return list;
  }

  // Several threads read the pieces of a large text. False where that cannot tell everything that one walk tells: quotes may hold line
  // breaks, problems name lines, and a column's type may hang on all of it.
  bool walk_in_pieces() {
    const auto size = static_cast<std::size_t>(std::max<std::ptrdiff_t>(text_.end - body_, 0));
    const unsigned threads = std::min(8u, std::thread::hardware_concurrency());
    if (threads < 2 || size < 4 * kPieceBytes || std::memchr(body_, '"', size) != nullptr) return false;
    std::vector<Reader> parts = pieces();
    std::atomic<bool> stop{false};
    last_report_ = text_.begin;
    in_parallel(threads, parts.size(), [&](std::size_t i, bool is_caller) {
      if (stop) return;
      parts[i].walk();
      if (!parts[i].problems_.empty()) stop = true;
      if (is_caller && !told(parts[i].text_.end)) stop = true;
    });
    if (!stop) told(text_.end);
    if (interrupted_) throw Error(Fault::interrupted, "reading " + options_.path.string(), "stopped on request");
    return !stop && joined_columns(threads, parts);
  }

  bool told(const char* p) {
    try {
      report_progress(p);
    } catch (const Error&) {
      interrupted_ = true;
    }
    return !interrupted_;
  }

  bool joined_columns(unsigned threads, std::vector<Reader>& parts) {
    std::vector<CsvColumn> whole;
    const std::size_t none = 0;
    for (const CsvColumn& column : columns_) whole.emplace_back(column.name(), column.state(), none, &reading_);
    std::atomic<bool> good{true};
    in_parallel(threads, whole.size(), [&](std::size_t c, bool) {
      std::vector<CsvColumn*> same;
      for (Reader& part : parts) same.push_back(&part.columns_[c]);
      if (!whole[c].join(same)) good = false;
    });
    if (!good) return false;
    columns_ = std::move(whole);
    rows_ = blank_lines_ = 0;
    for (const Reader& part : parts) {
      rows_ += part.rows_;
      blank_lines_ += part.blank_lines_;
      missing_.add(part.missing_);
    }
    return true;
  }

  // task(i, is_caller) for all i < count, on that many threads, the calling one among them. What a task throws comes out here.
  template <class Task>
  static void in_parallel(unsigned threads, std::size_t count, const Task& task) {
    std::atomic<std::size_t> next{0};
    const auto work = [&](bool is_caller) {
      for (std::size_t i; (i = next.fetch_add(1)) < count;) task(i, is_caller);
    };
    std::vector<std::future<void>> others;
    for (unsigned t = 1; t < std::min<std::size_t>(threads, count); ++t) others.push_back(std::async(std::launch::async, work, false));
    work(true);
    for (std::future<void>& other : others) other.get();
  }

  void walk() {
    const std::int64_t first_line = line_;
    rows_ = blank_lines_ = 0;
    last_report_ = text_.begin;
    for (const char* p = body_; p < text_.end; ++line_) {
      report_progress(p);
      if (is_blank_line(p)) {
        ++blank_lines_;
        p = find_cell_end(p, '\n') + 1;
        continue;
      }
      ++rows_;
      p = read_row(p);
      if (problems_.size() >= kProblemsListed) {
        problem("", "and perhaps more: reading stopped here", "", rows_, line_);
        break;
      }
    }
    line_ = first_line;
  }

  // Reads one row and gives the first byte of the next.
  const char* read_row(const char* p) {
    const std::size_t last = columns_.size() - 1;
    const bool fast = !missing_.any_number();
    for (std::size_t c = 0;; ++c) {
      CsvColumn& column = columns_[c];
      CsvNumber number;
      const char* after = nullptr;
      if (fast && column.takes_numbers()) {
        after = read_number(p, number);
        if (after != nullptr && *after == '\r' && after[1] == '\n') ++after;
        if (after != nullptr && *after != delimiter_ && *after != '\n') after = nullptr;
      }
      if (after != nullptr) {
        column.take_number(number);
        p = after;
      } else {
        const std::int64_t line = line_;
        const CsvCell cell = read_cell(p, text_.end, delimiter_, scratch_);
        line_ += cell.newlines;
        p = cell.after;
        if (cell.fault != nullptr) {
          problem("", fmt::format("column '{}': {}", column.name(), cell.fault), "write a quote inside quotes twice", rows_, line);
          return find_cell_end(p, '\n') + 1;
        }
        if (column.state() != State::skipped && column.state() != State::reread) {
          if (!column.take(cell.text, missing_, rows_, line, fault_)) {
            problem(fault_.key, fault_.message, fault_.mend, rows_, line);
            fault_ = {};
          }
        }
      }
      if (*p == '\n') {
        if (c != last) ragged(c + 1);
        return p + 1;
      }
      if (c == last) return too_many(p, c + 1);
      ++p;
    }
  }

  void ragged(std::size_t cells) {
    problem("", fmt::format("{} {}, but the header has {}", cells, cells == 1 ? "cell" : "cells", columns_.size()),
            "mend that line: a cell with the delimiter in it needs quotes", rows_, line_);
  }

  const char* too_many(const char* p, std::size_t cells) {
    const std::int64_t first_line = line_;
    while (*p != '\n') {
      const CsvCell cell = read_cell(p + 1, text_.end, delimiter_, scratch_);
      line_ += cell.newlines;
      p = cell.after;
      ++cells;
    }
    const std::int64_t last_line = std::exchange(line_, first_line);
    ragged(cells);
    line_ = last_line;
    return p + 1;
  }

  // A second walk for number columns that turned out to hold text: what was read before was not kept.
  void reread_texts(const MissingTokens& fresh) {
    const auto needs = [](const CsvColumn& c) { return c.state() == State::reread; };
    if (std::none_of(columns_.begin(), columns_.end(), needs)) return;
    std::vector<CsvColumn> all = std::move(columns_);
    columns_.clear();
    for (CsvColumn& column : all)
      columns_.push_back(needs(column) ? std::move(column) : CsvColumn(column.name(), State::skipped, 0, nullptr));
    for (CsvColumn& column : columns_)
      if (needs(column)) column.begin_reread();
    missing_ = fresh;
    walk();
    for (std::size_t i = 0; i < all.size(); ++i)
      if (columns_[i].state() == State::skipped) columns_[i] = std::move(all[i]);
    if (!problems_.empty()) refuse(options_, std::move(problems_));
  }

  Text text_;
  const CsvOptions& options_;
  const ReadProgress& progress_;
  char delimiter_;
  MissingTokens missing_;
  TimeReading reading_;
  std::vector<std::string> names_, notes_;
  std::vector<CsvColumn> columns_;
  std::vector<ReadProblem> problems_;
  const char* body_ = nullptr;
  const char* last_report_ = nullptr;
  std::int64_t line_ = 1, rows_ = 0, blank_lines_ = 0;
  bool interrupted_ = false;
  std::string scratch_;
  ReadProblem fault_;
};

std::string padded(std::string text) {
  text += '\n';
  text.append(MappedFile::kPadding - 1, '\0');
  return text;
}

Text whole(const std::string& padded_text) { return {padded_text.data(), padded_text.data() + padded_text.size() - MappedFile::kPadding}; }

}  // namespace

const std::vector<std::string>& default_missing() {
  static const std::vector<std::string> kTokens{"", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "ND", ".", "-", "?"};
  return kTokens;
}

ReadError::ReadError(std::string tried, std::vector<ReadProblem> problems)
    : Error(Fault::data, std::move(tried), joined(problems), first_mend(problems)), problems_(std::move(problems)) {}

CsvTable parse_csv(std::string_view text, const CsvOptions& options, const ReadProgress& progress) {
  const std::string copy = padded(std::string(text));
  return Reader(whole(copy), options, progress).read();
}

CsvTable read_csv(const CsvOptions& options, const ReadProgress& progress) {
  const MappedFile file(options.path);
  const std::string_view bytes = file.text();
  // The hash is taken beside the parsing.
  auto hash = std::async(std::launch::async, [bytes] { return sha256_hex(bytes); });
  CsvTable table;
  if (is_gzip(bytes)) {
    const std::string text = padded(unpack_gzip(bytes, options.path, progress));
    table = Reader(whole(text), options, progress).read();
  } else {
    table = Reader({bytes.data(), bytes.data() + bytes.size()}, options, progress).read();
  }
  table.content_hash = hash.get();
  return table;
}

std::vector<std::string> read_csv_header(const std::filesystem::path& path, char delimiter) {
  const MappedFile file(path);
  const std::string_view bytes = file.text();
  CsvOptions options;
  options.path = path;
  options.delimiter = delimiter;
  const ReadProgress none;
  if (!is_gzip(bytes)) return Reader({bytes.data(), bytes.data() + bytes.size()}, options, none).header();
  const std::string text = padded(unpack_gzip(bytes, path, none));
  return Reader(whole(text), options, none).header();
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
