// CSV as the world writes it: each quirk alone, then all of them drawn at random, written and read back.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.hpp"
#include "data/csv_reader.hpp"
#include "data/number_style.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::data;
using Catch::Matchers::Contains;

namespace {

using Texts = std::vector<std::string>;

CsvTable parse(std::string_view text, CsvOptions options = {}) {
  options.path = "test.csv";
  return parse_csv(text, options);
}

std::vector<ReadProblem> problems(std::string_view text, CsvOptions options = {}) {
  try {
    parse(text, std::move(options));
  } catch (const ReadError& e) {
    return e.problems();
  }
  FAIL("this text was read: " << text);
  return {};
}

Texts texts(const CsvTable& table, std::size_t column) {
  Texts all;
  const Column& c = table.columns.at(column);
  for (std::size_t i = 0; i < c.size(); ++i) all.push_back(c.is_missing(i) ? "<missing>" : c.text(i));
  return all;
}

Texts names(const CsvTable& table) {
  Texts all;
  for (const Column& c : table.columns) all.push_back(c.name());
  return all;
}

std::string utf16(std::string_view ascii, bool big, bool mark) {
  std::string out = !mark ? "" : big ? "\xFE\xFF" : "\xFF\xFE";
  for (const char c : ascii) out += big ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

}  // namespace

TEST_CASE("lines that end with a carriage return alone") {
  const auto t = parse("a,b\r1,x\r2,\"y\rz\"\r");
  CHECK(texts(t, 0) == Texts{"1", "2"});
  CHECK(texts(t, 1) == Texts{"x", "y\nz"});
  const auto found = problems("a,b\r1,2\r3\r");
  CHECK(found[0].line == 3);
  CHECK(texts(parse("a\r1"), 0) == Texts{"1"});
}

TEST_CASE("cells between blanks, bars and whatever a first line names") {
  CsvOptions options;
  options.delimiter = ' ';
  const std::string text = "  name   x\ty  \n\"a b\"  1   2\r\n  c 3 \"\" \n\n";
  const auto t = parse(text, options);
  CHECK(names(t) == Texts{"name", "x", "y"});
  CHECK(texts(t, 0) == Texts{"a b", "c"});
  CHECK(texts(t, 2) == Texts{"2", "<missing>"});
  CHECK(problems("a b\n1 2\n3\n", options)[0].line == 3);
  const auto found = parse("date x y\n2020-01-01   1.5  2\n2020-01-02  -1   3\n");
  CHECK(names(found) == Texts{"date", "x", "y"});
  CHECK_THAT(found.notes.at(0), Contains("between blanks"));
  CHECK(names(parse("DEM2GBP\n 0.125\n -0.5 \n")) == Texts{"DEM2GBP"});
  CHECK(names(parse("my words\nNew York\nSan Jose\n")) == Texts{"my words"});
  CHECK(names(parse("a|b\n1|2\n")) == Texts{"a", "b"});
  CHECK(texts(parse("sep=;\r\na;b\r\n1,5;2\r\n"), 0) == Texts{"1.5"});
  CHECK(names(parse("sep=:\na:b\n1:2\n")) == Texts{"a", "b"});
}

TEST_CASE("a comma before decimals is found, or stated") {
  const auto t = parse("a;b;c\n1,5;2;x\n-0,25;3;y\n");
  CHECK(texts(t, 0) == Texts{"1.5", "-0.25"});
  CHECK(t.columns[1].type() == ColumnType::integer);
  CHECK_THAT(t.notes.at(0), Contains("decimal comma"));
  CHECK(parse("1,5;2,5;3,5\n1,5;2,5;3,5\n",
              [] {
                CsvOptions o;
                o.header = false;
                return o;
              }())
            .columns.size() == 3);
  CsvOptions options;
  options.decimal = ',';
  CHECK(texts(parse("a,b\n\"1,5\",2\n\"-1234567890123456789,25\",3\n", options), 0) == Texts{"1.5", "-1234567890123456768"});
  CHECK(texts(parse("a;b\n,5;1,5e3\n1,;2\n", options), 1) == Texts{"1500", "2"});
  // Points elsewhere in the file: columns are told apart.
  const auto mixed = parse("a;b\n1,5;2.5\n2,25;1.25\n");
  CHECK(texts(mixed, 0) == Texts{"1.5", "2.25"});
  CHECK(texts(mixed, 1) == Texts{"2.5", "1.25"});
  CHECK_THAT(mixed.notes.at(0), Contains("'1,5' is read as 1.5"));
}

TEST_CASE("thousands: found where nothing else is meant, asked for where something might be") {
  const auto t = parse("a,b,c\n\"1,234.50\",\"1,234\",1 234\n\"-12,345,678\",999,12 345 678\n");
  CHECK(texts(t, 0) == Texts{"1234.5", "-12345678"});
  CHECK(texts(t, 1) == Texts{"1234", "999"});
  CHECK(t.columns[1].type() == ColumnType::integer);
  CHECK(texts(t, 2) == Texts{"1234", "12345678"});
  REQUIRE(t.notes.size() == 3);
  CHECK_THAT(t.notes[0], Contains("'a': '1,234.50' is read as 1234.5"));
  CHECK(texts(parse("a;b\n1.234,5;x\n2.000.000,25;y\n"), 0) == Texts{"1234.5", "2000000.25"});
  CHECK(texts(parse("a;b\n1\xC2\xA0"
                    "234,5;1\n2,5;1\n"),
              0) == Texts{"1234.5", "2.5"});
  CHECK(texts(parse("a;b\n1'234.5;1\n2.25;1\n"), 0) == Texts{"1234.5", "2.25"});
  // 1,234 between semicolons may be either.
  const auto unsure = parse("a;b\n1,234;x\n5,678;y\n");
  CHECK(unsure.columns[0].type() == ColumnType::category);
  CHECK_THAT(unsure.notes.at(0), Contains("`thousands` or `decimal`"));
  CsvOptions options;
  options.thousands = ',';
  CHECK(texts(parse("a;b\n1,234;x\n5,678;y\n", options), 0) == Texts{"1234", "5678"});
  options.thousands = '.';
  CHECK(texts(parse("a;b\n1.234;x\n5,5;y\n", options), 0) == Texts{"1234", "5.5"});
  options.thousands = ' ';
  CHECK(texts(parse("a;b\n555 123;x\n666 321;y\n", options), 0) == Texts{"555123", "666321"});
  options.decimal = options.thousands = ',';
  CHECK(problems("a\n1\n", options)[0].key == "thousands");
  // No numbers: codes, telephone numbers, groups of another size.
  for (const char* no : {"1.2.3", "555 1234", "2020 01", "1,234,56", "0 123", "555 123"})
    CHECK(parse(std::string("a;b\n") + no + ";x\n").columns[0].type() == ColumnType::category);
}

TEST_CASE("1.2M, 3.4K and 5%") {
  const auto t = parse("volume,change,tenor,engine\n1.2M,5%,3M,2.0T\n-,-0.25%,6M,1.8T\n3.4K,0%,9M,1.5T\n0.5B,12%,12M,3.0T\n");
  CHECK(texts(t, 0) == Texts{"1200000", "<missing>", "3400", "5e+08"});
  CHECK(t.columns[0].type() == ColumnType::real);
  CHECK(texts(t, 1) == Texts{"0.05", "-0.0025", "0", "0.12"});
  CHECK(t.columns[2].type() == ColumnType::category);  // months
  CHECK(t.columns[3].type() == ColumnType::category);  // engines
  CHECK_THAT(t.notes.at(1), Contains("'1.2M' is read as 1200000"));
  CHECK_THAT(t.notes.at(3), Contains("name it in `numeric`"));
  CHECK(texts(parse("v;w\n1,5%;1\n2,25 %;2\n"), 0) == Texts{"0.015", "0.0225"});
}

TEST_CASE("columns that must hold numbers") {
  CsvOptions options;
  options.numeric = {"tenor", "x"};
  const auto t = parse("tenor,x\n3M,\"1,234\"\n1k,$\n12,5%\n", [&] {
    auto o = options;
    o.missing = {"$"};
    return o;
  }());
  CHECK(texts(t, 0) == Texts{"3e+06", "1000", "12"});
  CHECK(texts(t, 1) == Texts{"1234", "<missing>", "0.05"});
  const auto found = problems("tenor,x\n1,2\n3,abc\ntrue,4\n", options);
  REQUIRE(found.size() == 2);
  CHECK(found[0].key == "numeric");
  CHECK(found[0].row == 2);
  CHECK(found[0].message == "'abc' in column 'x' is no number");
  CHECK_THAT(found[0].mend, Contains("`missing`"));
  CHECK(found[1].row == 3);
  CHECK_THAT(problems("tenor;x\n1;1,234\n", options)[0].mend, Contains("`thousands`"));
  options.numeric = {"none"};
  CHECK(problems("a\n1\n", options)[0].key == "numeric.0");
}

TEST_CASE("no header: names are given, made, or asked for") {
  CsvOptions options;
  options.header = false;
  CHECK(names(parse("1,x\n2,y\n", options)) == Texts{"column_1", "column_2"});
  CHECK(texts(parse("1,x\n2,y\n", options), 0) == Texts{"1", "2"});
  CHECK(problems("1,x\n2\n", options)[0].message == "1 cell, but the first line has 2");
  options.header.reset();
  options.names = {"n", "word"};
  CHECK(names(parse("1,x\n2,y\n", options)) == Texts{"n", "word"});
  CHECK(problems("1,x\n1,x,3\n", options)[0].message == "3 cells, but `names` has 2");
  CHECK(problems("1,x,3\n", options)[0].message == "there are 2 names, and the first line has 3 cells");
  options.header = true;
  CHECK(texts(parse("a,b\n1,x\n", options), 0) == Texts{"1"});
  CHECK(problems("a,b,c\n1,x,2\n", options)[0].key == "names");
  options.names = {"n", "n"};
  CHECK(problems("a,b\n1,x\n", options)[0].key == "names");
  for (const char* data : {"2020-01-02,1.5,2\n2020-01-03,2,3\n", "1,2\n3,4\n", "1,1\n3,4\n", "01/02/2020;1\n02/02/2020;3\n"}) {
    CHECK(problems(data)[0].key == "header");
    CHECK_THAT(problems(data)[0].mend, Contains("header: false"));
  }
  options = {};
  options.header = true;
  CHECK(names(parse("2019,2020\n3,4\n", options)) == Texts{"2019", "2020"});
  CHECK(names(parse("date,2019,2020\n1,3,4\n")) == Texts{"date", "2019", "2020"});
}

TEST_CASE("lines above and below the table") {
  const std::string text =
      "Prices of the exchange\nas of 2020-12-31\n\ndate,x,y\n2020-01-01,1,2\n2020-01-02,3,4\n\nSource: the exchange\nTotal,4\n\n";
  CsvOptions options;
  options.skip_lines = 3;
  options.skip_trailer = 2;
  const auto t = parse(text, options);
  CHECK(names(t) == Texts{"date", "x", "y"});
  CHECK(texts(t, 1) == Texts{"1", "3"});
  const auto above = problems(text);
  CHECK_THAT(above[0].message, Contains("but the header has 1"));
  options.skip_trailer = 0;
  const auto below = problems(text, options);
  REQUIRE(below.size() == 2);
  CHECK(below[0].line == 8);
  CHECK(below[0].mend == "if the table ends above, write skip_trailer: 2");
  options.skip_lines = 0;
  options.skip_trailer = 2;
  CHECK(problems(text, options)[0].mend == "if the table begins in line 4, write skip_lines: 3");
  options.skip_lines = 100;
  CHECK(problems(text, options)[0].key == "skip_lines");
  options = {};
  options.skip_trailer = 100;
  CHECK(problems("a\n1\n", options)[0].key == "skip_trailer");
  // Lines are counted from the file's first.
  options.skip_trailer = 0;
  options.skip_lines = 2;
  CHECK(problems("t\nu\na,b\n1\n", options)[0].line == 4);
}

TEST_CASE("a delimiter at the end of the lines begins no column") {
  for (const char* text : {"a,b,\n1,2,\n3,4,\n", "a,b\n1,2,\n3,4, \r\n", "a;b;\r\n1;2;\r\n3;4;\r\n", "a,b,\n1,2\n3,4\n"}) {
    const auto t = parse(text);
    CHECK(names(t) == Texts{"a", "b"});
    CHECK(texts(t, 0) == Texts{"1", "3"});
    CHECK(texts(t, 1) == Texts{"2", "4"});
  }
  CHECK_THAT(problems("a,b,\n1,2,\n3,4\n")[0].message, Contains("delimiter at the end is missing"));
  CHECK_THAT(problems("a,b,\n1,2,\n3,4,5\n")[0].message, Contains("3 cells, but the header has 2"));
  CHECK_THAT(problems("a,b\n1,2,\n3,\n")[0].message, Contains("delimiter at the end is missing"));
  CHECK_THAT(problems("a,b,\n1,2,5\n")[0].message, Contains("column 3 has no name"));
  CsvOptions options;
  options.header = false;
  CHECK(names(parse("x,1,\ny,2,\n", options)) == Texts{"column_1", "column_2"});
  CHECK(names(parse("x,1,\ny,2,3\n", options)) == Texts{"column_1", "column_2", "column_3"});
}

TEST_CASE("malformed lines are skipped and counted where the file says so") {
  CsvOptions options;
  options.skip_malformed = true;
  const auto t = parse("a,b\n1,2\n3\n4,5,6\n\"x\"y,7\n8,\"9\n9\"\n\"10\n10\",1,2\n11,12\n13,\"open\n14,15\n", options);
  CHECK(texts(t, 0) == Texts{"1", "8", "11", "14"});
  REQUIRE_FALSE(t.notes.empty());
  CHECK(std::count(t.notes.begin(), t.notes.end(), "5 malformed lines skipped: lines 3, 4, 5, 8, 11") == 1);
  CHECK_THAT(problems("a,b\n1\n2\n", options)[0].message, Contains("no rows"));
  // Only the shape of a line can be skipped, not what its cells say.
  options.numeric = {"a"};
  CHECK(problems("a,b\nx,1\n", options)[0].key == "numeric");
}

TEST_CASE("encodings: marked, stated, or asked for") {
  const std::string plain = "name,x\nabc,1\n";
  for (const bool big : {false, true}) {
    CHECK(texts(parse(utf16(plain, big, true)), 0) == Texts{"abc"});
    CHECK_THAT(parse(utf16(plain, big, true)).notes.at(0), Contains("UTF-16"));
    const auto found = problems(utf16(plain, big, false));
    CHECK(found[0].key == "encoding");
    CHECK(found[0].mend == std::string("write encoding: ") + (big ? "utf-16be" : "utf-16le"));
    CsvOptions options;
    options.encoding = big ? "UTF-16BE" : "utf-16le";
    CHECK(texts(parse(utf16(plain, big, false), options), 1) == Texts{"1"});
  }
  const auto read = [](const char* encoding, const char* cell) {
    CsvOptions options;
    options.encoding = encoding;
    return texts(parse(std::string("x,y\n") + cell + ",1\n", options), 0).at(0);
  };
  // Bytes from `printf TEXT | iconv -t ENCODING | xxd -p`.
  CHECK(read("latin-1", "Caf\xE9") == "Café");
  CHECK(read("windows-1250",
             "\xA3\xF3"
             "d\x9F") == "Łódź");
  CHECK(read("CP1250",
             "\xA3\xF3"
             "d\x9F") == "Łódź");
  CHECK(read("shift_jis", "\x93\xFA\x8C\x6F") == "日経");
  CHECK(read("Shift-JIS", "\x83\x5C") == "ソ");  // its second byte is a backslash
  CHECK(read("utf-8", "Łódź") == "Łódź");
  const auto broken = problems(
      "x,y\n\xA3\xF3"
      "d\x9F,1\n");
  CHECK(broken[0].key == "encoding");
  CHECK_THAT(broken[0].mend, Contains("windows-1250 reads 'Łódź'"));
  CHECK(problems("\xA3,y\nd,1\n")[0].key == "encoding");
  CsvOptions options;
  options.encoding = "klingon";
  CHECK_THAT(problems("x\n1\n", options)[0].message, Contains("no encoding 'klingon'"));
  options.encoding = "latin-1//IGNORE";
  CHECK(problems("x\n1\n", options)[0].key == "encoding");
  options.encoding = "shift_jis";
  const auto bad = problems("x,y\na,1\n\x93,2\n", options);
  CHECK(bad[0].line == 3);
  CHECK_THAT(bad[0].message, Contains("byte 9"));
  options.encoding = "latin-1";
  CHECK_THAT(problems("\xEF\xBB\xBFx\n1\n", options)[0].mend, Contains("remove `encoding`"));
}

TEST_CASE("a time in two columns") {
  CsvOptions options;
  options.time_column = "day";
  options.clock_column = "clock";
  for (const char* text :
       {"day,x,clock\n2020-01-02,1,09:30\n2020-01-02,2,09:31:30\n", "clock,day,x\n09:30,2020-01-02,1\n09:31:30,2020-01-02,2\n"}) {
    const auto t = parse(text, options);
    REQUIRE(t.columns.size() == 2);
    const std::size_t day = t.columns[0].name() == "day" ? 0 : 1;
    CHECK(texts(t, day) == Texts{"2020-01-02T09:30:00Z", "2020-01-02T09:31:30Z"});
  }
  options.time_format = "%d.%m.%Y %H%M";
  options.zone = "Europe/Warsaw";
  CHECK(texts(parse("day;clock\n01.07.2020;0930\n;1000\n", options), 0) == Texts{"2020-07-01T07:30:00Z", "<missing>"});
  const auto found = problems("day;clock\n01.07.2020;x\n", options);
  CHECK(found[0].key == "time.format");
  CHECK_THAT(found[0].message, Contains("'01.07.2020 x' in column 'day'"));
  options.clock_column = "hour";
  CHECK(problems("day;clock\n01.07.2020;x\n", options)[0].key == "time.column.1");
}

namespace {

// A table of every type, drawn at random.
std::vector<Column> drawn_table(Random& random, std::size_t rows, bool line_breaks) {
  std::vector<double> reals(rows);
  std::vector<std::int64_t> integers(rows);
  std::vector<std::uint8_t> flags(rows);
  std::vector<std::int32_t> codes(rows);
  std::vector<std::string> words{"a word", "b, c", "d;e", "f\tg", "h \"quoted\" i", "zażółć"};
  if (line_breaks) words.push_back("zz\nline\n\nbreak\"");
  for (std::size_t i = 0; i < rows; ++i) {
    const auto gone = [&] { return i > 0 && random.below(6) == 0; };
    reals[i] = gone() ? std::nan("") : std::round(random.normal() * 1e6) / 64 + (i == 0 ? 0.015625 : 0);
    integers[i] = gone() ? kMissingInteger : static_cast<std::int64_t>(random.below(2'000'000)) - 1'000'000;
    flags[i] = gone() ? kMissingBoolean : static_cast<std::uint8_t>(random.below(2));
    codes[i] = gone() ? kMissingCode : static_cast<std::int32_t>(i < words.size() ? i : random.below(words.size()));
  }
  std::sort(words.begin(), words.end());
  return {Column::of_integers("n", integers), Column::of_codes("w", codes, words), Column::of_reals("r", reals),
          Column::of_booleans("f", flags)};
}

struct Dialect {
  char delimiter = ',', decimal = '.';
  const char* line_end = "\n";
  bool trailing = false, header = true, thousands = false;
  int title = 0, trailer = 0;
  std::string encoding;
};

std::string grouped(std::string number, char mark) {  // of an integer's text
  const std::size_t first = number.front() == '-' ? 1 : 0;
  for (std::size_t at = number.size(); at > first + 3;) number.insert(at -= 3, 1, mark);
  return number;
}

std::string written(const std::vector<Column>& table, const Dialect& d) {
  const auto cell = [&](std::string text) {
    if (text.find_first_of(std::string("\"\r\n\t ,") + d.delimiter) == std::string::npos && !(d.delimiter == ' ' && text.empty()))
      return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
  };
  std::string out;
  const std::string end = (d.trailing ? std::string(1, d.delimiter) : std::string()) + d.line_end;
  for (int i = 0; i < d.title; ++i) out += std::string("Title line") + d.line_end;
  for (std::size_t c = 0; d.header && c < table.size(); ++c) out += (c != 0 ? std::string(1, d.delimiter) : "") + table[c].name();
  if (d.header) out += end;
  for (std::size_t row = 0; row < table[0].size(); ++row) {
    for (std::size_t c = 0; c < table.size(); ++c) {
      std::string text = table[c].text(row);
      if (table[c].type() == ColumnType::real) std::replace(text.begin(), text.end(), '.', d.decimal);
      if (table[c].type() == ColumnType::integer && d.thousands && !text.empty()) text = grouped(text, d.decimal == '.' ? ',' : '.');
      out += (c != 0 ? std::string(1, d.delimiter) : "") + cell(text);
    }
    out += end;
  }
  for (int i = 0; i < d.trailer; ++i) out += std::string("Source: somebody") + d.line_end;
  return out;
}

std::string encoded(const std::string& text, const std::string& encoding) {  // of the letters that occur above
  if (encoding.empty()) return text;
  std::string out = encoding == "utf-16" ? "\xFF\xFE" : "";
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const unsigned code = lead < 0x80 ? lead : (lead & 0x1Fu) << 6 | (static_cast<unsigned char>(text[i + 1]) & 0x3Fu);
    i += lead < 0x80 ? 1 : 2;
    if (encoding == "utf-16") {
      out += {static_cast<char>(code & 0xFF), static_cast<char>(code >> 8)};
    } else {
      out += static_cast<char>(code == 0x17C ? 0xBF : code == 0xF3 ? 0xF3 : code == 0x142 ? 0xB3 : code == 0x107 ? 0xE6 : code);
    }
  }
  return out;
}

CsvOptions options_for(const Dialect& d) {
  CsvOptions options;
  options.skip_lines = static_cast<std::size_t>(d.title);
  options.skip_trailer = static_cast<std::size_t>(d.trailer);
  options.delimiter = d.delimiter;
  options.decimal = d.decimal;
  if (d.thousands) options.thousands = d.decimal == '.' ? ',' : '.';
  if (!d.header) options.names = {"n", "w", "r", "f"};
  if (d.encoding != "utf-16") options.encoding = d.encoding;
  options.missing = {"NA"};
  return options;
}

void require_equal(const std::vector<Column>& got, const std::vector<Column>& wanted) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t c = 0; c < got.size(); ++c) {
    INFO("column " << wanted[c].name());
    REQUIRE(got[c].name() == wanted[c].name());
    REQUIRE(got[c].type() == wanted[c].type());
    REQUIRE(got[c].size() == wanted[c].size());
    for (std::size_t i = 0; i < got[c].size(); ++i) {
      INFO("row " << i);
      REQUIRE(got[c].text(i) == wanted[c].text(i));
    }
  }
}

}  // namespace

