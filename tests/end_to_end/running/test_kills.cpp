// Runs that die, in every way, and the same command that finishes them.
#include <chrono>
#include <cmath>
#include <map>
#include <random>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

// What the last run of a store holds, numbers as they stand in its CSV.
std::string forecasts(const Folder& folder, const std::string& store) {
  const Result shown = folder.assay({"runs", "show", "last", "--predictions", "--csv", "--store", store});
  REQUIRE(shown.code == 0);
  return shown.out;
}

Json without_circumstances(Json json) {
  for (const char* key : {"run", "ledger"}) json.erase(key);
  return json;
}

// Processes whose parent is `host`.
std::vector<pid_t> children_of(pid_t host) {
  std::vector<pid_t> out;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string stat = slurp(entry.path() / "stat");
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos) continue;
    int parent = 0;
    char state = 0;
    if (std::sscanf(stat.c_str() + name_end + 1, " %c %d", &state, &parent) == 2 && parent == host)
      out.push_back(std::stoi(entry.path().filename().string()));
  }
  return out;
}

}  // namespace

TEST_CASE("kill -9 at fifty moments: the same command finishes the run with the bits of an undisturbed one") {
  Folder folder;
  folder.set("ASSAY_CHECKPOINT_SECONDS", "0");  // a checkpoint after every epoch
  folder.write("e.yaml", small_file());
  const Result whole = folder.assay({"run", "e.yaml", "--store", "ref.db", "--json"});
  INFO(whole.err);
  REQUIRE(whole.code == 0);

  std::mt19937 random(20);
  std::map<std::string, std::string> fits_seen;  // a finished fit and the line that tells of it, duration included
  int kills = 0, finished = 0;
  while (kills < 50) {
    const pid_t pid = folder.start({"run", "e.yaml", "--workers", "2", "--json"});
    // Mostly early, sometimes late: every stage is met, whatever the machine's speed.
    sleep_ms(static_cast<int>(random() % (kills % 5 == 4 ? 400 : 60)));
    kill(pid, SIGKILL);
    const Result ended = folder.wait(pid);
    ++kills;
    if (!fs::exists(folder.path() / "assay.db")) continue;
    const Result list = folder.assay({"runs", "list", "--json"});
    INFO(list.err);
    REQUIRE(list.code == 0);  // the store opens
    const Json runs = list.json();
    REQUIRE(runs.size() <= 1 + static_cast<std::size_t>(finished));
    if (runs.empty()) continue;
    const Result shown = folder.assay({"runs", "show", "last"});
    std::map<std::string, std::string> now;
    for (const std::string& line : lines_of(shown.out))
      if (const auto at = line.find(": complete, "); at != std::string::npos && line.starts_with("  ")) now[line.substr(0, at)] = line;
    for (const auto& [fit, line] : fits_seen) {
      INFO(fit);
      REQUIRE(now.count(fit) == 1);  // nothing finished is lost
      REQUIRE(now[fit] == line);     // or run twice
    }
    fits_seen = now;
    if (ended.code == 0) {  // it was done before the kill came: begin a new run
      REQUIRE(forecasts(folder, "assay.db") == forecasts(folder, "ref.db"));
      REQUIRE(folder.assay({"runs", "delete", "last"}).code == 0);
      fits_seen.clear();
    }
  }
  const Result last = folder.assay({"run", "e.yaml", "--json"});
  INFO(last.err);
  REQUIRE(last.code == 0);
  CHECK(forecasts(folder, "assay.db") == forecasts(folder, "ref.db"));
  CHECK(without_circumstances(last.json()) == without_circumstances(whole.json()));
}

TEST_CASE("a fit goes on from its checkpoint after kill -9, same bits") {
  Folder folder;
  folder.set("ASSAY_CHECKPOINT_SECONDS", "0");
  const std::string file =
      "assay: 1\nname: long\nseed: 3\ndata: {source: sim.credit, rows: 4000, seed: 1}\ninputs: all\n"
      "target: {column: default, task: binary}\nsplit: {use: stratified, test: 0.2, validation: 0.2}\n"
      "prepare: [{use: one_hot, drop: first}, {use: scale, method: standard}]\n"
      "model: {use: neural.mlp, hidden: [64, 32], optimizer: adam}\n"
      "train: {epochs: 150, batch_size: 16, schedule: cosine, early_stopping: {metric: auc, patience: 200}}\n"
      "evaluate: {metrics: [auc], baselines: [prior]}\n";
  folder.write("e.yaml", file);
  REQUIRE(folder.assay({"run", "e.yaml", "--store", "ref.db"}).code == 0);
  int kills = 0;
  Result ended;
  for (; kills < 100; ++kills) {
    const pid_t pid = folder.start({"run", "e.yaml", "--json"});
    sleep_ms(static_cast<int>(300 * std::pow(1.05, kills)));  // grows, so that a slow machine gets past the start, and to the end
    kill(pid, SIGKILL);
    ended = folder.wait(pid);
    if (ended.code == 0) break;
  }
  REQUIRE(ended.code == 0);
  CHECK(forecasts(folder, "assay.db") == forecasts(folder, "ref.db"));
}

