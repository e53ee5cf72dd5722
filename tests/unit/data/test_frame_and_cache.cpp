#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "data/column_file.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::data;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

TimeNs day(const char* text) { return *parse_iso(text); }

TimeRules panel_rules() {
  TimeRules rules;
  rules.time_column = "t";
  rules.entity_column = "e";
  return rules;
}

std::vector<Column> panel() {
  return {Column::of_times("t", {day("2020-01-02"), day("2020-01-01"), day("2020-01-02"), day("2020-01-01"), day("2020-01-03")}),
          Column::of_codes("e", {0, 0, 1, 1, 1}, {"zebra", "ant", "unused"}), Column::of_integers("x", {1, 2, 3, 4, 5})};
}

std::string happened(const std::vector<Column>& columns, const TimeRules& rules) {
  FrameNotes notes;
  try {
    Frame::finish(columns, rules, notes);
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::data);
    return e.happened();
  }
  FAIL("accepted");
  return {};
}

template <class T>
std::vector<T> copy(std::span<const T> values) {
  return {values.begin(), values.end()};
}

using Rows = std::vector<std::int64_t>;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("assay_data_test_" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

void write(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void check_equal(const Frame& a, const Frame& b) {
  REQUIRE(a.names() == b.names());
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.is_panel() == b.is_panel());
  CHECK(copy(a.known_at()) == copy(b.known_at()));
  CHECK(copy(a.bar_time()) == copy(b.bar_time()));
  CHECK(copy(a.entity()) == copy(b.entity()));
  CHECK(a.entity_names() == b.entity_names());
  CHECK(copy(a.source_row()) == copy(b.source_row()));
  for (const std::string& name : a.names()) {
    REQUIRE(a.at(name).type() == b.at(name).type());
    for (std::size_t i = 0; i < a.rows(); ++i) REQUIRE(a.at(name).text(i) == b.at(name).text(i));
  }
}

}  // namespace

TEST_CASE("columns: values, missing, conversions") {
  const auto r = Column::of_reals("r", {1.5, std::nan(""), -2});
  CHECK(r.missing_count() == 1);
  CHECK(r.text(0) == "1.5");
  CHECK(r.text(1).empty());
  CHECK(r.as_category().levels() == std::vector<std::string>{"-2", "1.5"});
  CHECK(copy(r.as_category().codes()) == std::vector<std::int32_t>{1, -1, 0});
  const auto i = Column::of_integers("i", {10, 9, kMissingInteger});
  CHECK(i.as_category().levels() == std::vector<std::string>{"9", "10"});
  CHECK(std::isnan(i.to_reals()[2]));
  const std::vector<std::int64_t> rows{2, 0};
  CHECK(copy(i.taken(rows).integers()) == Rows{kMissingInteger, 10});
  CHECK(i.renamed("j").name() == "j");
  CHECK(Column::of_booleans("b", {1, 0, kMissingBoolean}).as_category().levels() == std::vector<std::string>{"false", "true"});
  CHECK_THROWS_AS(i.reals(), BrokenPromise);
  const std::vector<std::int64_t> beyond{3};
  CHECK_THROWS_AS(i.taken(beyond), BrokenPromise);
  CHECK_THROWS_AS(Column::of_codes("c", {1}, {"a"}), BrokenPromise);
}

TEST_CASE("a panel is sorted by time and entity, with a note and the way back") {
  FrameNotes notes;
  const Frame f = Frame::finish(panel(), panel_rules(), notes);
  REQUIRE(notes.notes.size() == 1);
  CHECK_THAT(notes.notes[0], Contains("sorted"));
  CHECK(copy(f.at("x").integers()) == Rows{4, 2, 3, 1, 5});
  CHECK(copy(f.source_row()) == Rows{3, 1, 2, 0, 4});
  CHECK(f.entity_names() == std::vector<std::string>{"ant", "zebra"});
  CHECK(copy(f.entity()) == std::vector<std::int32_t>{0, 1, 0, 1, 0});
  CHECK(copy(f.rows_of_entity(0)) == Rows{0, 2, 4});
  CHECK(copy(f.rows_of_entity(1)) == Rows{1, 3});
  CHECK(f.distinct_times().size() == 3);
  CHECK(copy(f.time_index()) == std::vector<std::int32_t>{0, 0, 1, 1, 2});
  CHECK(f.is_panel());
  const std::vector<std::int64_t> some{1, 3, 4};
  const Frame part = f.taken(some);
  CHECK(part.distinct_times().size() == 3);
  CHECK(copy(part.source_row()) == Rows{1, 0, 4});
  CHECK(copy(part.rows_of_entity(1)) == Rows{0, 1});
  const Frame more = f.with({Column::of_reals("y", {1, 2, 3, 4, 5})});
  CHECK(more.names().back() == "y");
  const std::vector<std::string> gone{"x"};
  CHECK(more.without(gone).find("x") == nullptr);
  CHECK_THROWS_AS(f.with({Column::of_reals("x", {1, 2, 3, 4, 5})}), BrokenPromise);
  CHECK_THROWS_WITH(f.at("z"), Contains("there is no column 'z'"));
}

