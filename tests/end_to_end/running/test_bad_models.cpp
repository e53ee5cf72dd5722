// Models that misbehave, in a run: each is one clear result, the host lives, the others are evaluated. And what a model can see.
#include <cmath>
#include <cstring>
#include <map>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

const char* const kBad[] = {"throws_std",  "throws_other", "segfaults",    "aborts", "exits",      "hangs",
                            "eats_memory", "writes_input", "ignores_stop", "prints", "returns_nan"};

void bring_bad_plugins(Folder& folder) {
  fs::create_directory(folder.path() / "bad");
  for (const std::string name : kBad)
    fs::copy_file(fs::path(BAD_PLUGINS) / ("bad_" + name + ".so"), folder.path() / "bad" / (name + ".so"));
  folder.set("ASSAY_PLUGIN_PATH", (folder.path() / "bad").string());
}

std::string market(const std::string& models, const std::string& resources) {
  return "assay: 1\nname: bad-models\nseed: 7\ndata: {source: sim.market, entities: 3, days: 200, seed: 1}\ninputs: [momentum, value]\n"
         "target: {expr: 'lead(close, 1) / close - 1', task: regression}\nsplit: {use: holdout, test: 0.3}\n" +
         models + "evaluate: {metrics: [rmse], baselines: [no_change]}\n" + resources;
}

}  // namespace

TEST_CASE("every bad model has its own clear ending, and the good one its result") {
  Folder folder;
  bring_bad_plugins(folder);
  std::string models = "models:\n  good: {use: linear.ridge}\n";
  for (const std::string name : kBad) models += "  " + name + ": {use: bad." + name + "}\n";
  folder.write("e.yaml", market(models, "resources: {timeout: 3s, memory: 300MB, workers: 4}\n"));
  const Result ended = folder.assay({"run", "e.yaml", "--json"});
  INFO(ended.err);
  REQUIRE(ended.code == 3);
  const Json json = ended.json();  // what bad.prints wrote to stdout is not there
  CHECK(json.at("status") == "failed");
  const std::string shown = folder.assay({"runs", "show", "last"}).out, failures = json.at("failures").dump();
  const std::pair<const char*, const char*> expected[] = {
      {"throws_std, fold 1, repeat 1: failed", "the moon is in the wrong house"},
      {"throws_other, fold 1, repeat 1: failed", "Tantrum"},
      {"segfaults, fold 1, repeat 1: crashed", "SIGSEGV"},
      {"aborts, fold 1, repeat 1: crashed", "SIGABRT"},
      {"exits, fold 1, repeat 1: crashed", "exited with code 7"},
      {"hangs, fold 1, repeat 1: timed out", "longer than resources.timeout (3 s)"},
      {"eats_memory, fold 1, repeat 1: out of memory", "more memory than resources.memory (300 MB)"},
      {"writes_input, fold 1, repeat 1: crashed", "SIGSEGV"},
      {"returns_nan, fold 1, repeat 1: failed", "it returned NaN for row"}};
  for (const auto& [status, reason] : expected) {
    CHECK_THAT(shown, Catch::Contains(status));
    CHECK_THAT(failures, Catch::Contains(reason));
  }
  CHECK(json.at("failures").size() == std::size(expected));
  for (const char* fine : {"good", "prints", "ignores_stop"}) CHECK(json.at("models").contains(fine));
  CHECK(json.at("models").size() == 3);
  CHECK_THAT(shown, Catch::Contains("hello from inside the fit"));  // in the fit's log
}

TEST_CASE("a model that prints in the host's own process does not reach stdout either") {
  Folder folder;
  bring_bad_plugins(folder);
  folder.write("e.yaml", market("model: {use: bad.prints}\n", ""));
  for (const std::string isolation : {"none", "thread"}) {
    INFO(isolation);
    const Result ended = folder.assay({"run", "e.yaml", "--json", "--again", "--isolation", isolation});
    CHECK(ended.code == 0);
    CHECK(ended.json().at("status") == "complete");
    CHECK_THAT(ended.err, Catch::Contains("hello from inside the fit") && Catch::Contains("hello past the C library"));
  }
  const Result again = folder.assay({"rerun", "last", "--json", "--isolation", "none"});
  CHECK(again.code == 0);
  CHECK(again.json().at("same_bits") == true);
}