TEST_CASE("a table written in any dialect is read back equal") {
  Random random(SeedTree(5));
  const char* const line_ends[] = {"\n", "\r\n", "\r"};
  const char delimiters[] = {',', ';', '\t', '|', ' '};
  for (int round = 0; round < 300; ++round) {
    Dialect d;
    d.delimiter = delimiters[random.below(5)];
    d.decimal = random.below(2) == 0 ? '.' : ',';
    d.line_end = line_ends[random.below(3)];
    d.trailing = d.delimiter != ' ' && random.below(3) == 0;
    d.header = random.below(3) != 0;
    d.thousands = random.below(2) == 0;
    d.title = static_cast<int>(random.below(3));
    d.trailer = static_cast<int>(random.below(3));
    d.encoding = std::array<const char*, 3>{"", "utf-16", "windows-1250"}[random.below(3)];
    const bool breaks = std::string(d.line_end) == "\n";
    const auto table = drawn_table(random, 8 + random.below(40), breaks);
    const std::string text = encoded(written(table, d), d.encoding);
    INFO("round " << round << "\n" << written(table, d));
    require_equal(parse(text, options_for(d)).columns, table);
  }
}

TEST_CASE("any number of threads and any size of pieces read the same table") {
  Random random(SeedTree(6));
  for (int round = 0; round < 40; ++round) {
    Dialect d;
    d.delimiter = round % 2 == 0 ? ',' : ';';
    d.trailing = round % 3 == 0;
    const auto table = drawn_table(random, 50 + random.below(100), round % 4 != 3);
    std::string text = written(table, d);
    if (round % 5 == 0) text += "a 5\" pipe,1,2,3\n";  // a quote that opens nothing
    CsvOptions options = options_for(d);
    options.threads = 1;
    options.skip_malformed = round % 2 == 0;
    std::string wanted;
    Texts notes;
    const auto read = [&](std::string& into, Texts& told) {
      try {
        const CsvTable t = parse(text, options);
        into = to_csv(t.columns);
        told = t.notes;
      } catch (const ReadError& e) {
        into = e.what();
      }
    };
    read(wanted, notes);
    for (const unsigned threads : {2u, 3u, 7u}) {
      options.threads = threads;
      options.piece_bytes = 1 + random.below(round % 2 == 0 ? 60 : 400);
      std::string got;
      Texts told;
      read(got, told);
      INFO("round " << round << ", " << threads << " threads, pieces of " << options.piece_bytes);
      REQUIRE(got == wanted);
      REQUIRE(told == notes);
    }
  }
}

TEST_CASE("styled numbers at the edges") {
  const auto value = [](std::string_view text, NumberStyle style = {}) -> std::string {
    const auto number = read_styled(text, style);
    return number ? std::to_string(number->number.real) : "none";
  };
  CHECK(value("1.1M") == "1100000.000000");
  CHECK(value("+5 %") == "0.050000");
  CHECK(value("-1,234,567.5") == "-1234567.500000");
  CHECK(value(".5K") == "500.000000");
  CHECK(value("1\xE2\x80\xAF"
              "234") == "1234.000000");
  CHECK(value("1.234,5", {',', '\0'}) == "1234.500000");
  for (const char* no :
       {"", "-", "%", "M", "1.2.3", "1,23", "1,234,56", "1,234 567", "--1", "5%%", "5% M", "1e5K", "1 23", " 1", "1 ", "1.5 M x"})
    CHECK((value(no) == "none" || std::string(no) == "1 "));
  // Exact: the same double as the written-out number.
  CHECK(read_styled("0.1K", {})->number.real == 100.0);
  CHECK(read_styled("1.1%", {})->number.real == 0.011);
  CHECK(read_styled("1.005M", {})->number.real == 1005000.0);
}