TEST_CASE("known_at follows stamp, bar and available") {
  FrameNotes notes;
  TimeRules rules;
  rules.time_column = "t";
  const std::vector<Column> columns{Column::of_times("t", {day("2020-01-31"), day("2020-02-29")})};
  CHECK(copy(Frame::finish(columns, rules, notes).known_at()) == std::vector<TimeNs>{day("2020-01-31"), day("2020-02-29")});
  rules.stamp = Stamp::start;
  rules.bar = parse_span("1h");
  rules.available = *parse_span("1mo");
  const Frame f = Frame::finish(columns, rules, notes);
  CHECK(copy(f.known_at()) == std::vector<TimeNs>{day("2020-02-29 01:00"), day("2020-03-29 01:00")});
  CHECK(copy(f.bar_time()) == std::vector<TimeNs>{day("2020-01-31"), day("2020-02-29")});
  CHECK(notes.notes.empty());
  CHECK(!f.is_panel());
  CHECK(f.rows_of_entity(0).size() == 2);
  rules.bar.reset();
  CHECK_THAT(happened(columns, rules), Contains("length is not given"));
  rules.bar = Span{0, 0, 3};
  CHECK_THAT(happened(columns, rules), Contains("not counts"));
}

TEST_CASE("what a frame refuses names the rows") {
  auto columns = panel();
  columns[0] = Column::of_times("t", {day("2020-01-02"), day("2020-01-01"), day("2020-01-01"), day("2020-01-01"), day("2020-01-03")});
  CHECK_THAT(happened(columns, panel_rules()), Contains("1 pair of rows has the same time and entity: rows 3 and 4 (2020-01-01, ant)"));
  auto single = panel_rules();
  single.entity_column.clear();
  CHECK_THAT(happened(panel(), single), Contains("2 pairs of rows have the same time: rows 2 and 4") && Contains("rows 1 and 3"));
  columns[0] = Column::of_times("t", {kMissingTime, 1, 2, kMissingTime, 4});
  CHECK_THAT(happened(columns, panel_rules()), Contains("missing in 2 of 5 rows: 1, 4"));
  columns = panel();
  columns[1] = Column::of_codes("e", {0, kMissingCode, 0, 0, 0}, {"a"});
  CHECK_THAT(happened(columns, panel_rules()), Contains("entity column 'e' is missing"));
  columns[1] = Column::of_integers("t", {1, 2, 3, 4, 5});
  CHECK_THAT(happened(columns, {}), Contains("two columns are named 't'"));
  columns[1] = Column::of_integers("short", {1});
  CHECK_THAT(happened(columns, {}), Contains("1 rows"));
  TimeRules wrong;
  wrong.time_column = "x";
  CHECK_THAT(happened(panel(), wrong), Contains("holds integer values, not times"));
  wrong.time_column = "q";
  CHECK_THAT(happened(panel(), wrong), Contains("there is no column 'q'"));
}

