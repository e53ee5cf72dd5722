#include "data/csv_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "data/csv_cell.hpp"
#include "data/encoding.hpp"
#include "data/mapped_file.hpp"

namespace assay::data {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::size_t kLinesSeen = 50;

[[noreturn]] void refuse(const CsvOptions& options, ReadProblem problem) {
  throw ReadError("reading " + options.path.string(), {std::move(problem)});
}

std::string_view view(const CsvText& text) { return {text.begin, static_cast<std::size_t>(text.end - text.begin)}; }

void own(CsvText& text, std::string content) {
  text.owned = with_padding(std::move(content));
  text.begin = text.owned.data();
  text.end = text.begin + text.owned.size() - MappedFile::kPadding;
}

// What the byte-order mark says; empty where there is none.
const char* marked_encoding(std::string_view bytes) {
  if (bytes.starts_with(kUtf8Mark)) return "utf-8";
  if (bytes.starts_with(std::string_view("\xFF\xFE\0\0", 4)) || bytes.starts_with(std::string_view("\0\0\xFE\xFF", 4))) return "utf-32";
  return bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF") ? "utf-16" : "";
}

// In UTF-16 without a mark, the zeros of plain letters stand at even or at odd places alone.
ReadProblem zeros(std::string_view start) {
  std::array<std::size_t, 2> zeros{};
  for (std::size_t i = 0; i < start.size(); ++i) zeros[i % 2] += start[i] == '\0' ? 1 : 0;
  const bool even = zeros[0] > start.size() / 4 && zeros[1] == 0, odd = zeros[1] > start.size() / 4 && zeros[0] == 0;
  if (!even && !odd) return {"path", 0, 0, "the file is no UTF-8 text (UTF-16, or not text at all)", "save it as UTF-8"};
  return {"encoding", 0, 0, "the file is no UTF-8 text: it looks like UTF-16",
          fmt::format("write encoding: {}", even ? "utf-16be" : "utf-16le")};
}

void decode(CsvText& text, const CsvOptions& options) {
  const std::string_view bytes = view(text), start = bytes.substr(0, 4096);
  const std::string marked = marked_encoding(bytes);
  std::string encoding = options.encoding;
  if (encoding.empty()) {
    if (marked.empty() && start.find('\0') != std::string_view::npos) refuse(options, zeros(start));
    if (marked.starts_with("utf-16") || marked == "utf-32") {
      encoding = marked;
      text.notes.push_back(fmt::format("the file is {}, as its byte-order mark says", marked == "utf-16" ? "UTF-16" : "UTF-32"));
    }
  } else if (!marked.empty() && is_utf8_name(encoding) != (marked == "utf-8")) {
    if (marked == "utf-8" || is_utf8_name(encoding))
      refuse(options, {"encoding", 0, 0, fmt::format("the file begins with the byte-order mark of {}, not of {}", marked, encoding),
                       "remove `encoding`: the mark says it"});
  }
  if (!encoding.empty() && !is_utf8_name(encoding)) {
    std::string content;
    content.reserve(bytes.size() + bytes.size() / 8);
    const auto read = append_as_utf8(bytes, encoding, content);
    if (!read)
      refuse(options, {"encoding", 0, 0, fmt::format("there is no encoding '{}'", options.encoding),
                       "write a name such as latin-1, windows-1250, utf-16le or shift_jis; `iconv -l` lists all"});
    if (*read != bytes.size())
      refuse(options,
             {"encoding", 0, 1 + std::count(content.begin(), content.end(), '\n'),
              fmt::format("the file is not written in {}: its byte {} does not fit", encoding, *read + 1), "state another `encoding`"});
    own(text, std::move(content));
  }
  if (view(text).starts_with(kUtf8Mark)) text.begin += kUtf8Mark.size();
}

// Files of old spreadsheets end their lines with a carriage return alone.
void mend_line_ends(CsvText& text) {
  const std::size_t first = view(text).find_first_of("\r\n");
  if (first == std::string_view::npos || text.begin[first] != '\r' || text.begin[first + 1] == '\n') return;
  std::string content(view(text));
  for (std::size_t i = 0; i < content.size(); ++i)
    if (content[i] == '\r' && (i + 1 == content.size() || content[i + 1] != '\n')) content[i] = '\n';
  own(text, std::move(content));
}

void skip_above(CsvText& text, const CsvOptions& options) {
  for (std::size_t i = 0; i < options.skip_lines; ++i) {
    const std::size_t line = view(text).find('\n');
    if (line == std::string_view::npos)
      refuse(options, {"skip_lines", 0, 0, fmt::format("the file has no more than {} lines", i + 1), "skip fewer lines"});
    text.begin += line + 1;
    ++text.first_line;
  }
}

void skip_below(CsvText& text, const CsvOptions& options) {
  const auto blank = [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; };
  for (std::size_t i = 0; i < options.skip_trailer; ++i) {
    while (text.end > text.begin && blank(text.end[-1])) --text.end;
    const std::size_t line = view(text).rfind('\n');
    if (line == std::string_view::npos)
      refuse(options, {"skip_trailer", 0, 0, fmt::format("the table has no more than {} lines", i + 1), "skip fewer lines"});
    text.end = text.begin + line;
  }
}

// The lines that tell how a file is written: their number of each sign outside quotes.
using Counts = std::array<int, 256>;
struct Sample {
  std::vector<Counts> signs;
  std::vector<std::vector<std::string_view>> words;  // between blanks
};

Sample take_sample(std::string_view text) {
  Sample sample;
  Counts counts{};
  std::vector<std::string_view> words;
  bool quoted = false, in_word = false;
  std::size_t word = 0;
  for (std::size_t i = 0; i <= text.size() && sample.signs.size() < kLinesSeen; ++i) {
    const char c = i < text.size() ? text[i] : '\n';
    const bool gap = !quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
    if (c == '"') quoted = !quoted;
    if (gap && in_word) words.push_back(text.substr(word, i - word));
    if (!gap && !in_word) word = i;
    in_word = !gap;
    if (!quoted) ++counts[static_cast<unsigned char>(c)];
    if (c != '\n' || quoted) continue;
    if (!words.empty()) sample.signs.push_back(counts), sample.words.push_back(std::move(words));
    counts = {}, words = {};
  }
  return sample;
}

bool between_blanks(const Sample& sample) {
  const std::size_t cells = sample.words.front().size();
  if (cells < 2 || sample.words.size() < 2) return false;
  std::size_t numbers = 0, all = 0;
  for (std::size_t line = 1; line < sample.words.size(); ++line) {
    if (sample.words[line].size() != cells) return false;
    for (const std::string_view word : sample.words[line]) {
      ++all;
      numbers += word.find_first_of("0123456789") < 2 ? 1 : 0;
    }
  }
  return 2 * numbers >= all;
}

// The sign that the most lines have equally often. Where several do, a comma is the last to be taken: it may stand before decimals.
char find_delimiter(std::string_view text) {
  const Sample sample = take_sample(text);
  if (sample.signs.empty()) return ',';
  char best = ',';
  int most = 0;
  for (const char candidate : {'\t', ';', '|', ','}) {
    std::map<int, int> lines;
    for (const Counts& counts : sample.signs) {
      const int count = counts[static_cast<unsigned char>(candidate)];
      const int agreeing = count == 0 ? 0 : ++lines[count];
      if (agreeing > most) most = agreeing, best = candidate;
    }
  }
  const bool in_first = sample.signs.front()[static_cast<unsigned char>(best)] != 0;
  return (most < 2 || !in_first) && between_blanks(sample) ? ' ' : best;
}

// Cells between any number of blanks become cells between tabs.
std::string with_tabs(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  const auto line_end = [&](std::size_t i) {
    return i >= text.size() || text[i] == '\n' || (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
  };
  bool at_start = true;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t next = i;
    while (next < text.size() && blank(text[next])) ++next;
    if (next != i) {
      if (!at_start && !line_end(next)) result += '\t';
      i = next;
    } else if (text[i] == '"' && (at_start || result.back() == '\t')) {
      do next = text.find('"', next + 1);
      while (next < text.size() && next + 1 < text.size() && text[next + 1] == '"' && ++next != 0);
      next = std::min(next, text.size() - 1) + 1;
      result.append(text, i, next - i);
      at_start = false;
      i = next;
    } else {
      at_start = text[i] == '\n';
      result += text[i++];
    }
  }
  return result;
}

enum class Vote { none, point, comma };

// Which decimal mark a cell shows. "1,234" shows none: the comma may stand between thousands.
Vote vote(std::string_view cell) {
  if (!cell.empty() && (cell.front() == '-' || cell.front() == '+')) cell.remove_prefix(1);
  if (cell.empty() || cell.find_first_not_of("0123456789.,") != std::string_view::npos) return Vote::none;
  const auto commas = std::count(cell.begin(), cell.end(), ','), points = std::count(cell.begin(), cell.end(), '.');
  if (commas + points == 0) return Vote::none;
  const std::size_t last = cell.find_last_of(".,");
  const bool comma = cell[last] == ',';
  if (commas != 0 && points != 0) return (comma ? commas : points) == 1 ? (comma ? Vote::comma : Vote::point) : Vote::none;
  if (commas > 1) return Vote::point;
  if (points > 1) return Vote::none;  // a date, perhaps
  const bool thousands = cell.size() - last == 4 && last > 0 && last < 4 && cell.front() != '0';
  return thousands ? Vote::none : comma ? Vote::comma : Vote::point;
}

// Stated, or implied by what stands between thousands; else a comma where the first lines show no number with a point, and commas do not
// stand between cells.
void find_decimal(CsvText& text, const CsvOptions& options) {
  text.decimal = options.decimal != '\0' ? options.decimal : options.thousands == '.' ? ',' : '.';
  text.decimal_is_stated = options.decimal != '\0' || options.thousands == '.' || options.thousands == ',';
  text.decimal_is_known = text.decimal_is_stated;
  if (text.decimal_is_known) return;
  std::array<int, 3> votes{};
  const char* p = text.begin;
  std::string scratch;
  for (std::size_t line = 0; line < kLinesSeen && p < text.end; ++line) {
    for (;; ++p) {
      const CsvCell cell = read_cell(p, text.end, text.delimiter, scratch);
      ++votes[static_cast<std::size_t>(vote(cell.text))];
      p = cell.after;
      if (*p != text.delimiter) break;
    }
    ++p;
  }
  const int points = votes[static_cast<std::size_t>(Vote::point)], commas = votes[static_cast<std::size_t>(Vote::comma)];
  if (points != 0 && commas == 0) text.decimal_is_known = true;
  if (commas == 0 || points != 0 || text.delimiter == ',') return;
  text.decimal = ',';
  text.decimal_is_known = true;
  text.notes.push_back("numbers are read with a decimal comma");
}

}  // namespace

