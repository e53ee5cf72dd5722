// Several files, wide tables and as-of joins. Numbers marked pandas were computed with pandas 1.5, by the line beside them.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "base/error.hpp"
#include "base/random.hpp"
#include "data/as_of_join.hpp"
#include "data/column_file.hpp"
#include "data/column_tools.hpp"
#include "data/publication_dates.hpp"
#include "data/several_files.hpp"
#include "data/wide_table.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::data;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TimeNs at(const char* text) { return *parse_iso(text); }

std::vector<TimeNs> times(std::initializer_list<const char*> texts) {
  std::vector<TimeNs> out;
  for (const char* text : texts) out.push_back(at(text));
  return out;
}

bool same(std::span<const double> found, const std::vector<double>& wanted) {
  return std::equal(found.begin(), found.end(), wanted.begin(), wanted.end(),
                    [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); });
}

template <class Work>
std::string refusal(const Work& work) {
  try {
    work();
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::data);
    return e.happened() + " | " + e.mend();
  }
  FAIL("accepted");
  return {};
}

struct Folder {
  fs::path path = fs::temp_directory_path() / ("assay_tables_test_" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path / "sub"); }
  ~Folder() { fs::remove_all(path); }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return path / name;
  }
};

TimeRules by_date(const char* entity = "") {
  TimeRules rules;
  rules.time_column = "date";
  rules.entity_column = entity;
  return rules;
}

std::vector<FileTable> read_all(const Folder& folder, const std::string& pattern) {
  std::vector<FileTable> out;
  for (const fs::path& file : files_of(folder.path / pattern)) {
    CsvOptions options;
    options.path = file;
    out.push_back({file, load_csv(options, by_date(), {}).frame});
  }
  return out;
}

Frame one(const Folder& folder, const std::string& pattern, const char* entity, bool from_names,
          std::vector<std::string>* notes = nullptr) {
  FrameNotes found;
  Frame frame = one_table(read_all(folder, pattern), folder.path / pattern, from_names, by_date(entity), found);
  if (notes != nullptr) *notes = found.notes;
  return frame;
}

}  // namespace

TEST_CASE("a pattern names files in an order of their own") {
  const Folder folder;
  for (const char* name : {"b.csv", "a.csv", "B.csv", ".hidden.csv", "c.txt", "sub/d.csv", "a10.csv", "a9.csv"})
    folder.write(name, "x\n1\n");
  const auto names = [&](const std::string& pattern) {
    std::vector<std::string> out;
    for (const fs::path& file : files_of(folder.path / pattern)) out.push_back(file.lexically_relative(folder.path).string());
    return out;
  };
  CHECK(names("*.csv") == std::vector<std::string>{"B.csv", "a.csv", "a10.csv", "a9.csv", "b.csv"});
  CHECK(names("a?.csv") == std::vector<std::string>{"a9.csv"});
  CHECK(names("*/d.csv") == std::vector<std::string>{"sub/d.csv"});
  CHECK(names("*/*.csv") == std::vector<std::string>{"sub/d.csv"});
  CHECK(names("a.csv") == std::vector<std::string>{"a.csv"});
  CHECK(names("nothing*").empty());
  CHECK(is_pattern("a*"));
  CHECK_FALSE(is_pattern("a[1].csv"));
}

TEST_CASE("a file's name tells the entity") {
  CHECK(name_in("x/prices_AAPL.csv", "x/prices_*.csv") == "AAPL");
  CHECK(name_in("x/BRK.B.csv", "x/*.csv") == "BRK.B");
  CHECK(name_in("x/BRK.B.csv", "x/???.B.csv") == "BRK");  // no single star: the name without its endings
  CHECK(name_in("x/AAPL.csv.gz", "x/*") == "AAPL.csv.gz");
  CHECK(name_in("x/AAPL_1d.csv.gz", "x/*_*.csv.gz") == "AAPL_1d");
  CHECK(name_in("other/MSFT.csv", "x/prices_*.csv") == "MSFT");
}

