#include "config/document.hpp"

#include <yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "base/text.hpp"

namespace assay::config {

namespace {

// Owns libyaml's parser and the event in hand.
class Events {
 public:
  explicit Events(std::string_view text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Events() {
    drop();
    yaml_parser_delete(&parser_);
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  bool next() {
    drop();
    held_ = yaml_parser_parse(&parser_, &event_) != 0;
    return held_;
  }
  const yaml_event_t& event() const { return event_; }
  const yaml_parser_t& parser() const { return parser_; }

 private:
  void drop() {
    if (held_) yaml_event_delete(&event_);
    held_ = false;
  }
  yaml_parser_t parser_{};
  yaml_event_t event_{};
  bool held_ = false;
};

const char* text_of(const yaml_char_t* chars) { return reinterpret_cast<const char*>(chars); }

bool opens_more_than_it_closes(std::string_view text) {
  return std::count(text.begin(), text.end(), '(') > std::count(text.begin(), text.end(), ')');
}

std::string_view line_at(std::string_view text, std::size_t line_index) {
  for (; line_index > 0; --line_index) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

class Builder {
 public:
  Builder(std::string_view text, const std::string& file, Diagnostics& diagnostics, std::int64_t first_line, std::int64_t first_column)
      : text_(text), events_(text), file_(file), diagnostics_(diagnostics), first_line_(first_line), first_column_(first_column) {}

  std::optional<Node> build();

 private:
  Place place(const yaml_mark_t& from, const yaml_mark_t& to) const;
  Place place(const yaml_mark_t& at) const { return place(at, at); }
  bool advance();
  void syntax_error();
  bool explain_unclosed();
  void explain_character();
  void refuse_anchor_and_tag(const yaml_char_t* anchor, const yaml_char_t* tag, const Place& at);
  bool node(Node& into, int depth);
  bool list(Node& into, int depth);
  bool map(Node& into, int depth);
  bool entry(Node& map, std::set<std::string>& seen, int depth, Entry*& cut);
  void scalar(Node& into);
  void join_cut_items(Node& list);
  void cut_at_comma(const std::string& key, const std::string& whole, const Place& at, const char* brackets);

  std::string_view text_;
  Events events_;
  const std::string& file_;
  Diagnostics& diagnostics_;
  std::int64_t first_line_, first_column_;
  std::size_t nodes_ = 0;
};

Place Builder::place(const yaml_mark_t& from, const yaml_mark_t& to) const {
  Place at{file_, first_line_ + static_cast<std::int64_t>(from.line), static_cast<std::int64_t>(from.column) + 1, 1};
  if (from.line == 0) at.column += first_column_ - 1;
  if (to.line == from.line && to.column > from.column) at.length = static_cast<std::int64_t>(to.column - from.column);
  return at;
}

bool Builder::advance() {
  if (events_.next()) return true;
  syntax_error();
  return false;
}

bool Builder::explain_unclosed() {
  const yaml_parser_t& parser = events_.parser();
  const std::string_view context = parser.context == nullptr ? "" : parser.context;
  const std::string_view problem = parser.problem == nullptr ? "" : parser.problem;
  if (problem.find("unexpected end of stream") != std::string_view::npos || problem.find("document indicator") != std::string_view::npos) {
    diagnostics_.error(place(parser.context_mark), "the quote opened here is never closed", "close it with the same quote sign");
    return true;
  }
  const bool flow_list = context.find("flow sequence") != std::string_view::npos;
  if (!flow_list && context.find("flow mapping") == std::string_view::npos) return false;
  const std::string open = flow_list ? "[" : "{", close = flow_list ? "]" : "}";
  const std::string_view line = line_at(text_, parser.problem_mark.line);
  if (line.find("${") != std::string_view::npos) {
    diagnostics_.error(place(parser.problem_mark), "a text with ${...} inside " + open + close + " must be quoted",
                       "write it as \"${NAME}\"");
    return true;
  }
  const std::string where = ": line " + std::to_string(first_line_ + static_cast<std::int64_t>(parser.problem_mark.line)) +
                            " is reached without a '" + close + "' or a ','";
  diagnostics_.error(place(parser.context_mark), "the '" + open + "' opened here is never closed" + where,
                     "close it with '" + close + "'; an expression with a bracket or a comma inside " + open + close + " must be quoted");
  return true;
}

void Builder::explain_character() {
  const yaml_mark_t& mark = events_.parser().problem_mark;
  const std::string_view line = line_at(text_, mark.line);
  const std::size_t first = line.find_first_not_of(" \t");
  const std::string_view indent = line.substr(0, first == std::string_view::npos ? line.size() : first);
  if (const std::size_t tab = indent.find('\t'); tab != std::string_view::npos) {
    Place at = place(mark);
    at.column = static_cast<std::int64_t>(tab) + 1;
    diagnostics_.error(at, "a tab indents this line, YAML allows blanks only", "replace every leading tab with two blanks");
    return;
  }
  std::size_t at_byte = 0;
  for (std::size_t i = 0; i < mark.column && at_byte < line.size(); ++i) {
    do ++at_byte;
    while (at_byte < line.size() && (static_cast<unsigned char>(line[at_byte]) & 0xC0) == 0x80);
  }
  const std::string sign = at_byte < line.size() ? std::string(1, line[at_byte]) : std::string();
  if (sign == "\t") {
    diagnostics_.error(place(mark), "a tab stands where a blank must", "replace it with a blank");
  } else {
    diagnostics_.error(place(mark), "a text cannot begin with '" + sign + "' unless it is quoted", "put the text in quotes");
  }
}

void Builder::syntax_error() {
  const yaml_parser_t& parser = events_.parser();
  const std::string problem = parser.problem == nullptr ? "it is not YAML" : parser.problem;
  const auto says = [&](const char* words) { return problem.find(words) != std::string::npos; };
  if (parser.error == YAML_MEMORY_ERROR) {
    diagnostics_.error({file_, 0, 0, 1}, "there is not enough memory to read the file");
  } else if (parser.error == YAML_READER_ERROR) {
    diagnostics_.error(place(parser.mark), "a character that YAML does not allow: " + problem, "remove it");
  } else if (says("cannot start any token") || says("tab character")) {
    explain_character();
  } else if (explain_unclosed()) {
  } else if (says("mapping values are not allowed")) {
    diagnostics_.error(place(parser.problem_mark), "a ':' stands where none can",
                       "quote the text if the ':' belongs to it; else look at the indentation of this line");
  } else if (says("could not find expected ':'")) {
    diagnostics_.error(place(parser.context_mark), "a key without ': ' after it", "write `key: value`, with a blank after the colon");
  } else if (says("block entry") || says("block sequence entries")) {
    diagnostics_.error(place(parser.problem_mark), "a list item '- ' stands where none can", "look at the indentation of this line");
  } else if (says("did not find expected key") || says("expected <block end>") || says("did not find expected '-'")) {
    diagnostics_.error(place(parser.problem_mark), "this line is indented neither like its neighbours nor like the level above",
                       "keys of one level start in the same column");
  } else {
    diagnostics_.error(place(parser.problem_mark), "this is not YAML: " + problem, "look at the quotes, brackets and indentation here");
  }
}

void Builder::refuse_anchor_and_tag(const yaml_char_t* anchor, const yaml_char_t* tag, const Place& at) {
  if (anchor != nullptr) {
    diagnostics_.error(at, std::string("anchors such as &") + text_of(anchor) + " are not allowed in an experiment file",
                       "write the value where it is needed, or share it with `extends: base.yaml`");
  }
  if (tag != nullptr) {
    std::string name = text_of(tag);
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    if (name.starts_with(kCore)) name.replace(0, kCore.size(), "!!");
    diagnostics_.error(at, "tags such as " + name + " are not allowed in an experiment file",
                       "write the plain value; quotes make it a text");
  }
}

void Builder::scalar(Node& into) {
  const auto& event = events_.event();
  const auto& data = event.data.scalar;
  into.kind = Node::Kind::scalar;
  into.text.assign(text_of(data.value), data.length);
  into.quoted = data.style != YAML_PLAIN_SCALAR_STYLE;
  into.place = place(event.start_mark, event.end_mark);
  const bool own_tag = data.tag != nullptr && std::strcmp(text_of(data.tag), "!") != 0;
  refuse_anchor_and_tag(data.anchor, own_tag ? data.tag : nullptr, into.place);
}

bool Builder::node(Node& into, int depth) {
  const auto& event = events_.event();
  if (++nodes_ > kMaxNodes) {
    diagnostics_.error(place(event.start_mark), "the file holds more than " + std::to_string(kMaxNodes) + " values",
                       "an experiment file describes an experiment; keep tables in data files");
    return false;
  }
  const bool opens = event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT;
  if (opens && depth >= kMaxDepth) {
    diagnostics_.error(place(event.start_mark), "lists and maps stand inside each other more than " + std::to_string(kMaxDepth) + " deep",
                       "close the brackets; no key needs such depth");
    return false;
  }
  switch (event.type) {
    case YAML_SCALAR_EVENT:
      scalar(into);
      return true;
    case YAML_ALIAS_EVENT:
      into.broken = true;
      into.place = place(event.start_mark, event.end_mark);
      diagnostics_.error(into.place,
                         std::string("aliases such as *") + text_of(event.data.alias.anchor) + " are not allowed in an experiment file",
                         "write the value itself, quote a text that begins with '*', or share values with `extends: base.yaml`");
      return true;
    case YAML_SEQUENCE_START_EVENT:
      return list(into, depth);
    case YAML_MAPPING_START_EVENT:
      return map(into, depth);
    default:
      return false;
  }
}

void Builder::cut_at_comma(const std::string& key, const std::string& whole, const Place& at, const char* brackets) {
  diagnostics_.error(at,
                     std::string("a comma inside ") + brackets + " ends the value" + (key.empty() ? "" : " of '" + key + "'") +
                         ": an expression with a comma inside " + brackets + " must be quoted",
                     "write " + (key.empty() ? "" : key + ": ") + "\"" + whole + "\"");
}

// [lag(close, 1), x] comes as the items "lag(close", "1)" and "x".
void Builder::join_cut_items(Node& list) {
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    Node& first = list.items[i];
    if (first.kind != Node::Kind::scalar || first.quoted || !opens_more_than_it_closes(first.text)) continue;
    std::string whole = first.text;
    std::size_t last = i;
    while (opens_more_than_it_closes(whole) && last + 1 < list.items.size() && list.items[last + 1].kind == Node::Kind::scalar)
      whole += ", " + list.items[++last].text;
    if (last == i) continue;
    cut_at_comma("", whole, first.place, "[]");
    first.text = whole;
    first.broken = true;
    list.items.erase(list.items.begin() + static_cast<std::ptrdiff_t>(i) + 1, list.items.begin() + static_cast<std::ptrdiff_t>(last) + 1);
  }
}

bool Builder::list(Node& into, int depth) {
  const auto& start = events_.event();
  into.kind = Node::Kind::list;
  into.place = place(start.start_mark, start.end_mark);
  refuse_anchor_and_tag(start.data.sequence_start.anchor, start.data.sequence_start.tag, into.place);
  const bool flow = start.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
  const yaml_mark_t from = start.start_mark;
  while (advance()) {
    if (events_.event().type == YAML_SEQUENCE_END_EVENT) {
      if (flow) into.place = place(from, events_.event().end_mark);
      if (flow) join_cut_items(into);
      return true;
    }
    into.items.emplace_back();
    if (!node(into.items.back(), depth + 1)) return false;
  }
  return false;
}

// `cut` is the entry whose plain value has an open bracket, or null: the keys without values after it are its cut-off rest.
bool Builder::entry(Node& map, std::set<std::string>& seen, int depth, Entry*& cut) {
  Entry fresh;
  Node key;
  if (!node(key, depth + 1)) return false;
  fresh.key = key.text;
  fresh.key_place = key.place;
  if (key.kind != Node::Kind::scalar && !key.broken) diagnostics_.error(key.place, "a key must be a plain word", "write `key: value`");
  if (!advance() || !node(fresh.value, depth + 1)) return false;
  const auto& event = events_.event();
  const bool empty = event.type == YAML_SCALAR_EVENT && fresh.value.text.empty() && !fresh.value.quoted;
  // An empty value's own mark is that of the next token, often a line further down.
  if (empty) fresh.value.place = fresh.key_place;
  if (key.kind != Node::Kind::scalar || key.broken) return true;
  if (cut != nullptr && empty) {
    cut->value.text += ", " + fresh.key;
    if (!opens_more_than_it_closes(cut->value.text)) {
      cut->value.broken = true;
      cut_at_comma(cut->key, cut->value.text, cut->value.place, "{}");
      cut = nullptr;
    }
    return true;
  }
  if (!seen.insert(fresh.key).second) {
    const Place& before = map.find(fresh.key)->key_place;
    diagnostics_.error(fresh.key_place,
                       "the key '" + fresh.key + "' stands twice: it is in line " + std::to_string(before.line) + ", column " +
                           std::to_string(before.column) + " already",
                       "keep one of the two");
    return true;
  }
  map.entries.push_back(std::move(fresh));
  const Node& value = map.entries.back().value;
  cut = value.kind == Node::Kind::scalar && !value.quoted && opens_more_than_it_closes(value.text) ? &map.entries.back() : nullptr;
  return true;
}

bool Builder::map(Node& into, int depth) {
  const auto& start = events_.event();
  into.kind = Node::Kind::map;
  into.place = place(start.start_mark, start.end_mark);
  refuse_anchor_and_tag(start.data.mapping_start.anchor, start.data.mapping_start.tag, into.place);
  const bool flow = start.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
  const yaml_mark_t from = start.start_mark;
  std::set<std::string> seen;
  Entry* cut = nullptr;
  while (advance()) {
    if (events_.event().type == YAML_MAPPING_END_EVENT) {
      if (flow) into.place = place(from, events_.event().end_mark);
      if (!flow && !into.entries.empty()) into.place = into.entries.front().key_place;
      return true;
    }
    if (!entry(into, seen, depth, cut)) return false;
    if (!flow) cut = nullptr;
  }
  return false;
}

std::optional<Node> Builder::build() {
  if (!advance() || !advance()) return std::nullopt;  // the stream's start, the document's start
  if (events_.event().type == YAML_STREAM_END_EVENT) {
    diagnostics_.error({file_, 0, 0, 1}, "the file is empty", "an experiment file begins with `assay: 1`");
    return std::nullopt;
  }
  const auto* version = events_.event().data.document_start.version_directive;
  if (version != nullptr && (version->major != 1 || version->minor != 2)) {
    diagnostics_.error(
        place(events_.event().start_mark),
        "an experiment file is YAML 1.2, this one says " + std::to_string(version->major) + "." + std::to_string(version->minor),
        "remove the %YAML line");
  }
  Node root;
  if (!advance() || !node(root, 0)) return std::nullopt;
  if (!advance() || !advance()) return std::nullopt;  // the document's end
  if (events_.event().type != YAML_STREAM_END_EVENT) {
    diagnostics_.error(place(events_.event().start_mark, events_.event().end_mark),
                       "a second document begins here; a file holds one experiment", "put it into a file of its own");
    return std::nullopt;
  }
  return root;
}

// libyaml would take other encodings and stop at the first odd byte without saying where it is; people need the place.
bool sound_characters(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  const auto place_of = [&](std::size_t byte) {
    const std::string_view before = text.substr(0, byte);
    const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return Place{file, 1 + std::count(before.begin(), before.end(), '\n'),
                 1 + static_cast<std::int64_t>(text::utf8_length(before.substr(line_start))), 1};
  };
  if (const auto bad = text::first_invalid_utf8(text)) {
    const bool utf16 = text.size() > 1 && (text.substr(0, 2) == "\xFF\xFE" || text.substr(0, 2) == "\xFE\xFF");
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(text[*bad]);
    diagnostics.error(place_of(*bad),
                      std::string("the file is not UTF-8: byte ") + std::to_string(*bad + 1) + " is 0x" + kHex[byte >> 4] +
                          kHex[byte & 15u] + (utf16 ? " (it looks like UTF-16)" : ""),
                      "save it as UTF-8");
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c >= 0x20 && c != 0x7F) || c == '\n' || c == '\r' || c == '\t') continue;
    diagnostics.error(place_of(i), "a control character (number " + std::to_string(c) + ") stands in the file", "remove it");
    return false;
  }
  return true;
}

}  // namespace

bool Node::is_null() const {
  return kind == Kind::scalar && !quoted && (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

const Entry* Node::find(std::string_view key) const {
  const auto at = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return at == entries.end() ? nullptr : &*at;
}

Entry* Node::find(std::string_view key) { return const_cast<Entry*>(std::as_const(*this).find(key)); }

std::optional<Node> parse_document(std::string_view text, const std::string& file, Diagnostics& diagnostics, std::int64_t first_line,
                                   std::int64_t first_column) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!sound_characters(text, file, diagnostics)) return std::nullopt;
  return Builder(text, file, diagnostics, first_line, first_column).build();
}

std::optional<std::string> read_text_file(const std::filesystem::path& path, const Place& asked_from, Diagnostics& diagnostics) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) {
    diagnostics.error(asked_from, "there is no file '" + path.string() + "'",
                      "look at the spelling; paths are relative to the file they stand in");
    return std::nullopt;
  }
  if (std::filesystem::is_directory(status)) {
    diagnostics.error(asked_from, "'" + path.string() + "' is a folder", "name the experiment file in it");
    return std::nullopt;
  }
  std::ifstream stream(path, std::ios::binary);
  std::string text;
  std::vector<char> block(1u << 16);
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())) || stream.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMaxFileBytes) {
      diagnostics.error(asked_from, "'" + path.string() + "' is larger than 16 MB",
                        "an experiment file is a page or two; is this a data file?");
      return std::nullopt;
    }
  }
  if (!stream.eof()) {
    diagnostics.error(asked_from, "'" + path.string() + "' cannot be read: " + std::strerror(errno), "look at its permissions");
    return std::nullopt;
  }
  return text;
}