TEST_CASE("sorting agrees with the definition on random panels") {
  Random random(SeedTree(3));
  for (int round = 0; round < 30; ++round) {
    const std::size_t n = 1 + random.below(300);
    std::vector<std::int64_t> cells(n);
    for (std::size_t i = 0; i < n; ++i) cells[i] = static_cast<std::int64_t>(i);
    random.shuffle(std::span(cells));
    std::vector<TimeNs> times(n);
    std::vector<std::int64_t> entity(n);
    for (std::size_t i = 0; i < n; ++i) times[i] = cells[i] / 7, entity[i] = cells[i] % 7;
    FrameNotes notes;
    const Frame f = Frame::finish({Column::of_times("t", times), Column::of_integers("e", entity), Column::of_integers("cell", cells)},
                                  panel_rules(), notes);
    for (std::size_t i = 0; i < n; ++i) {
      REQUIRE(f.at("cell").integers()[i] == static_cast<std::int64_t>(i));
      REQUIRE(cells[static_cast<std::size_t>(f.source_row()[i])] == static_cast<std::int64_t>(i));
    }
  }
}

TEST_CASE("the cache gives the same frame and heals itself") {
  const Folder folder;
  const fs::path file = folder.path / "data.csv";
  write(file, "t,e,x,w,b\n2020-01-02,b,1,u,true\n2020-01-01,a,2.5,,false\n2020-01-01,b,NA,v,\n");
  CsvOptions options;
  options.path = file;
  const CacheOptions cache{folder.path / "cache" / "deep"};
  const auto first = load_csv(options, panel_rules(), cache);
  CHECK(!first.from_cache);
  CHECK(first.content_hash == sha256_file(file));
  const auto second = load_csv(options, panel_rules(), cache);
  CHECK(second.from_cache);
  CHECK(second.notes == first.notes);
  CHECK(second.content_hash == first.content_hash);
  check_equal(first.frame, second.frame);
  check_equal(first.frame.taken(std::vector<std::int64_t>{0, 2}), second.frame.taken(std::vector<std::int64_t>{0, 2}));

  auto other = options;
  other.drop = {"x"};
  CHECK(!load_csv(other, panel_rules(), cache).from_cache);  // other options, other entry
  CHECK(load_csv(options, panel_rules(), cache).from_cache);
  write(file, "t,e,x,w,b\n2020-01-02,b,1,u,true\n");
  CHECK(load_csv(options, panel_rules(), cache).frame.rows() == 1);  // a changed file
  CHECK(!load_csv(options, panel_rules(), {}).from_cache);
  write(folder.path / "plain", "x");
  const auto blocked = load_csv(options, panel_rules(), {folder.path / "plain"});
  REQUIRE(!blocked.notes.empty());
  CHECK_THAT(blocked.notes.back(), Contains("could not be kept"));
}

TEST_CASE("a damaged column file is never trusted") {
  const Folder folder;
  FrameNotes notes;
  LoadedFrame loaded{Frame::finish(panel(), panel_rules(), notes), "hash", {"a note"}, false, {}};
  const fs::path file = folder.path / "x.columns";
  write_column_file(file, loaded, "key");
  REQUIRE(open_column_file(file, "key"));
  CHECK(!open_column_file(file, "other key"));
  CHECK(!open_column_file(folder.path / "absent", "key"));
  const std::string good = read(file);
  for (std::size_t n = 0; n < good.size(); n += 3) {
    write(file, good.substr(0, n));
    REQUIRE(!open_column_file(file, "key"));
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    if (i >= 40 && i < 64) continue;  // reserved bytes of the header
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    write(file, bad);
    REQUIRE(!open_column_file(file, "key"));
  }
  write(file, good + "x");
  CHECK(!open_column_file(file, "key"));
}

TEST_CASE("a column file whose sum is right, but which no index can be built on, is refused") {
  const Folder folder;
  const fs::path file = folder.path / "f.columns";
  const auto opens = [&](Frame::Parts parts) {
    fs::remove(file);
    parts.rows = 2;
    parts.source_row = Column::of_integers("", {0, 1});
    LoadedFrame loaded;
    loaded.frame = Frame::of_parts(std::move(parts));
    write_column_file(file, loaded, "key");
    return open_column_file(file, "key").has_value();
  };
  Frame::Parts sound;
  sound.panel = true;
  sound.bar_time = sound.known_at = Column::of_times("", {1, 2});
  sound.entity = Column::of_codes("", {0, 0}, {"a"});
  CHECK(opens(sound));
  Frame::Parts nobody = sound, timeless = sound, empty = sound;
  nobody.entity = Column::of_codes("", {0, kMissingCode}, {"a"});
  CHECK_FALSE(opens(nobody));
  timeless.bar_time = Column::of_times("", {});
  CHECK_FALSE(opens(timeless));
  empty.entity = Column::of_codes("", {}, {});
  CHECK_FALSE(opens(empty));
}

