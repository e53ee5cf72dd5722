#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <limits>
#include <thread>

#include "base/error.hpp"
#include "store/ledger.hpp"
#include "store/schema.hpp"
#include "store/store.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace assay;
using namespace assay::store;

namespace {

using Folder = TemporaryFolder;

RunRecord sample_run(std::string name = "sample") {
  RunRecord run;
  run.identity = "id-" + name;
  run.name = std::move(name);
  run.file = "a.yaml";
  run.original = "assay: 1\n";
  run.resolved = "assay: 1\nseed: 7\n";
  run.seed = 0xFFFFFFFFFFFFFFFFull;
  run.data_hash = "d";
  run.build = "b";
  run.started_at = 5;
  run.entities = {"AAA", "BBB"};
  run.plugins = {{"linear.ridge", "1.0.0", "x.so", "abc", "plain"}};
  return run;
}

UnitRecord sample_unit(std::int64_t fold) {
  UnitRecord unit;
  unit.key = {"model", fold, 0};
  unit.seconds = 0.5;
  unit.best_epoch = 3;
  unit.steps = {{0, "loss", 0.7}, {1, "loss", std::numeric_limits<double>::quiet_NaN()}};
  Predictions p;
  p.row = {4, 9};
  p.known_at = {10, 20};
  p.label_end = {20, 30};
  p.entity = {0, 1};
  p.truth = {1.5, std::numeric_limits<double>::quiet_NaN()};
  p.value = {1.25, -0.0};
  Predictions later = p;
  later.horizon = 5;
  later.levels = {0.1, 0.9};
  later.quantile = {1, 2, 3, std::numeric_limits<double>::quiet_NaN()};
  unit.predictions = {later, p};
  unit.bundle = {std::byte{1}, std::byte{0}, std::byte{255}};
  return unit;
}

}  // namespace

TEST_CASE("a run and its fits come back as they were put") {
  const Folder folder;
  Store store(folder.path / "assay.db", Store::Mode::write);
  const RunId id = store.create_run(sample_run());
  store.put_folds(id, {{0, 80, 10, 10, 2, "first"}});
  store.put_unit(id, sample_unit(0));
  const double nan = std::nan("");
  store.finish_run(id, RunStatus::complete, 99, "{}", "",
                   {{"model", "auc", -1, "pooled", 0.75, 0.7, 0.8, nan},
                    {"model", "auc", -1, "", 0.74, nan, nan, nan, 0},
                    {"model", "auc", -1, "", nan, nan, nan, nan, 1}});

  const RunRecord run = store.run(id);
  CHECK(run.name == "sample");
  CHECK(run.seed == 0xFFFFFFFFFFFFFFFFull);
  CHECK(run.status == RunStatus::complete);
  CHECK(run.entities == std::vector<std::string>{"AAA", "BBB"});
  CHECK(run.plugins == sample_run().plugins);
  CHECK(store.folds(id) == std::vector<FoldRecord>{{0, 80, 10, 10, 2, "first"}});
  const auto units = store.units(id);
  REQUIRE(units.size() == 1);
  CHECK(units[0].best_epoch == 3);
  REQUIRE(units[0].steps.size() == 2);
  CHECK(std::isnan(units[0].steps[1].value));
  const auto predictions = store.predictions(id, {"model", 0, 0});
  REQUIRE(predictions.size() == 2);
  CHECK(predictions[1].horizon == 5);
  CHECK(predictions[1].levels == std::vector<double>{0.1, 0.9});
  CHECK(predictions[1].quantile[2] == 3);
  CHECK(std::isnan(predictions[1].quantile[3]));
  CHECK(predictions[0].horizon == 0);
  CHECK(predictions[0].levels.empty());
  CHECK(predictions[0].row == std::vector<std::int64_t>{4, 9});
  CHECK(predictions[0].entity == std::vector<std::int32_t>{0, 1});
  CHECK(std::isnan(predictions[0].truth[1]));
  CHECK(std::signbit(predictions[0].value[1]));
  CHECK(store.bundle(id, {"model", 0, 0}) == sample_unit(0).bundle);
  const auto metrics = store.metrics(id);
  REQUIRE(metrics.size() == 3);
  CHECK(metrics[0].low == 0.7);
  CHECK(metrics[0].path == -1);
  CHECK(metrics[1].path == 0);
  CHECK(metrics[1].value == 0.74);
  CHECK(std::isnan(metrics[2].value));
  CHECK(std::isnan(metrics[0].spread));
}

