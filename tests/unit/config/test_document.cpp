#include <limits>

#include "config/diagnostics_printer.hpp"
#include "config/document.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::config;

namespace {
Node parsed(const std::string& text) {
  Diagnostics diagnostics;
  auto root = parse_document(text, "f.yaml", diagnostics);
  INFO(diagnostics_text(diagnostics));
  REQUIRE(root);
  CHECK(diagnostics.items().empty());
  return *root;
}
}  // namespace

TEST_CASE("scalars follow the YAML 1.2 core schema") {
  // YAML 1.2.2, chapter 10.3, examples 10.8 and 10.9, and the words of YAML 1.1 that became texts.
  for (const char* text : {"", "~", "null", "Null", "NULL"}) CHECK(resolve_scalar(text, false).is_none());
  for (const char* text : {"true", "True", "TRUE"}) CHECK(resolve_scalar(text, false) == Value{true});
  CHECK(resolve_scalar("FALSE", false) == Value{false});
  for (const char* text :
       {"yes", "no", "on", "off", "y", "tRUE", "0b101", "1_000", "190:20:30", "0xFG", "0o8", ".", "+", "-", "1e", "e3", "+-1", "--1"})
    CHECK(resolve_scalar(text, false) == Value{std::string(text)});
  CHECK(resolve_scalar("0", false) == Value{std::int64_t{0}});
  CHECK(resolve_scalar("0o7", false) == Value{std::int64_t{7}});
  CHECK(resolve_scalar("0x3A", false) == Value{std::int64_t{58}});
  CHECK(resolve_scalar("-19", false) == Value{std::int64_t{-19}});
  CHECK(resolve_scalar("+12", false) == Value{std::int64_t{12}});
  CHECK(resolve_scalar("010", false) == Value{std::int64_t{10}});
  CHECK(resolve_scalar("0.", false) == Value{0.0});
  CHECK(resolve_scalar(".5", false) == Value{0.5});
  CHECK(resolve_scalar("-0.0", false) == Value{-0.0});
  CHECK(resolve_scalar("+12e03", false) == Value{12000.0});
  CHECK(resolve_scalar("-2E+05", false) == Value{-200000.0});
  CHECK(resolve_scalar("-.INF", false) == Value{-std::numeric_limits<double>::infinity()});
  CHECK(std::get<double>(resolve_scalar(".NAN", false).data) != std::get<double>(resolve_scalar(".NAN", false).data));
  CHECK(resolve_scalar("9223372036854775807", false) == Value{std::numeric_limits<std::int64_t>::max()});
  CHECK(resolve_scalar("9223372036854775808", false) == Value{9223372036854775808.0});
  CHECK(resolve_scalar("12", true) == Value{std::string("12")});
}

TEST_CASE("nodes know their places, counted in characters") {
  const Node root = parsed("\xEF\xBB\xBF# note\nn\xC3\xA4me: w\xC3\xB6rt\nlist:\n  - 'a b'\n  - {k: [1, 2]}\n");
  REQUIRE(root.entries.size() == 2);
  CHECK(root.entries[0].key == "n\xC3\xA4me");
  CHECK(root.entries[0].key_place.line == 2);
  CHECK(root.entries[0].value.place.column == 7);
  CHECK(root.entries[0].value.place.length == 4);
  const Node& list = root.entries[1].value;
  REQUIRE(list.items.size() == 2);
  CHECK(list.items[0].quoted);
  CHECK(list.items[0].place.line == 4);
  CHECK(list.items[0].place.length == 5);
  const Node& inner = list.items[1].entries[0].value;
  CHECK(inner.place.line == 5);
  CHECK(inner.place.column == 9);
  CHECK(inner.place.length == 6);
  CHECK(root.find("list") == &root.entries[1]);
  CHECK(root.find("none") == nullptr);
}

TEST_CASE("an empty value's place is its key, not the next line") {
  const Node root = parsed("a:\nb: 1\n");
  CHECK(root.entries[0].value.is_null());
  CHECK(root.entries[0].value.place.line == 1);
}

