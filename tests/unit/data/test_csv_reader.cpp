#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "data/csv_number.hpp"
#include "data/csv_reader.hpp"
#include "data/time_format.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::data;
using Catch::Matchers::Contains;

namespace {

CsvTable parse(std::string_view text, CsvOptions options = {}) {
  options.path = "test.csv";
  return parse_csv(text, options);
}

const Column& column(const CsvTable& table, std::string_view name) {
  for (const Column& c : table.columns)
    if (c.name() == name) return c;
  FAIL("no column " << name);
  return table.columns.front();
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

std::vector<std::string> texts(const Column& c) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < c.size(); ++i) all.push_back(c.is_missing(i) ? "<missing>" : c.text(i));
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("types are the narrowest that hold the whole column") {
  const auto t = parse("i,r,b,c,late_r,late_c,m\n1,1.5,true,x,1,1,\n-2,2e3,False,y,2,2,NA\n3,.5,TRUE,x,2.5,abc,\n");
  CHECK(column(t, "i").type() == ColumnType::integer);
  CHECK(column(t, "r").type() == ColumnType::real);
  CHECK(column(t, "b").type() == ColumnType::boolean);
  CHECK(column(t, "c").type() == ColumnType::category);
  CHECK(column(t, "late_r").type() == ColumnType::real);
  CHECK(column(t, "late_c").type() == ColumnType::category);
  CHECK(column(t, "m").type() == ColumnType::real);
  CHECK(texts(column(t, "r")) == Texts{"1.5", "2000", "0.5"});
  CHECK(texts(column(t, "late_r")) == Texts{"1", "2", "2.5"});
  CHECK(texts(column(t, "late_c")) == Texts{"1", "2", "abc"});
  CHECK(column(t, "m").missing_count() == 3);
  REQUIRE(t.notes.size() == 3);
  CHECK_THAT(t.notes[0], Contains("'NA' in 1 cell"));
  CHECK_THAT(t.notes[1], Contains("late_c") && Contains("'abc'") && Contains("row 3 (line 4)"));
  CHECK_THAT(t.notes[2], Contains("'m' has no values"));
}

TEST_CASE("a boolean column that meets a number is text") {
  const auto t = parse("b\ntrue\n1\n");
  CHECK(texts(column(t, "b")) == Texts{"true", "1"});
}

TEST_CASE("missing cells stay missing in every type") {
  const auto t = parse("a,b,c,d\n,,,\nN/A,.,?,-\n5,1.5,x,true\n");
  for (const Column& c : t.columns) {
    CHECK(c.missing_count() == 2);
    CHECK(!c.is_missing(2));
  }
  CHECK(column(t, "a").type() == ColumnType::integer);
  CsvOptions options;
  options.missing = {"-999"};
  const auto u = parse("a,b\n-999,NA\n4,x\n", options);
  CHECK(texts(column(u, "a")) == Texts{"<missing>", "4"});
  CHECK(texts(column(u, "b")) == Texts{"NA", "x"});
}

TEST_CASE("quotes, CRLF, byte-order mark, padding, blank lines, last line without newline") {
  const auto t = parse("\xEF\xBB\xBF\"na\"\"me\",b \r\n \"x, \"\"y\"\"\r\nz\" , 7\r\n\r\n plain ,\"8\"\r\nlast,9");
  CHECK(texts(column(t, "na\"me")) == Texts{"x, \"y\"\r\nz", "plain", "last"});
  CHECK(texts(column(t, "b")) == Texts{"7", "8", "9"});
  CHECK(column(t, "b").type() == ColumnType::integer);
  REQUIRE(t.notes.size() == 1);
  CHECK(t.notes[0] == "1 blank line skipped");
}

TEST_CASE("delimiters are found, and tabs may stand beside empty cells") {
  CHECK(parse("a;b\n1,5;2\n").delimiter == ';');
  CHECK(parse("a\tb\tc\n1\t\t3\n\t\t\n").delimiter == '\t');
  CHECK(parse("a\tb\tc\n1\t\t3\n\t\t\n").columns[0].size() == 2);
  CHECK(parse("\"a;b;c\",d\n1,2\n").delimiter == ',');
  CHECK(parse("one\n1\n2\n").columns.size() == 1);
  CsvOptions options;
  options.delimiter = '|';
  CHECK(parse("a|b\n1|2\n", options).columns.size() == 2);
  for (const char bad : {'\n', '"', '5', '.', 'x', '-'}) {
    options.delimiter = bad;
    CHECK(problems("a\n1\n", options)[0].key == "delimiter");
  }
}

TEST_CASE("ragged and malformed lines are errors with row and line, all at once") {
  const auto found = problems("a,b\n1,2\n3\n\"x\ny\",4\n5,6,7\n\"8\"z,9\n1,\"open\n");
  REQUIRE(found.size() == 4);
  CHECK(found[0].row == 2);
  CHECK(found[0].line == 3);
  CHECK(found[0].message == "1 cell, but the header has 2");
  CHECK(found[1].row == 4);
  CHECK(found[1].line == 6);
  CHECK(found[1].message == "3 cells, but the header has 2");
  CHECK(found[2].row == 5);
  CHECK_THAT(found[2].message, Contains("closing quote"));
  CHECK(found[3].line == 8);
  CHECK_THAT(found[3].message, Contains("never closed"));
  std::string many = "a,b\n";
  for (int i = 0; i < 1000; ++i) many += "1\n";
  CHECK(problems(many).size() == 21);
}

TEST_CASE("one line that alone ends with a delimiter is the faulty one, first or not") {
  for (const auto& [text, line] : {std::pair{"a,b\n1,2,\n3,4\n5,6\n", 2}, {"a,b\n1,2\n3,4,\n5,6\n", 3}, {"a,b\n1,2\n3,4\n5,6,\n", 4}}) {
    const auto found = problems(text);
    REQUIRE(found.size() == 1);
    CHECK(found[0].line == line);
  }
  CHECK(problems("a,b\n1,2,\n3,4,\n5,6\n").at(0).line == 4);
}

TEST_CASE("headers: empty, doubled and missing names") {
  const auto t = parse(",x\n2020-01-01,1\n");
  CHECK(t.columns[0].name() == "index");
  CHECK_THAT(t.notes.at(0), Contains("index"));
  CHECK_THAT(problems("a,,c\n1,2,3\n")[0].message, Contains("column 2 has no name"));
  CHECK_THAT(problems("a,b,a\n1,2,3\n")[0].message, Contains("columns 1 and 3"));
  CHECK_THAT(problems("")[0].message, Contains("empty"));
  CHECK_THAT(problems("a,b\n")[0].message, Contains("no rows"));
  CHECK_THAT(problems(std::string_view("a\0b\n1\n", 6))[0].message, Contains("UTF-8"));
  CHECK_THAT(problems("a\nx\xFF\n")[0].message, Contains("not UTF-8"));
}

TEST_CASE("columns wanted, dropped and forced, and what to write instead") {
  CsvOptions options;
  options.columns = {"close", "code"};
  options.categorical = {"code"};
  const auto t = parse("id,code,close\nx,01,5\ny,10,6\nz,9,7\n", options);
  REQUIRE(t.columns.size() == 2);
  CHECK(column(t, "code").levels() == Texts{"01", "9", "10"});
  options.columns = {"clos", "code"};
  options.drop = {"zzzzzzz"};
  const auto found = problems("id,code,close\nx,01,5\n", options);
  REQUIRE(found.size() == 2);
  CHECK(found[0].key == "columns.0");
  CHECK(found[0].mend == "did you mean 'close'?");
  CHECK(found[1].key == "drop.0");
  options.columns = {"CLOSE"};
  CHECK(problems("id,code,close,clos\nx,01,5,6\n", options)[0].mend == "did you mean 'close'?");
  CHECK_THAT(found[1].mend, Contains("id, code, close"));
}

TEST_CASE("time columns: format, zone, and the mend") {
  CsvOptions options;
  options.time_column = "t";
  CHECK(texts(parse("t,x\n2020-01-31 09:30:00.25,1\n", options).columns[0]) == Texts{"2020-01-31T09:30:00.25Z"});
  const auto found = problems("t,x\n1/4/1999,1\n", options);
  CHECK(found[0].key == "time.format");
  CHECK(found[0].row == 1);
  CHECK_THAT(found[0].mend, Contains("%m/%d/%Y"));
  options.time_format = "epoch_ms";
  CHECK(texts(parse("t\n1420070400000\n", options).columns[0]) == Texts{"2015-01-01"});
  options.time_format = "%Y-%m-%d %H:%M";
  options.zone = "+02:00";
  CHECK(texts(parse("t\n2020-06-01 12:00\n", options).columns[0]) == Texts{"2020-06-01T10:00:00Z"});
  options.zone = "Nowhere/None";
  CHECK(problems("t\n2020-06-01 12:00\n", options)[0].key == "time.zone");
}

TEST_CASE("a time in the plainest form is read as any other") {
  CsvOptions options;
  options.time_column = "t";
  // Each is what the parser of all ISO times says of it, or refused where it refuses, whatever stood before: the date is remembered.
  const Texts cells{"1970-01-01 00:00:00", "2020-02-29 23:59:59",   "2020-02-29T00:00:01",  "2020-02-29",
                    "2019-02-29 00:00:00", "2020-02-29 24:00:00",   "2020-02-29 24:00:01",  "2020-02-29 12:60:00",
                    "2020-02-29 12:00:60", "2020-02-29 12-00-00",   "2020-02-29 1:00:00",   "2020-02-29 12:00",
                    "2020-02-29 12:00:0a", "2020-02-29 12:00:00.5", "2020-02-29 12:00:00Z", "2020-02-29 12:00:00+01:00",
                    "2020-02-29 ",         "2020-2-29 12:00:00",    "1677-01-01 00:00:00",  "2020-02-29x"};
  for (const char* before : {"1970-01-01 00:00:00", "2020-02-29 05:06:07", "2020-02-29"})
    for (const char* end : {"\n", "\r\n", ",1\n"})
      for (const std::string& cell : cells) {
        INFO(cell << " behind " << before);
        const bool two = end[0] == ',';
        const std::string text = std::string(two ? "t,x\n" : "t\n") + before + end + cell + end;
        const auto wanted = parse_iso_time(text::trim(cell));
        if (wanted)
          CHECK(parse(text, options).columns[0].times()[1] == wanted->time);
        else
          CHECK(problems(text, options)[0].row == 2);
      }
  options.missing = {"1900-01-01 00:00:00"};
  CHECK(texts(parse("t\n1900-01-01 00:00:00\n1900-01-02 00:00:00\n", options).columns[0]) == Texts{"<missing>", "1900-01-02"});
  options.zone = "+02:00";
  CHECK(texts(parse("t\n2020-06-01 12:00:00\n", options).columns[0]) == Texts{"2020-06-01T10:00:00Z"});
}

TEST_CASE("numbers are read exactly") {
  // Oracle: glibc's strtod, which rounds correctly.
  Random random(SeedTree(7));
  char buffer[64];
  for (int i = 0; i < 200'000; ++i) {
    double value;
    const std::uint64_t bits = random.next64();
    if (i % 2 == 0)
      std::memcpy(&value, &bits, 8);
    else
      value = std::ldexp(static_cast<double>(bits), -static_cast<int>(random.below(70)));
    if (!std::isfinite(value)) continue;
    const int digits = 1 + static_cast<int>(random.below(22));
    std::snprintf(buffer, sizeof buffer, i % 3 == 0 ? "%.*g" : "%.*e", digits, value);
    std::string padded = std::string(buffer) + ",";
    padded.resize(padded.size() + 16);
    CsvNumber number;
    const char* const after = read_number(padded.data(), number);
    const double expected = std::strtod(buffer, nullptr);
    if (std::isinf(expected)) {
      REQUIRE(after == nullptr);
      continue;
    }
    INFO(buffer);
    REQUIRE(after == padded.data() + std::strlen(buffer));
    REQUIRE(std::memcmp(&number.real, &expected, 8) == 0);
  }
}

TEST_CASE("numbers at the edges") {
  const auto read = [](std::string text, CsvNumber& n) {
    const std::size_t size = text.size();
    text += ',';
    text.resize(text.size() + 16);
    return read_number(text.data(), n) == text.data() + size;
  };
  CsvNumber n;
  CHECK((read("9223372036854775807", n) && n.is_integer && n.integer == std::numeric_limits<std::int64_t>::max()));
  CHECK((read("9223372036854775808", n) && !n.is_integer && n.real == 9223372036854775808.0));
  CHECK((read("-9223372036854775808", n) && !n.is_integer));
  CHECK((read("0." + std::string(400, '0') + "1", n) && n.real == 0));
  CHECK((read("1e-400", n) && n.real == 0));
  CHECK((read("4.9406564584124654e-324", n) && n.real == std::numeric_limits<double>::denorm_min()));
  CHECK(!read("1e400", n));
  CHECK(!read("1" + std::string(400, '0') + "e-50", n));
  CHECK((read("1" + std::string(300, '0') + "e-300", n) && n.real == 1));
  for (const char* no : {"", "-", ".", "e5", "1e", "1e+", "--1", "+-1", "0x10", "1.2.3", "inf", "nan", "1_0"}) CHECK(!read(no, n));
  for (const char* yes : {"1.", ".5", "+3", "-0", "007"}) CHECK(read(yes, n));
}

TEST_CASE("whatever to_csv writes is read back equal") {
  Random random(SeedTree(11));
  const std::string alphabet = "ab,;\"\n\r\t é1.";
  for (int round = 0; round < 60; ++round) {
    const std::size_t rows = 1 + random.below(50);
    std::vector<double> reals(rows);
    std::vector<std::int64_t> integers(rows);
    std::vector<std::uint8_t> flags(rows);
    std::vector<std::string> words{"word"};
    std::vector<std::int32_t> codes(rows);
    for (int i = 0; i < 6; ++i) {
      std::string word = "w";
      for (std::uint64_t k = random.below(8); k > 0; --k) word += alphabet[random.below(alphabet.size())];
      if (!text::first_invalid_utf8(word + "|") && std::find(words.begin(), words.end(), word + "|") == words.end())
        words.push_back(word + "|");
    }
    std::sort(words.begin(), words.end());
    for (std::size_t i = 0; i < rows; ++i) {
      const auto gone = [&] { return random.below(5) == 0; };
      reals[i] = gone() ? std::numeric_limits<double>::quiet_NaN() : random.normal() * std::pow(10, random.uniform() * 30 - 15);
      integers[i] = gone() ? kMissingInteger : static_cast<std::int64_t>(random.next64() >> random.below(64)) / 2;
      flags[i] = gone() ? kMissingBoolean : static_cast<std::uint8_t>(random.below(2));
      codes[i] = gone() ? kMissingCode : static_cast<std::int32_t>(random.below(words.size()));
    }
    reals[0] = 0.5, integers[0] = 3, flags[0] = 1, codes[0] = 0;  // so that every column shows its type
    const std::vector<Column> written{Column::of_reals("r", reals), Column::of_integers("i, \"n\"", integers),
                                      Column::of_booleans("b", flags), Column::of_codes("c", codes, words)};
    CsvOptions options;
    options.missing = {""};
    const auto t = parse(to_csv(written), options);
    REQUIRE(t.columns.size() == 4);
    for (std::size_t c = 0; c < 4; ++c) {
      REQUIRE(t.columns[c].name() == written[c].name());
      REQUIRE(t.columns[c].type() == written[c].type());
      REQUIRE(texts(t.columns[c]) == texts(written[c]));
    }
  }
  CHECK(texts(parse(to_csv({Column::of_integers("only", {1, kMissingInteger, 3})})).columns[0]) == Texts{"1", "<missing>", "3"});
}

TEST_CASE("a text cut at any byte is read or refused, never more") {
  const std::string text = "\xEF\xBB\xBF,b,\"c\"\r\n1,2.5e3,\"x\"\"y\nz\"\r\n-7,NA,é\r\n8,1e,true\n";
  CsvOptions options;
  options.categorical = {};
  for (std::size_t n = 0; n <= text.size(); ++n) {
    try {
      const auto t = parse(std::string_view(text).substr(0, n), options);
      for (const Column& c : t.columns) REQUIRE(c.size() == t.columns[0].size());
    } catch (const Error& e) {
      REQUIRE(e.fault() == Fault::data);
    }
  }
}

TEST_CASE("a large text that several threads read in pieces gives what one walk gives") {
  std::string first = "n,word,mixed,flag,none,time\n", second = first;
  for (int i = 0; i < 400'000; ++i) {
    const std::string number = i < 200'000 ? std::to_string(i - 1000) : i % 7 == 0 ? "-0" : std::to_string(i) + ".25";
    const std::string word = i % 11 == 0 ? "NA" : "w" + std::to_string(i % 300 + (i > 300'000 ? 500 : 0));
    const std::string rest = std::string(i == 399'000 ? "x" : "5") + (i % 3 == 0 ? ",true," : ",FALSE,") + ",2001-02-0" +
                             std::to_string(i % 9 + 1) + (i % 50'000 == 3 ? "\n\n" : "\n");
    first += number + "," + word + "," + rest;
    second += number + "," + (i == 5 ? "\"" + word + "\"" : word) + "," + rest;  // a quote: then one thread walks
  }
  CsvOptions options;
  options.time_column = "time";
  const CsvTable pieces = parse_csv(first, options), whole = parse_csv(second, options);
  REQUIRE(pieces.columns.size() == 6);
  CHECK(pieces.columns[0].type() == ColumnType::real);
  CHECK(pieces.columns[1].levels() == whole.columns[1].levels());
  CHECK(pieces.columns[2].type() == ColumnType::category);
  CHECK(pieces.notes == whole.notes);
  CHECK((to_csv(pieces.columns) == to_csv(whole.columns)));
  first += "1,2\n";
  CHECK_THROWS_WITH(parse_csv(first, options), Contains("row 400001") && Contains("2 cells"));
}

TEST_CASE("progress is told and stops the read") {
  std::string text = "a,b\n";
  for (int i = 0; i < 600'000; ++i) text += "12345,1.5\n";
  CsvOptions options;
  for (const unsigned threads : {1u, 3u}) {
    options.threads = threads;
    std::uint64_t last = 0;
    int calls = 0;
    const auto t = parse_csv(text, options, [&](std::uint64_t done, std::uint64_t total) {
      ++calls;
      CHECK(done > last);
      CHECK(total == text.size());
      last = done;
      return true;
    });
    CHECK(calls >= (threads == 1 ? 5 : 2));
    CHECK(t.columns[1].size() == 600'000);
  }
  CHECK_THROWS_AS(parse_csv(text, options, [](auto, auto) { return false; }), Error);
}