TEST_CASE("Ctrl-C once: 75, what is done is kept, and the same command goes on") {
  Folder folder;
  folder.write("e.yaml", small_file());
  bool interrupted = false;
  for (int wait = 30; wait < 2000 && !interrupted; wait += wait) {  // until one is met in the middle
    fs::remove(folder.path() / "assay.db");
    const pid_t pid = folder.start({"run", "e.yaml", "--json", "--set", "train.epochs=400"});
    sleep_ms(wait);
    kill(pid, SIGINT);
    const Result ended = folder.wait(pid);
    if (ended.code != 75) continue;
    interrupted = true;
    CHECK(ended.json().at("status") == "interrupted");
    CHECK_THAT(ended.err, Catch::Contains("the same command goes on"));
    if (fs::exists(folder.path() / "assay.db")) CHECK(folder.assay({"runs", "list"}).code == 0);
  }
  CHECK(interrupted);
  CHECK(folder.assay({"run", "e.yaml"}).code == 0);
}

TEST_CASE("kill -9 of a worker: the fit is crashed with its signal, the host goes on; the same command tries it again") {
  Folder folder;
  folder.write("e.yaml",
               "assay: 1\nname: slow\nseed: 3\ndata: {source: sim.credit, rows: 2000, seed: 1}\ninputs: all\n"
               "target: {column: default, task: binary}\nsplit: {use: stratified, test: 0.2}\n"
               "prepare: [{use: one_hot, drop: first}]\n"
               "models: {slow: {use: neural.mlp, hidden: [256, 256]}, quick: {use: linear.logistic, l2: 1}}\n"
               "train: {epochs: 100000}\nevaluate: {metrics: [auc], baselines: [prior]}\n");
  const pid_t host = folder.start({"run", "e.yaml", "--json"});
  bool killed = false;
  for (int i = 0; i < 400 && !killed; ++i) {
    sleep_ms(25);
    const std::vector<pid_t> workers = children_of(host);
    if (i < 12 || workers.empty()) continue;
    killed = kill(workers[0], SIGKILL) == 0;
  }
  REQUIRE(killed);
  const Result ended = folder.wait(host);
  INFO(ended.err);
  CHECK(ended.code == 3);
  const Json json = ended.json();
  CHECK(json.at("status") == "failed");
  CHECK(json.at("metrics").contains("auc"));  // of the model that is left
  REQUIRE(json.at("failures").size() == 1);
  CHECK_THAT(json.at("failures")[0].get<std::string>(), Catch::Contains("slow") && Catch::Contains("SIGKILL"));
  CHECK_THAT(folder.assay({"runs", "show", "last"}).out, Catch::Contains("slow, fold 1, repeat 1: crashed"));
}

TEST_CASE("retries: a fit that died once is tried again") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", PROBE_PLUGINS);
  const auto file = [&](int retries) {
    return "assay: 1\nname: retried\nseed: 3\ndata: {source: sim.credit, rows: 300, seed: 1}\ninputs: [income]\n"
           "target: {column: loan_amount, task: regression}\nsplit: {use: holdout, test: 0.3}\nmodel: {use: probe.second_try, flag: '" +
           (folder.path() / "flag").string() + "'}\nevaluate: {metrics: [rmse]}\nresources: {retries: " + std::to_string(retries) + "}\n";
  };
  folder.write("e.yaml", file(0));
  folder.write("flag", "");
  CHECK(folder.assay({"run", "e.yaml", "--store", "a.db"}).code == 3);
  folder.write("e.yaml", file(1));
  folder.write("flag", "");
  const Result ended = folder.assay({"run", "e.yaml", "--store", "b.db"});
  INFO(ended.err);
  CHECK(ended.code == 0);
  CHECK_FALSE(fs::exists(folder.path() / "flag"));
}