TEST_CASE("files become one panel, whatever the order of their columns and rows") {
  const Folder folder;
  folder.write("p_b.csv", "date,close,note\n2020-01-02,4,x\n2020-01-01,3,y\n");
  folder.write("p_a.csv", "close,note,date\n1.5,,2020-01-01\n2,,2020-01-03\n");
  std::vector<std::string> notes;
  const Frame frame = one(folder, "p_*.csv", "symbol", true, &notes);
  REQUIRE(frame.rows() == 4);
  CHECK(frame.is_panel());
  CHECK(frame.entity_names() == std::vector<std::string>{"a", "b"});
  CHECK(same(frame.at("close").reals(), {1.5, 3, 4, 2}));
  CHECK(frame.at("note").text(1) == "y");
  CHECK(frame.at("note").is_missing(0));
  CHECK(std::vector<std::int64_t>(frame.source_row().begin(), frame.source_row().end()) == std::vector<std::int64_t>{0, 3, 2, 1});
  CHECK_THAT(notes.back(), Contains("2 files, p_a.csv to p_b.csv: 4 rows"));
}

TEST_CASE("years of one series in several files") {
  const Folder folder;
  folder.write("y2020.csv", "date,v\n2020-01-01,1\n");
  folder.write("y2021.csv", "date,v\n2021-01-01,2\n");
  const Frame frame = one(folder, "y*.csv", "", false);
  CHECK_FALSE(frame.is_panel());
  CHECK(frame.at("v").type() == ColumnType::integer);
  folder.write("y2022.csv", "date,v\n2021-01-01,3\n");
  CHECK_THAT(refusal([&] { one(folder, "y*.csv", "", false); }), Contains("rows 1 of y2021.csv and 1 of y2022.csv"));
}

TEST_CASE("files that do not agree are named, with the column") {
  const Folder folder;
  folder.write("a.csv", "date,close,volume\n2020-01-01,1,2\n");
  folder.write("b.csv", "date,close,vol\n2020-01-01,1,2\n");
  CHECK_THAT(refusal([&] { one(folder, "?.csv", "s", true); }), Contains("b.csv has no column 'volume'") &&
                                                                    Contains("b.csv has a column 'vol' too") &&
                                                                    Contains("a.csv has date, close, volume"));
  folder.write("b.csv", "date,close,volume\n2020-01-02,1,2\n2020-01-01,1,n.v.\n");
  CHECK_THAT(refusal([&] { one(folder, "?.csv", "s", true); }),
             Contains("'volume' holds numbers in a.csv ('2' in row 1) and text in b.csv ('n.v.'"));
  folder.write("b.csv", "date,close,volume\n2020-01-01,1,\n");
  CHECK(one(folder, "?.csv", "s", true).at("volume").type() == ColumnType::integer);
  CHECK_THAT(refusal([&] { one(folder, "?.csv", "close", true); }), Contains("a column 'close' already"));
  folder.write("sub/a.csv", "date,close,volume\n2020-01-01,1,2\n");
  const auto twice = [&] {
    auto tables = read_all(folder, "a.csv");
    for (FileTable& table : read_all(folder, "sub/a.csv")) tables.push_back(std::move(table));
    FrameNotes notes;
    one_table(tables, folder.path / "*.csv", true, by_date("s"), notes);
  };
  CHECK_THAT(refusal(twice), Contains("both give the entity 'a'"));
}

TEST_CASE("columns of several tables are laid end to end") {
  const Column whole = Column::of_integers("x", {1, kMissingInteger}), part = Column::of_reals("x", {0.5}),
               none = Column::of_reals("x", {kNan, kNan});
  const auto name = [](std::size_t i) { return "t" + std::to_string(i); };
  const auto all = [&](std::vector<const Column*> columns) { return stacked(columns, name); };
  CHECK(all({&whole, &none}).type() == ColumnType::integer);
  CHECK(same(all({&none, &whole, &part}).reals(), {kNan, kNan, 1, kNan, 0.5}));
  const Column text = Column::of_codes("x", {1, 0}, {"b", "a"}), more = Column::of_codes("x", {0, kMissingCode, 1}, {"a", "c"});
  const Column both = all({&none, &text, &more});
  std::string joined;
  for (std::size_t i = 0; i < both.size(); ++i) joined += both.text(i) + ",";
  CHECK(joined == ",,a,b,a,,c,");
  CHECK_THAT(refusal([&] { all({&none, &whole, &text}); }), Contains("numbers in t1") && Contains("text in t2 ('a' in row 1)"));
}

