#include "cli/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace assay::cli {

namespace {
constexpr std::size_t kLabel = 12;  // "calibration "
}

std::string count(double value) {
  std::string digits = fmt::format("{:.0f}", std::abs(value));
  for (auto place = static_cast<std::ptrdiff_t>(digits.size()) - 3; place > 0; place -= 3)
    digits.insert(static_cast<std::size_t>(place), 1, ',');
  return value < 0 ? fmt::format("-{}", digits) : digits;
}

// Decimals that show `value` to four digits, or, for a difference, two; few where the numbers are large.
int decimals(const Json& value, int digits) {
  if (value.is_null()) return 0;
  const double size = std::abs(value.get<double>());
  if (size == 0) return 0;
  if (size >= 1000) return 1;
  if (size >= 10) return 3;
  return std::clamp(digits - 1 - static_cast<int>(std::floor(std::log10(size))), 5, 9);
}

std::string fixed(const Json& json, int places, bool sign) {
  if (json.is_null()) return "n/a";
  const std::string text = sign ? fmt::format("{:+.{}f}", json.get<double>(), places) : fmt::format("{:.{}f}", json.get<double>(), places);
  const bool zero = text.find_first_not_of("+-0.") == std::string::npos;
  return zero ? text.substr(text[0] == '+' || text[0] == '-' ? 1 : 0) : text;
}

std::string number(const Json& json) { return fixed(json, decimals(json, 4)); }

std::string brief(double value) {
  const double size = std::abs(value);
  return size != 0 && (size < 1e-4 || size >= 1e6) ? fmt::format("{:.2e}", value) : fmt::format("{:.3g}", value);
}

// Columns as wide as their widest cell; the first is left-aligned, the others right-aligned. Where the line would be too long, columns go
// into a block below, under the first column again; `group` of them stay together from column `from` on.
std::string table(const std::vector<Row>& rows, std::size_t from, std::size_t group, const Console& console) {
  std::vector<std::size_t> width;
  for (const Row& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c == width.size()) width.push_back(0);
      width[c] = std::max(width[c], text::utf8_length(row[c]));
    }
  std::string out;
  for (std::size_t begin = 1; begin < width.size();) {
    std::size_t end = begin, wide = 2 + width[0];
    while (end < width.size()) {
      const std::size_t next = end < from ? std::min(from, width.size()) : std::min(end + group, width.size());
      std::size_t more = 0;
      for (std::size_t c = end; c < next; ++c) more += 2 + width[c];
      if (end > begin && wide + more > kColumns) break;
      wide += more;
      end = next;
    }
    for (std::size_t r = 0; r < rows.size(); ++r) {
      std::string line = "  " + rows[r][0] + std::string(width[0] - text::utf8_length(rows[r][0]), ' ');
      for (std::size_t c = begin; c < std::min(end, rows[r].size()); ++c)
        line += std::string(2 + width[c] - text::utf8_length(rows[r][c]), ' ') + rows[r][c];
      line.erase(line.find_last_not_of(' ') + 1);
      out += (r == 0 ? console.dim(line) : line) + "\n";
    }
    begin = end;
  }
  return out;
}

std::string long_table(const std::vector<Row>& rows) {
  std::vector<std::size_t> width;
  for (const Row& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c == width.size()) width.push_back(0);
      width[c] = std::max(width[c], text::utf8_length(row[c]));
    }
  std::string out;
  for (const Row& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c > 0) out.append(2 + width[c - 1] - text::utf8_length(row[c - 1]), ' ');
      out += row[c];
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

// "label       words ...", wrapped between words and indented below the first.
std::string labelled(const std::string& label, const std::string& words) {
  std::string out, line = "  " + label + std::string(label.size() < kLabel ? kLabel - label.size() : 1, ' ');
  const std::string indent(2 + kLabel, ' ');
  bool begun = false;
  for (const std::string_view word : text::split(words, ' ')) {
    if (begun && text::utf8_length(line) + 1 + text::utf8_length(word) > kColumns) {
      out += line + "\n";
      line = indent;
      begun = false;
    }
    if (begun) line += " ";
    line += word;
    begun = true;
  }
  return out + line + "\n";
}

}  // namespace assay::cli
