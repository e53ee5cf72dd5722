#include "config/diagnostics_printer.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/text.hpp"

namespace assay::config {

namespace {

constexpr std::size_t kMostShown = 250;
constexpr std::size_t kLineWidth = 150;  // characters of a source line; longer ones are cut around the caret

// The columns that a character takes on a terminal: 0 combining, 2 East Asian wide, else 1 (the larger blocks only).
int width(std::uint32_t c) {
  const auto in = [&](std::uint32_t low, std::uint32_t high) { return c >= low && c <= high; };
  if (in(0x300, 0x36F) || in(0x200B, 0x200F) || in(0xFE00, 0xFE0F) || c == 0xFEFF) return 0;
  if (in(0x1100, 0x115F) || in(0x2E80, 0xA4CF) || in(0xAC00, 0xD7A3) || in(0xF900, 0xFAFF) || in(0xFE30, 0xFE6F) || in(0xFF00, 0xFF60) ||
      in(0xFFE0, 0xFFE6) || in(0x1F300, 0x1FAFF) || in(0x20000, 0x3FFFD))
    return 2;
  return 1;
}

std::vector<std::uint32_t> characters(std::string_view text) {
  std::vector<std::uint32_t> points;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead >= 0xF0 ? 3u : lead >= 0xE0 ? 2u : lead >= 0xC2 ? 1u : 0u;
    std::uint32_t point = more == 0 ? lead : lead & (0x3Fu >> more);
    bool sound = lead < 0x80 || more > 0;
    for (std::size_t k = 1; k <= more && sound; ++k) {
      sound = i + k < text.size() && (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
      if (sound) point = (point << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3Fu);
    }
    const bool control = sound && (point < 0x20 || point == 0x7F) && point != '\t';  // never let a file steer the terminal
    points.push_back(sound && !control ? point : 0xFFFD);
    i += sound ? more + 1 : 1;
  }
  return points;
}

void append_utf8(std::uint32_t point, std::string& out) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0 | (point >> 6)), byte(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    byte(0xE0 | (point >> 12)), byte(0x80 | ((point >> 6) & 0x3F)), byte(0x80 | (point & 0x3F));
  } else {
    byte(0xF0 | (point >> 18)), byte(0x80 | ((point >> 12) & 0x3F)), byte(0x80 | ((point >> 6) & 0x3F)), byte(0x80 | (point & 0x3F));
  }
}

// As one reads the files: by line and column, the files as they were first named.
std::vector<const Diagnostic*> in_order(const Diagnostics& diagnostics) {
  std::vector<const Diagnostic*> items;
  std::map<std::string, std::size_t> file_rank;
  for (const Diagnostic& d : diagnostics.items()) {
    items.push_back(&d);
    file_rank.try_emplace(d.place.file, file_rank.size());
  }
  const auto place = [&](const Diagnostic& d) { return std::tuple(file_rank.at(d.place.file), d.place.line, d.place.column); };
  std::stable_sort(items.begin(), items.end(), [&](const auto* a, const auto* b) { return place(*a) < place(*b); });
  return items;
}

class Printer {
 public:
  explicit Printer(const PrintOptions& options) : options_(options) {}
  std::string text(const Diagnostics& diagnostics);

 private:
  void one(const Diagnostic& diagnostic);
  void source_line(const Place& place, const char* color);
  std::optional<std::string_view> line(const Place& place);
  std::string painted(const char* code, const std::string& text) const {
    return options_.color ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
  }

  struct File {
    std::string text;
    std::vector<std::size_t> starts;
  };
  const PrintOptions& options_;
  std::map<std::string, File> files_;
  std::string out_;
};