TEST_CASE("a plugin that prints while it is loaded does not reach stdout") {
  Folder folder;
  fs::create_directory(folder.path() / "bad");
  fs::copy_file(fs::path(BAD_PLUGINS) / "bad_prints_at_load.so", folder.path() / "bad" / "prints_at_load.so");
  folder.set("ASSAY_PLUGIN_PATH", (folder.path() / "bad").string());
  folder.write("e.yaml", market("model: {use: bad.prints_at_load}\n", ""));
  const auto value = [&](const std::vector<std::string>& words) {
    const Result ended = folder.assay(words);
    INFO(words[0] << " said " << ended.out);
    CHECK(ended.code == 0);
    CHECK_THAT(ended.err, Catch::Contains("hello from a static object") && Catch::Contains("hello past the C library"));
    return ended.json();  // one value and nothing else
  };
  CHECK(value({"check", "e.yaml", "--json"}).at("sound") == true);
  CHECK(value({"run", "e.yaml", "--json"}).at("status") == "complete");
  CHECK(value({"rerun", "last", "--json"}).at("same_bits") == true);
  CHECK(!value({"plugin", "list", "--json"}).at("components").empty());
  CHECK(value({"plugin", "show", "bad.prints_at_load", "--json"}).at("id") == "bad.prints_at_load");
}

TEST_CASE("nothing could be evaluated: exit 3, the reason in words and as JSON") {
  Folder folder;
  bring_bad_plugins(folder);
  folder.write("e.yaml", market("model: {use: bad.aborts}\n", ""));
  const Result ended = folder.assay({"run", "e.yaml", "--json"});
  CHECK(ended.code == 3);
  CHECK(ended.json().at("status") == "failed");
  CHECK_THAT(ended.json().at("error").get<std::string>(), Catch::Contains("SIGABRT"));
  CHECK_THAT(ended.err, Catch::Contains("SIGABRT") && Catch::Contains("assay runs show"));
  CHECK(folder.assay({"run", "e.yaml"}).code == 3);
}

TEST_CASE("a model that dies of new data: predict tells how, and other data are forecast") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", PROBE_PLUGINS);
  std::string csv = "x,y\n";
  for (int row = 0; row < 60; ++row) csv += std::to_string(row) + "," + std::to_string(row % 7) + "\n";
  folder.write("d.csv", csv);
  folder.write("e.yaml",
               "assay: 1\nname: heights\nseed: 1\ndata: {source: csv, path: d.csv}\ntarget: {column: y, task: regression}\n"
               "split: {use: holdout, test: 0.3}\nmodel: {use: probe.dreads_heights}\nevaluate: {metrics: [rmse]}\n");
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  folder.write("low.csv", "x\n5\n7\n");
  folder.write("high.csv", "x\n5\n2000000\n");
  const Result low = folder.assay({"predict", "last", "--data", "low.csv", "--json"});
  REQUIRE(low.code == 0);
  CHECK(low.json().at("rows").at(1).at("value") == 7.0);
  const Result high = folder.assay({"predict", "last", "--data", "high.csv"});
  CHECK(high.code == 3);
  CHECK_THAT(high.err, Catch::Contains("SIGABRT"));
}

TEST_CASE("a fit that does not ask is stopped by Ctrl-C all the same, within the grace time") {
  Folder folder;
  bring_bad_plugins(folder);
  folder.write("e.yaml", market("model: {use: bad.hangs}\n", ""));
  const pid_t pid = folder.start({"run", "e.yaml", "--json"});
  sleep_ms(1500);
  const auto began = std::chrono::steady_clock::now();
  kill(pid, SIGINT);
  const Result ended = folder.wait(pid);
  CHECK(ended.code == 75);
  CHECK(ended.json() == Json{{"run", 1}, {"name", "bad-models"}, {"status", "interrupted"}});
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(30));
}

TEST_CASE("Ctrl-C twice ends at once") {
  Folder folder;
  bring_bad_plugins(folder);
  folder.write("e.yaml", market("model: {use: bad.hangs}\n", ""));
  const pid_t pid = folder.start({"run", "e.yaml"});
  sleep_ms(1500);
  kill(pid, SIGINT);
  sleep_ms(100);
  kill(pid, SIGINT);
  CHECK(folder.wait(pid).code == 75);
}