TEST_CASE("forecasts of a store from before horizons and quantiles are kept") {
  const Folder folder;
  const std::filesystem::path file = folder.path / "assay.db";
  {
    constexpr int kBefore = 7;
    SQLite::Database old(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    for (int v = 0; v < kBefore; ++v) old.exec(kMigrations[static_cast<std::size_t>(v)]);
    old.exec("PRAGMA user_version = 7");
    old.exec(
        "INSERT INTO run (id, identity, name, status, file, original, resolved, seed, data_hash, build, machine, cpu_variant, started_at,"
        " quick) VALUES (1, 'i', 'old', 'complete', 'f', '', '', 0, '', '', '', '', 0, 0);"
        "INSERT INTO unit VALUES (3, 1, 'model', 0, 0, 'complete', 0, -1, '', '', '{}', x'');"
        "INSERT INTO prediction VALUES (3, 'test', 1, x'0400000000000000', x'', x'', x'', x'000000000000F03F', x'0000000000000040')");
  }
  const Store store(file, Store::Mode::write);
  const auto predictions = store.predictions(1, {"model", 0, 0});
  REQUIRE(predictions.size() == 1);
  CHECK(predictions[0].horizon == 0);
  CHECK(predictions[0].row == std::vector<std::int64_t>{4});
  CHECK(predictions[0].truth == std::vector<double>{1});
  CHECK(predictions[0].value == std::vector<double>{2});
  CHECK(predictions[0].quantile.empty());
}

TEST_CASE("runs are named by number, name or last, and a wrong name says what to do") {
  const Folder folder;
  Store store(folder.path / "assay.db", Store::Mode::write);
  CHECK_THROWS_AS(store.resolve("last"), Error);
  const RunId first = store.create_run(sample_run("alpha"));
  const RunId second = store.create_run(sample_run("alpha"));
  const RunId third = store.create_run(sample_run("beta"));
  CHECK(store.resolve("last") == third);
  CHECK(store.resolve("alpha") == second);
  store.note_asked(first);  // its finished result was asked for again
  CHECK(store.resolve("last") == first);
  CHECK(store.resolve("alpha") == first);
  store.reopen_run(second, "identity", "build", {}, false);
  CHECK(store.resolve("last") == second);
  CHECK(store.resolve("beta") == third);
  CHECK(store.resolve(std::to_string(first)) == first);
  CHECK_THROWS_WITH(store.resolve("alpa"), Catch::Matchers::Contains("Did you mean 'alpha'"));
  store.delete_run(third);
  CHECK(store.create_run(sample_run("gamma")) == third + 1);  // numbers are never used again
}

TEST_CASE("a reveal is on record before it came to anything, and keeps what it came to") {
  const Folder folder;
  Store store(folder.path / "assay.db", Store::Mode::write);
  const RunId id = store.create_run(sample_run("alpha"));
  store.put_reveal(id, 5, "final_test");
  store.put_reveal_summary(store.put_reveal(id, 5, "final_test"), "{}");
  const auto reveals = store.reveals(id);
  REQUIRE(reveals.size() == 2);
  CHECK((reveals[0].at == 5 && reveals[0].summary.empty()));
  CHECK(reveals[1].summary == "{}");
}

TEST_CASE("a unit's checkpoint lives until the unit is stored") {
  const Folder folder;
  Store store(folder.path / "assay.db", Store::Mode::write);
  const RunId id = store.create_run(sample_run());
  const UnitKey key{"model", 0, 0};
  CHECK_FALSE(store.checkpoint(id, key));
  store.put_checkpoint(id, key, {3, {std::byte{9}}, "{}"});
  store.put_checkpoint(id, key, {4, {std::byte{8}}, "{}"});
  REQUIRE(store.checkpoint(id, key));
  CHECK(store.checkpoint(id, key)->epoch == 4);
  store.put_unit(id, sample_unit(0));
  CHECK_FALSE(store.checkpoint(id, key));
}

TEST_CASE("a killed writer leaves a store that opens and holds every finished call") {
  const Folder folder;
  const auto file = folder.path / "assay.db";
  for (int round = 0; round < 10; ++round) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        Store store(file, Store::Mode::write);
        const RunId id = store.create_run(sample_run(fmt::format("round{}", round)));
        for (std::int64_t fold = 0;; ++fold) {
          store.put_unit(id, sample_unit(fold));
          (void)!::write(ready[1], "x", 1);
        }
      } catch (...) {
        ::_exit(1);
      }
    }
    ::close(ready[1]);
    char byte;
    int finished = 0;
    while (finished < 3 + round && ::read(ready[0], &byte, 1) == 1) ++finished;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(ready[0], &byte, 1) == 1) ++finished;
    ::close(ready[0]);
    Store store(file, Store::Mode::write);
    const RunId id = store.resolve("last");
    const auto units = store.finished_units(id);
    CHECK(static_cast<int>(units.size()) >= finished);
    CHECK(static_cast<int>(units.size()) <= finished + 1);
    for (const UnitKey& key : units) CHECK(store.predictions(id, key).size() == 2);
  }
}