namespace {

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

std::optional<Value> resolve_based(std::string_view digits, std::string_view allowed, unsigned bits) {
  if (!all_of(digits, allowed)) return std::nullopt;
  std::uint64_t whole = 0;
  double real = 0;
  for (const char c : digits) {
    const auto digit = static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    real = real * static_cast<double>(1u << bits) + digit;
    whole = (whole << bits) | digit;
  }
  if (real >= 9.2e18) return Value{real};
  return Value{static_cast<std::int64_t>(whole)};
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
std::optional<double> core_real(std::string_view text) {
  if (text.find_first_not_of("+-.0123456789eE") != std::string_view::npos) return std::nullopt;
  std::string plain(text.substr(text.front() == '+' ? 1 : 0));
  if (plain.empty() || (plain.front() == '-' && text.front() == '+')) return std::nullopt;
  return text::to_real(plain);
}

}  // namespace

Value resolve_scalar(std::string_view text, bool quoted) {
  if (quoted) return Value{std::string(text)};
  const auto is = [&](auto... words) { return ((text == words) || ...); };
  if (is("", "~", "null", "Null", "NULL")) return {};
  if (is("true", "True", "TRUE")) return Value{true};
  if (is("false", "False", "FALSE")) return Value{false};
  if (is(".nan", ".NaN", ".NAN")) return Value{std::numeric_limits<double>::quiet_NaN()};
  if (is(".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF")) return Value{std::numeric_limits<double>::infinity()};
  if (is("-.inf", "-.Inf", "-.INF")) return Value{-std::numeric_limits<double>::infinity()};
  if (text.starts_with("0x")) {
    if (const auto value = resolve_based(text.substr(2), "0123456789abcdefABCDEF", 4)) return *value;
  }
  if (text.starts_with("0o")) {
    if (const auto value = resolve_based(text.substr(2), "01234567", 3)) return *value;
  }
  if (const auto whole = text::to_integer(text)) return Value{*whole};
  if (all_of(text.substr(text.starts_with("-") || text.starts_with("+") ? 1 : 0), "0123456789"))
    return Value{
        text::to_real(text).value_or(text.starts_with("-") ? -std::numeric_limits<double>::max() : std::numeric_limits<double>::max())};
  if (const auto real = core_real(text)) return Value{*real};
  return Value{std::string(text)};
}

}  // namespace assay::config