std::string with_padding(std::string text) {
  text += '\n';
  text.append(MappedFile::kPadding - 1, '\0');
  return text;
}

bool is_blank_line(const char* p, char delimiter) {
  while (is_padding(*p, delimiter) || (*p == '\r' && p[1] == '\n')) ++p;
  return *p == '\n';
}

CsvLine look_at_line(const char* p, const char* end, char delimiter) {
  CsvLine line;
  std::string scratch;
  for (;; ++p) {
    const CsvCell cell = read_cell(p, end, delimiter, scratch);
    ++line.cells;
    line.last_is_empty = cell.text.empty();
    if (cell.fault != nullptr) {
      line.is_sound = false;
      line.next = find_cell_end(cell.after == end ? p : cell.after, '\n') + 1;  // a quote that is never closed breaks its own line alone
      return line;
    }
    p = cell.after;
    if (*p != delimiter) break;
  }
  line.next = p + 1;
  return line;
}

void prepare_text(std::string_view bytes, const CsvOptions& options, CsvText& text) {
  text.begin = bytes.data();
  text.end = bytes.data() + bytes.size();
  decode(text, options);
  mend_line_ends(text);
  skip_above(text, options);
  char told = '\0';
  if (const std::string_view start = view(text).substr(0, 6); start.starts_with("sep=") && start.size() > 4) {
    // A first line by which spreadsheets tell their delimiter.
    const std::size_t line = view(text).find('\n');
    if (line == 5 || (line == 6 && start[5] == '\r')) {
      told = start[4];
      text.begin += line + 1;
      ++text.first_line;
    }
  }
  skip_below(text, options);
  text.delimiter = options.delimiter != '\0' ? options.delimiter : told != '\0' ? told : find_delimiter(view(text));
  if (text.delimiter == ' ') {
    own(text, with_tabs(view(text)));
    text.delimiter = '\t';
    if (options.delimiter == '\0') text.notes.push_back("cells are taken to stand between blanks");
  }
  find_decimal(text, options);
}

}  // namespace assay::data