TEST_CASE("a run's lock is exclusive and goes with its holder") {
  const Folder folder;
  auto first = RunLock::acquire(folder.path / "assay.db", 1);
  REQUIRE(first);
  CHECK_FALSE(RunLock::acquire(folder.path / "assay.db", 1));
  CHECK(RunLock::acquire(folder.path / "assay.db", 2));
  first.reset();
  CHECK(RunLock::acquire(folder.path / "assay.db", 1));
  for (RunId id = 3; id < 10; ++id) CHECK(RunLock::acquire(folder.path / "assay.db", id));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);  // no leftovers by run
}

TEST_CASE("a lock that goes and comes again is never held twice") {
  const Folder folder;
  const auto file = folder.path / "assay.db";
  std::atomic<int> holders{0}, most{0}, taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i)
        if (const auto lock = RunLock::acquire(file, 1)) {
          const int now = ++holders;
          if (now > most) most = now;
          ++taken;
          --holders;
        }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(taken > 0);
  CHECK(most == 1);
}

TEST_CASE("a store is read where neither it nor its folder can be written, and reading writes nothing") {
  const Folder folder;
  const auto file = folder.path / "assay.db";
  const auto write_run = [&] {
    Store store(file, Store::Mode::write);
    const RunId id = store.create_run(sample_run());
    store.finish_run(id, RunStatus::complete, 9, "{}", "", {});
  };
  CHECK_THROWS_WITH(Store(file, Store::Mode::change), Catch::Matchers::Contains("there is no file"));
  write_run();
  {
    Store store(file, Store::Mode::read);
    CHECK(store.runs().size() == 1);
    CHECK_THROWS_AS(store.delete_run(1), Error);
  }
  CHECK(Store(file, Store::Mode::change).runs().size() == 1);
  // As somebody else, since root may write everything: how many runs are seen, -1 for an Error.
  const auto seen_by_nobody = [](const std::filesystem::path& store_file) {
    const pid_t child = ::fork();
    if (child == 0) {
      int seen = 101;
      try {
        if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(102);
        seen = static_cast<int>(Store(store_file, Store::Mode::read).runs().size());
      } catch (const Error&) {
        seen = 100;
      } catch (...) {
      }
      ::_exit(seen);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 100 ? -1 : WEXITSTATUS(status);
  };
  using std::filesystem::perms;
  constexpr perms kReadFile = perms::owner_read | perms::group_read | perms::others_read;
  constexpr perms kReadFolder = kReadFile | perms::owner_exec | perms::group_exec | perms::others_exec;
  std::filesystem::permissions(file, kReadFile);
  std::filesystem::permissions(folder.path, kReadFolder);
  CHECK(seen_by_nobody(file) == 1);
  std::filesystem::permissions(folder.path, perms::all);
  CHECK(seen_by_nobody(file) == 1);
  std::filesystem::permissions(file, perms::all);

  // What a writer has not yet brought home lies in the side file: it is seen, or the reading is refused, never left out.
  const auto copy = folder.path / "copy";
  std::filesystem::create_directory(copy);
  {
    Store writer(file, Store::Mode::write);
    writer.create_run(sample_run("second"));
    for (const char* end : {"", "-wal"}) std::filesystem::copy_file(file.string() + end, copy / (std::string("assay.db") + end));
  }
  for (const char* name : {"assay.db", "assay.db-wal"}) std::filesystem::permissions(copy / name, kReadFile);
  std::filesystem::permissions(copy, kReadFolder);
  const int seen = seen_by_nobody(copy / "assay.db");
  CHECK((seen == 2 || seen == -1));
  std::filesystem::permissions(copy, perms::all);
}

TEST_CASE("looks belong to a question and are replaced by kind") {
  TemporaryFolder folder;
  Store store(folder.path / "assay.db", Store::Mode::write);
  store.put_look("q", {"data", 1, "{}"});
  store.put_look("q", {"audit", 2, "[]"});
  store.put_look("other", {"data", 3, "0"});
  store.put_look("q", {"data", 4, "{\"rows\":1}"});
  const std::vector<LookRecord> looks = store.looks("q");
  REQUIRE(looks.size() == 2);
  CHECK((looks[0].kind == "audit" && looks[0].json == "[]"));
  CHECK((looks[1].at == 4 && looks[1].json == "{\"rows\":1}"));
  CHECK(store.looks("none").empty());
}

TEST_CASE("a file that is no store, or of a later version, is refused with a reason") {
  const Folder folder;
  const auto file = folder.path / "assay.db";
  CHECK_THROWS_WITH(Store(file, Store::Mode::read), Catch::Matchers::Contains("there is no file"));
  {
    std::FILE* f = std::fopen(file.c_str(), "wb");
    for (int i = 0; i < 1000; ++i) std::fputs("not a database ", f);
    std::fclose(f);
  }
  CHECK_THROWS_AS(Store(file, Store::Mode::write), Error);
}

TEST_CASE("the ledger counts distinct configurations of questions that overlap") {
  const Folder folder;
  Ledger ledger(folder.path / "home" / "ledger.db");
  const Question asked{"csv:/d/a.csv", "hash1", "regression x", 100, 200, {"BTC", "ETH"}};
  ledger.add(asked, {"c1"}, 1, "r1");
  ledger.add(asked, {"c1"}, 2, "r2");  // a rerun does not add
  CHECK(ledger.trials(asked) == 1);
  ledger.add(asked, {"c2", "c3"}, 2, "r2");
  CHECK(ledger.trials(asked) == 3);

  Question later = asked;
  later.first = 150;
  later.last = 300;
  ledger.add(later, {"c4", "c1"}, 3, "r3");
  CHECK(ledger.trials(asked) == 4);
  later.first = 250;
  later.last = 400;
  ledger.add(later, {"c5"}, 3, "r3");
  CHECK(ledger.trials(asked) == 4);  // 250..400 does not touch 100..200
  CHECK(ledger.trials(later) == 3);  // but 150..300: c1, c4, c5

  Question others = asked;
  others.entities = {"SOL"};
  CHECK(ledger.trials(others) == 0);
  others.entities = {"ADA", "ETH", "SOL"};
  CHECK(ledger.trials(others) == 4);
  others.entities = {};
  CHECK(ledger.trials(others) == 4);
  Question target = asked;
  target.target = "binary y";
  CHECK(ledger.trials(target) == 0);
}

TEST_CASE("the ledger knows a source by its path and by its bytes") {
  const Folder folder;
  Ledger ledger(folder.path / "ledger.db");
  const Question asked{"csv:/d/a.csv", "hash1", "binary y", kMissingTime, kMissingTime, {}};
  ledger.add(asked, {"c1"}, 1, "r1");
  Question copy = asked, newer = asked, namesake = asked;
  copy.source = "csv:/e/copy.csv";
  newer.content = "hash2";
  namesake.source = "csv:/e/a.csv";
  namesake.content = "hash3";
  CHECK(ledger.trials(copy) == 1);
  CHECK(ledger.trials(newer) == 1);
  CHECK(ledger.trials(namesake) == 0);  // another file of the same name
}

TEST_CASE("the ledger counts every reveal of an overlapping span") {
  const Folder folder;
  const Question sealed{"csv:/d/a.csv", "hash1", "regression x", 500, 600, {}};
  {
    Ledger ledger(folder.path / "ledger.db");
    CHECK(ledger.reveals(sealed) == 0);
    ledger.add_reveal(sealed, "c1", 1, "r1");
    ledger.add_reveal(sealed, "c1", 2, "r1");
  }
  Ledger ledger(folder.path / "ledger.db");  // what was written is there for the next one
  CHECK(ledger.reveals(sealed) == 2);
  CHECK(ledger.trials(sealed) == 0);
  Question before = sealed;
  before.first = 100;
  before.last = 499;
  CHECK(ledger.reveals(before) == 0);
}

TEST_CASE("the ledger cannot be rewritten, and takes over what the first ledger held") {
  const Folder folder;
  const auto file = folder.path / "ledger.db";
  {
    SQLite::Database db(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec(
        "CREATE TABLE trial (configuration TEXT, source TEXT, target TEXT, first INTEGER, last INTEGER, at INTEGER, run TEXT);"
        "CREATE TRIGGER trial_keeps BEFORE DELETE ON trial BEGIN SELECT RAISE(ABORT, 'no'); END;"
        "INSERT INTO trial VALUES ('c1', 'sim.market days=5', 'regression x', 100, 200, 1, 'r1'),"
        " ('c1', 'sim.market days=5', 'regression x', 100, 200, 2, 'r2'), ('c2', 'sim.market days=5', 'regression x', 100, 200, 3, 'r3');");
  }
  for (int opened = 0; opened < 2; ++opened) CHECK(Ledger(file).trials({"sim.market days=5", "hash", "regression x", 150, 160, {}}) == 2);
  SQLite::Database db(file.string(), SQLite::OPEN_READWRITE);
  for (const char* sql :
       {"DELETE FROM configuration", "UPDATE configuration SET run = ''", "DELETE FROM question", "UPDATE question SET target = ''"})
    CHECK_THROWS_AS(db.exec(sql), SQLite::Exception);
}