TEST_CASE("a wide table becomes a panel") {
  FrameNotes notes;
  const Frame wide = Frame::finish({Column::of_times("date", times({"2020-01-02", "2020-01-01"})), Column::of_integers("EUR", {2, 1}),
                                    Column::of_reals("JPY", {kNan, 110.5}), Column::of_reals("index", {7, 8})},
                                   by_date(), notes);
  const Frame panel = panel_of(wide, {"rate", {"EUR", "J*"}, false}, by_date("currency"), notes);
  REQUIRE(panel.rows() == 3);
  CHECK(panel.entity_names() == std::vector<std::string>{"EUR", "JPY"});
  CHECK(same(panel.at("rate").reals(), {1, 110.5, 2}));
  CHECK(same(panel.at("index").reals(), {8, 8, 7}));
  CHECK(panel.at("currency").text(1) == "JPY");
  CHECK_THAT(notes.notes.back(), Contains("2 columns became 2 entities of 'rate': 3 rows; 1 empty cells are no rows"));
  CHECK(panel_of(wide, {"rate", {"EUR", "JPY"}, true}, by_date("currency"), notes).rows() == 4);
  CHECK(panel_of(wide, {"rate", {}, false}, by_date("currency"), notes).entity_count() == 3);
  CHECK_THAT(refusal([&] {
               panel_of(wide, {"rate", {"EURO"}, false}, by_date("c"), notes);
             }),
             Contains("'EURO'") && Contains("did you mean 'EUR'"));
  CHECK_THAT(refusal([&] { panel_of(wide, {"index", {"EUR"}, false}, by_date("c"), notes); }), Contains("a column 'index'"));
  const Frame text = wide.with({Column::of_codes("note", {0, kMissingCode}, {"closed"})});
  CHECK_THAT(refusal([&] { panel_of(text, {"rate", {}, false}, by_date("c"), notes); }), Contains("'note' holds text ('closed' in row 1)"));
}