namespace {

// The text of a double whose bits are 0x5A17C0DEBA, what it is (plugins/probe.cpp), and its row.
std::string planted(std::uint64_t kind, std::uint64_t row) {
  const std::uint64_t word = 0x5A17C0DEBA000000 | kind << 16 | row;
  double value;
  std::memcpy(&value, &word, sizeof value);
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

}  // namespace

TEST_CASE("firewall: no number of a hidden row or label is anywhere in a worker's memory before its time") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", PROBE_PLUGINS);
  std::string csv = "part,x,y\n";
  for (std::uint64_t row = 0; row < 300; ++row) {
    const std::uint64_t part = row < 150 ? 0 : row < 220 ? 1 : 2;
    csv += std::to_string(part) + "," + planted(2 * part, row) + "," + planted(2 * part + 1, row) + "\n";
  }
  folder.write("planted.csv", csv);
  // Early stopping shows validation inputs to a model between epochs, or during a fit that evaluates by itself; without it none come.
  const auto file = [](const std::string& model, const std::string& train) {
    return "assay: 1\nname: firewall\nseed: 7\ndata: {source: csv, path: planted.csv}\ninputs: [x]\n"
           "target: {column: y, task: regression}\nsplit: {use: by_rule, test: 'part == 2', validation: 'part == 1'}\nmodel: {use: " +
           model + "}\n" + train + "evaluate: {metrics: [rmse]}\n";
  };
  const std::string stopping = "train: {epochs: 3, batch_size: 1000, early_stopping: {metric: rmse, patience: 5}}\n";
  for (const auto& [model, train] : {std::pair<std::string, std::string>{"probe.stepped", stopping}, {"probe.fitted", ""}}) {
    folder.write("e.yaml", file(model, train));
    const Result ended = folder.assay({"run", "e.yaml", "--json"});
    INFO(model << ": " << ended.err);
    CHECK(ended.code == 0);
  }
  folder.write("e.yaml", file("probe.sees_test", ""));  // the scan is not blind: test inputs are seen when they are forecast
  const Result seen = folder.assay({"run", "e.yaml", "--json"});
  CHECK(seen.code == 3);
  CHECK_THAT(seen.err, Catch::Contains("numbers of the test inputs"));
}

TEST_CASE("a last label that overlaps the present one is not seen by a baseline") {
  Folder folder;
  std::string csv = "date,close\n";
  double close = 100;
  for (int day = 0; day < 120; ++day) {
    close *= 1 + 0.01 * std::sin(day * 0.9) + 0.003 * (day % 7);
    char line[80];
    std::snprintf(line, sizeof line, "2020-%02d-%02d,%.6f\n", 1 + day / 28, 1 + day % 28, close);
    csv += line;
  }
  folder.write("d.csv", csv);
  folder.write("e.yaml",
               "assay: 1\nname: overlap\nseed: 7\ndata: {source: csv, path: d.csv, time: {column: date, format: '%Y-%m-%d', stamp: end}}\n"
               "inputs: [close]\ntarget: {expr: 'lead(close, 3) / close - 1', task: regression}\nsplit: {use: holdout, test: 0.4}\n"
               "model: {use: linear.ridge}\nevaluate: {metrics: [rmse], baselines: [last_value]}\n");
  const Result ended = folder.assay({"run", "e.yaml"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  const auto lines = lines_of(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out);
  std::map<std::int64_t, std::pair<std::string, std::string>> last_value;  // row -> truth, value
  for (const std::string& line : lines) {
    const auto cells = cells_of(line);
    if (cells[0] == "baseline:last_value") last_value[std::stoll(cells[4])] = {cells[8], cells[9]};
  }
  REQUIRE(last_value.size() > 30);
  int compared = 0;
  for (const auto& [row, pair] : last_value) {
    if (last_value.count(row - 3) == 0) continue;
    CHECK(pair.second == last_value[row - 3].first);  // the label of three days ago ended just now; later ones still run
    ++compared;
  }
  CHECK(compared > 25);
}