TEST_CASE("the cache keeps within its limit: what was not used for longest goes") {
  Folder folder;
  const auto csv = [&](const std::string& name, int rows) {
    std::string text = "a,b\n";
    for (int i = 0; i < rows; ++i) text += std::to_string(i) + ",0.5\n";
    write(folder.path / name, text);
    CsvOptions options;
    options.path = folder.path / name;
    return options;
  };
  const CsvOptions one = csv("one.csv", 1000), two = csv("two.csv", 1000), three = csv("three.csv", 1000);
  CacheOptions cache{folder.path / "cache"};
  const auto size = [&] {
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(cache.folder)) bytes += entry.path().extension() == ".columns" ? entry.file_size() : 0;
    return bytes;
  };
  const auto age = [](const fs::path& file, int hours) {
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(hours));
  };
  load_csv(one, {}, cache);
  const auto each = size();
  cache.limit_bytes = 2 * each + each / 2;
  for (const auto& entry : fs::directory_iterator(cache.folder)) age(entry.path(), 4);
  const auto before = fs::file_time_type::clock::now() - std::chrono::hours(1);
  load_csv(two, {}, cache);
  for (const auto& entry : fs::directory_iterator(cache.folder))
    if (entry.last_write_time() > before) age(entry.path(), 5);
  const auto mapped = load_csv(one, {}, cache);
  REQUIRE(mapped.from_cache);
  write(cache.folder / "left.columns.1.1.new", "half");
  age(cache.folder / "left.columns.1.1.new", 30);
  load_csv(three, {}, cache);
  CHECK(size() == 2 * each);
  CHECK(!fs::exists(cache.folder / "left.columns.1.1.new"));
  CHECK(load_csv(one, {}, cache).from_cache);
  CHECK(load_csv(three, {}, cache).from_cache);
  CHECK(!load_csv(two, {}, cache).from_cache);
  CHECK(mapped.frame.rows() == 1000);
}

TEST_CASE("a mark that an entry was read whole is taken for that very file only") {
  Folder folder;
  write(folder.path / "d.csv", "a\n1\n2\n");
  CsvOptions options;
  options.path = folder.path / "d.csv";
  const CacheOptions cache{folder.path / "cache"};
  load_csv(options, {}, cache);
  fs::path entry;
  for (const auto& item : fs::directory_iterator(cache.folder))
    if (item.path().extension() == ".columns") entry = item.path();
  const fs::path mark = entry.string() + ".whole";
  CHECK(!fs::exists(mark));  // it has only just been written
  std::this_thread::sleep_for(std::chrono::milliseconds(3100));
  REQUIRE(load_csv(options, {}, cache).from_cache);
  REQUIRE(fs::exists(mark));
  const auto yesterday = fs::file_time_type::clock::now() - std::chrono::hours(24);
  fs::last_write_time(mark, yesterday);
  REQUIRE(load_csv(options, {}, cache).from_cache);  // by its mark, which now says when it was last of use
  CHECK(fs::last_write_time(mark) > yesterday + std::chrono::hours(1));
  // One byte of a value changes: the mark is of another state, the sum is taken, and the data are read again.
  std::fstream bytes(entry, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(100);
  char byte = 0;
  bytes.seekg(100);
  bytes.get(byte);
  bytes.seekp(100);
  bytes.put(static_cast<char>(byte ^ 1));
  bytes.close();
  CHECK(!load_csv(options, {}, cache).from_cache);
}

TEST_CASE("a damaged cache entry is read again with a note") {
  const Folder folder;
  const fs::path file = folder.path / "data.csv";
  write(file, "x\n1\n2\n");
  CsvOptions options;
  options.path = file;
  const CacheOptions cache{folder.path / "cache"};
  load_csv(options, {}, cache);
  for (const auto& entry : fs::directory_iterator(cache.folder)) write(entry.path(), "rubbish");
  const auto again = load_csv(options, {}, cache);
  CHECK(!again.from_cache);
  REQUIRE(again.notes.size() == 1);
  CHECK_THAT(again.notes[0], Contains("damaged"));
  CHECK(load_csv(options, {}, cache).from_cache);
}