namespace {

// A panel at five times, and a table that becomes known between them.
Frame left_side() {
  FrameNotes notes;
  TimeRules rules;
  rules.time_column = "t";
  rules.entity_column = "e";
  return Frame::finish({Column::of_times("t", times({"2020-01-01", "2020-01-05", "2020-01-05", "2020-01-09", "2020-01-20"})),
                        Column::of_codes("e", {0, 1, 0, 1, 0}, {"a", "b"})},
                       rules, notes);
}

std::vector<Column> right_side() {
  return {Column::of_times("t", times({"2020-01-02", "2020-01-04", "2020-01-05", "2020-01-10"})),
          Column::of_codes("e", {0, 1, 1, 0}, {"a", "b"}), Column::of_reals("v", {1, 2, 3, 4})};
}

KnownRules known_rules(const char* entity, const char* lag = "0d") {
  KnownRules rules;
  rules.time_column = "t";
  rules.entity_column = entity;
  rules.available = *parse_span(lag);
  return rules;
}

std::vector<double> joined(const KnownRules& known, const JoinRules& rules = {}, std::vector<Column> right = right_side()) {
  const auto columns = joined_as_of(left_side(), join_table(right, known), rules).columns;
  const auto values = columns.at(columns.size() - 1).to_reals();
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("an as-of join takes the last value known by then") {
  // rows of the frame: a 01-01, a 01-05, b 01-05, b 01-09, a 01-20
  // pandas: merge_asof(left, right, on='t', by='e').v, in our order of rows
  CHECK(same(joined(known_rules("e")), {kNan, 1, 3, 3, 4}));
  // pandas: merge_asof(left, right, on='t').v, and with tolerance='5d'
  auto all = right_side();
  all.erase(all.begin() + 1);
  CHECK(same(joined(known_rules(""), {}, all), {kNan, 3, 3, 3, 4}));
  JoinRules young;
  young.max_age = parse_span("5d");
  CHECK(same(joined(known_rules(""), young, all), {kNan, 3, 3, 3, kNan}));
  // A lag of a day moves what is known at the very time: 01-05 is known from 01-06 on.
  CHECK(same(joined(known_rules("e", "1d")), {kNan, 1, 2, 3, 4}));
  KnownRules start = known_rules("e");
  start.stamp = Stamp::start;
  start.bar = parse_span("1mo");
  CHECK(same(joined(start), {kNan, kNan, kNan, kNan, kNan}));
}

TEST_CASE("each value once, where it is new") {
  JoinRules fresh;
  fresh.only_new = true;
  CHECK(same(joined(known_rules("e"), fresh), {kNan, 1, 3, kNan, 4}));
  auto all = right_side();
  all.erase(all.begin() + 1);
  CHECK(same(joined(known_rules(""), fresh, all), {kNan, 3, 3, kNan, 4}));  // both rows of 01-05 see it
}

TEST_CASE("a column says when a row was published, revisions come later") {
  KnownRules rules = known_rules("e");
  rules.known_column = "published";
  std::vector<Column> right{Column::of_times("t", times({"2019-09-30", "2019-12-31", "2019-09-30", "2019-06-30"})),
                            Column::of_times("published", {at("2020-01-03"), at("2020-01-08"), at("2020-01-12"), kMissingTime}),
                            Column::of_codes("e", {0, 0, 0, 0}, {"a"}), Column::of_reals("v", {1, 2, 9, 5})};
  // a: 01-01 nothing; 01-05 the third quarter; 01-20 the fourth, though a revision of the third was published after it
  CHECK(same(joined(rules, {}, right), {kNan, 1, kNan, kNan, 2}));
  const JoinTable table = join_table(right, rules);
  CHECK(table.never_known == 1);
  CHECK(table.early == 0);
  CHECK(table.columns.size() == 1);
  right[1] = Column::of_times("published", times({"2019-09-01", "2020-01-08", "2020-01-12", "2020-01-13"}));
  CHECK(join_table(right, rules).early == 1);
}

TEST_CASE("a join that cannot be sound is refused") {
  auto right = right_side();
  CHECK_THAT(refusal([&] { join_table(right, known_rules("symbol")); }), Contains("no column 'symbol'"));
  right[0] = Column::of_times("t", times({"2020-01-02", "2020-01-04", "2020-01-04", "2020-01-10"}));
  CHECK_THAT(refusal([&] { join_table(right, known_rules("e")); }), Contains("rows 2 and 3 have the same time and entity (2020-01-04, b)"));
  right[0] = Column::of_times("t", {at("2020-01-02"), kMissingTime, at("2020-01-04"), at("2020-01-10")});
  CHECK_THAT(refusal([&] { join_table(right, known_rules("e")); }), Contains("missing in 1 of 4 rows, first in row 2"));
  KnownRules start = known_rules("e");
  start.stamp = Stamp::start;
  CHECK_THAT(refusal([&] { join_table(right_side(), start); }), Contains("length is not given"));
  const Joined none = joined_as_of(
      left_side(), join_table({right_side()[0], Column::of_codes("e", {0, 0, 0, 0}, {"z"}), right_side()[2]}, known_rules("e")), {});
  CHECK(none.without == std::vector<std::string>{"a", "b"});
  CHECK(none.matched == 0);
}

// Against the definition, row by row; and no value stands before it is known.
TEST_CASE("as-of joins of random tables") {
  SeedTree seeds(11);
  for (int round = 0; round < 200; ++round) {
    Random random(seeds.child(std::to_string(round)));
    const auto day = [&] { return static_cast<TimeNs>(random.below(30)) * kNsPerDay; };
    std::vector<TimeNs> t, stamp, published;
    std::vector<std::int32_t> e, right_e;
    for (TimeNs d = 0; d < 30; ++d)
      for (std::int32_t entity = 0; entity < 3; ++entity)
        if (random.below(3) != 0) t.push_back(d * kNsPerDay), e.push_back(entity);
    const std::size_t rows = 1 + random.below(40);
    std::vector<std::int64_t> values;
    for (std::size_t i = 0; i < rows; ++i) {
      const TimeNs s = day();
      const TimeNs p = s + static_cast<TimeNs>(random.below(8)) * kNsPerDay;
      const auto entity = static_cast<std::int32_t>(random.below(3));
      bool twin = false;
      for (std::size_t j = 0; j < stamp.size(); ++j) twin |= stamp[j] == s && published[j] == p && right_e[j] == entity;
      if (twin) continue;
      stamp.push_back(s), published.push_back(p), right_e.push_back(entity), values.push_back(static_cast<std::int64_t>(i));
    }
    FrameNotes notes;
    TimeRules left;
    left.time_column = "t", left.entity_column = "e", left.available = *parse_span("1h");
    const Frame frame = Frame::finish({Column::of_times("t", t), Column::of_codes("e", e, {"a", "b", "c"})}, left, notes);
    KnownRules rules = known_rules("e", "2h");
    rules.known_column = "published";
    const JoinTable table = join_table({Column::of_times("t", stamp), Column::of_times("published", published),
                                        Column::of_codes("e", right_e, {"a", "b", "c"}), Column::of_integers("v", values)},
                                       rules);
    const Column found = joined_as_of(frame, table, {}).columns.at(0);
    for (std::size_t row = 0; row < frame.rows(); ++row) {
      std::int64_t best = -1;
      for (std::size_t j = 0; j < stamp.size(); ++j) {
        if (published[j] + 2 * 3600 * kNsPerSecond > frame.known_at()[row]) continue;
        if (std::string(1, static_cast<char>('a' + right_e[j])) != frame.entity_names()[static_cast<std::size_t>(frame.entity()[row])])
          continue;
        const auto b = static_cast<std::size_t>(best);
        if (best < 0 || stamp[j] > stamp[b] || (stamp[j] == stamp[b] && published[j] > published[b])) best = static_cast<std::int64_t>(j);
      }
      const std::int64_t wanted = best < 0 ? kMissingInteger : values[static_cast<std::size_t>(best)];
      if (found.integers()[row] != wanted) {
        INFO("round " << round << ", row " << row);
        CHECK(found.integers()[row] == wanted);
      }
    }
  }
}

TEST_CASE("dates of publication against what is believed") {
  for (const char* name : {"filed", "Filing date", "PUBLISHED", "release_date", "report_date", "vintage"}) CHECK(names_a_publication(name));
  for (const char* name : {"date", "next_report", "report_period", "close", "expiry"}) CHECK_FALSE(names_a_publication(name));
  const auto known = times({"2020-01-01", "2020-02-01", "2020-03-01"});
  const auto text = [](const char* name, const std::vector<std::string>& cells) {
    return Column::of_codes(name, {0, 1, kMissingCode}, cells);
  };
  const auto found =
      publication_dates({text("filed", {"2020-01-01", "2020-02-03"}), text("published", {"1/2/2020", "2/1/2020"}),
                         text("released", {"soon", "late"}), Column::of_integers("report_date", {20200105, 20200101, kMissingInteger}),
                         Column::of_times("known", known), text("other", {"2021-01-01", "2021-01-01"})},
                        known);
  REQUIRE(found.size() == 4);
  CHECK(found[0].column == "filed");
  CHECK(found[0].rows == 2);
  CHECK(found[0].late == 1);
  CHECK(found[0].first_row == 1);
  CHECK(to_iso(found[0].published) == "2020-02-03");
  CHECK(found[0].longest_ns == 2 * kNsPerDay);
  CHECK(found[1].late == 1);  // month first: 2020-01-02 and 2020-02-01; day first both would be late or not: 2020-02-01, 2020-01-02
  CHECK(found[2].late == 1);
  CHECK(found[3].late == 0);
  CHECK(publication_dates({Column::of_integers("filed", {20201301, 5, 6})}, known).empty());
}