std::optional<std::string_view> Printer::line(const Place& place) {
  if (place.file.empty() || place.line <= 0) return std::nullopt;
  auto [at, fresh] = files_.try_emplace(place.file);
  File& file = at->second;
  if (fresh) {
    const bool known = options_.sources != nullptr && options_.sources->contains(place.file);
    Diagnostics ignored;
    if (known)
      file.text = options_.sources->at(place.file);
    else if (auto read = read_text_file(place.file, {}, ignored))
      file.text = std::move(*read);
    if (file.text.starts_with("\xEF\xBB\xBF")) file.text.erase(0, 3);
    file.starts.push_back(0);
    for (std::size_t i = 0; i < file.text.size(); ++i) {
      if (file.text[i] == '\n') file.starts.push_back(i + 1);
    }
  }
  const auto index = static_cast<std::size_t>(place.line - 1);
  if (file.text.empty() || index >= file.starts.size()) return std::nullopt;
  std::string_view rest = std::string_view(file.text).substr(file.starts[index]);
  rest = rest.substr(0, rest.find('\n'));
  if (!rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
  return rest;
}

void Printer::source_line(const Place& place, const char* color) {
  const auto source = line(place);
  if (!source) return;
  // 6 bytes bound a character, so that 10 MB on one line are not decoded for a caret at its start.
  const auto caret = static_cast<std::size_t>(std::max<std::int64_t>(place.column, 1) - 1);
  const std::vector<std::uint32_t> all = characters(source->substr(0, std::min(source->size(), (caret + kLineWidth) * 6)));
  const std::size_t from = caret + 20 > kLineWidth ? caret - std::min<std::size_t>(caret, 60) : 0;
  const std::size_t to = std::min(all.size(), from + kLineWidth);
  std::string shown = from > 0 ? "..." : "", under = from > 0 ? "   " : "";
  std::string marks;
  const auto length = static_cast<std::size_t>(std::max<std::int64_t>(place.length, 1));
  for (std::size_t i = from; i < to; ++i) {
    append_utf8(all[i], shown);
    const auto wide = static_cast<std::size_t>(all[i] == '\t' ? 1 : width(all[i]));
    if (i < caret)
      under += all[i] == '\t' ? std::string("\t") : std::string(wide, ' ');
    else if (i < caret + length)
      marks += std::string(wide, '^');
  }
  if (to < all.size()) shown += "...";
  if (marks.empty()) marks = "^";  // just behind the line's end
  const std::string number = std::to_string(place.line);
  const std::string margin(number.size(), ' ');
  out_ += "  " + painted("2", number + " | ") + shown + "\n";
  if (place.column > 0) out_ += "  " + painted("2", margin + " | ") + under + painted(color, marks) + "\n";
}

void Printer::one(const Diagnostic& d) {
  static constexpr std::array<const char*, 3> kNames{"note", "warning", "error"};
  static constexpr std::array<const char*, 3> kColors{"1;36", "1;33", "1;31"};
  const auto kind = static_cast<std::size_t>(d.severity);
  std::string where = d.place.file;
  if (d.place.line > 0) where += ":" + std::to_string(d.place.line);
  if (d.place.line > 0 && d.place.column > 0) where += ":" + std::to_string(d.place.column);
  if (!where.empty()) where += ": ";
  out_ += painted("1", where) + painted(kColors[kind], std::string(kNames[kind]) + ": ") + text::printable(d.message) + "\n";
  source_line(d.place, kColors[kind]);
  if (!d.doc.empty()) out_ += "    " + painted("2", "what it is: ") + text::printable(d.doc) + "\n";
  if (!d.mend.empty()) out_ += "    " + painted("32", "how to mend it: ") + text::printable(d.mend) + "\n";
}

std::string Printer::text(const Diagnostics& diagnostics) {
  const auto items = in_order(diagnostics);
  for (std::size_t i = 0; i < std::min(items.size(), kMostShown); ++i) one(*items[i]);
  if (items.size() > kMostShown) out_ += "... and " + std::to_string(items.size() - kMostShown) + " more\n";
  return std::move(out_);
}

}  // namespace

std::string diagnostics_text(const Diagnostics& diagnostics, const PrintOptions& options) { return Printer(options).text(diagnostics); }

std::string diagnostics_json(const Diagnostics& diagnostics) {
  static constexpr std::array<const char*, 3> kNames{"note", "warning", "error"};
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Diagnostic* d : in_order(diagnostics)) {
    list.push_back({{"severity", kNames[static_cast<std::size_t>(d->severity)]},
                    {"file", d->place.file},
                    {"line", d->place.line},
                    {"column", d->place.column},
                    {"length", d->place.length},
                    {"key", d->key},
                    {"message", d->message},
                    {"doc", d->doc},
                    {"mend", d->mend}});
  }
  return list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace assay::config