TEST_CASE("block texts and multi-line texts are taken whole") {
  const Node root = parsed("a: |\n  x\n  y\nb: one\n  two\nc: \"x\\ty\"\n");
  CHECK(root.entries[0].value.text == "x\ny\n");
  CHECK(root.entries[0].value.quoted);
  CHECK(root.entries[1].value.text == "one two");
  CHECK(root.entries[2].value.text == "x\ty");
}

TEST_CASE("texts written in flow style read back as they were") {
  for (const std::string text : {"plain",       "two words", "",     "true", "12", "1e3",      "a: b", "#x", "it's \"so\"", "tab\there",
                                 "line\nbreak", "${X}",      "null", "~",    "-",  "\xC3\xA4", "0x1F", "[a", "a,b",         "\x01"}) {
    Diagnostics diagnostics;
    const std::string written = "[" + quoted_if_needed(text) + "]";
    INFO(written);
    const auto root = parse_document(written, "f", diagnostics);
    REQUIRE(root);
    CHECK(resolve_scalar(root->items[0].text, root->items[0].quoted) == Value{text});
  }
  const Value value{
      List{Value{1.0}, Value{std::int64_t{1}}, Value{1e-300}, Value{true}, Value{}, Value{ComponentValue{"a.b", {{"x", Value{0.1}}}}}}};
  CHECK(to_text(value) == "[1.0, 1, 1e-300, true, null, {use: a.b, x: 0.1}]");
}

TEST_CASE("diagnostics are told in the order of the files' lines, files as they were first named, of one place as they came") {
  Diagnostics diagnostics;
  diagnostics.error({"b.yaml", 10, 1, 1}, "1");
  diagnostics.warning({"a.yaml", 2, 5, 1}, "2");
  diagnostics.error({"b.yaml", 9, 7, 1}, "3");
  diagnostics.error({"b.yaml", 9, 3, 1}, "4");
  diagnostics.note({"b.yaml", 9, 3, 1}, "5");
  diagnostics.error({"b.yaml", 0, 0, 1}, "6");
  diagnostics.error({"a.yaml", 1, 9, 1}, "7");
  std::string order, text = diagnostics_text(diagnostics);
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) order += text[text.find('\n', at) - 1];
  CHECK(order == "6453172");
  const std::string json = diagnostics_json(diagnostics);
  std::string of_json;
  for (auto at = json.find("\"message\": \""); at != std::string::npos; at = json.find("\"message\": \"", at + 1)) of_json += json[at + 12];
  CHECK(of_json == order);
}

TEST_CASE("the caret stands under the mistake, tabs and wide characters included") {
  SourceTexts sources{{"f.yaml", "a:\t\xE4\xB8\xAD\xE6\x96\x87 bad\n\x1b[31m\n"}};
  PrintOptions options;
  options.sources = &sources;
  Diagnostics diagnostics;
  diagnostics.error({"f.yaml", 1, 7, 3}, "wrong", "right it", "a", "what a is");
  CHECK(diagnostics_text(diagnostics, options) ==
        "f.yaml:1:7: error: wrong\n  1 | a:\t\xE4\xB8\xAD\xE6\x96\x87 bad\n    |   \t     ^^^\n    what it is: what a is\n    how to mend "
        "it: right it\n");
  Diagnostics escape;
  escape.warning({"f.yaml", 2, 1, 1}, "w");
  CHECK(diagnostics_text(escape, options).find('\x1b') == std::string::npos);
  options.color = true;
  CHECK(diagnostics_text(diagnostics, options).find("\x1b[1;31merror: \x1b[0m") != std::string::npos);
  CHECK(diagnostics_json(diagnostics).find("\"column\": 7") != std::string::npos);
  Diagnostics hostile;
  hostile.error({}, "it said \x1b[2Jthis", "not \a that", "", "\x7f");
  CHECK(diagnostics_text(hostile) == "error: it said \\x1b[2Jthis\n    what it is: \\x7f\n    how to mend it: not \\x07 that\n");
  Diagnostics no_file;
  no_file.note({}, "just so");
  CHECK(diagnostics_text(no_file) == "note: just so\n");
}
