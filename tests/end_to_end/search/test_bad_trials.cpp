// Trials that go wrong are recorded with their reason and passed over.
#include <map>

#include "support/catch.hpp"
#include "sweeps.hpp"

using namespace search_test;

TEST_CASE("throwing, crashing, hanging and greedy trials are recorded with reason and log; the sweep goes on") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", MOODY_PLUGINS);
  folder.write("e.yaml",
               moody_sweep("good, throws, segfaults, hangs, eats_memory", 10, "resources: {workers: 2, timeout: 4s, memory: 300MB}\n"));
  const Result ended = folder.assay({"run", "e.yaml", "--json"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  CHECK(ended.json().at("search").at("trials") == Json{{"complete", 2}, {"pruned", 0}, {"failed", 8}});
  CHECK(ended.json().at("search").at("best").at("params").at("model.level") == 0);
  std::map<std::string, std::pair<std::string, std::string>> met;
  for (const Json& trial : trials_of(folder))
    met[trial.at("params").at("model.mood").get<std::string>()] = {trial.at("status").get<std::string>(), trial.value("error", "")};
  CHECK(met["good"].first == "complete");
  CHECK(met["throws"].first == "failed");
  CHECK_THAT(met["throws"].second, Catch::Contains("not in the mood"));
  CHECK(met["segfaults"].first == "crashed");
  CHECK_THAT(met["segfaults"].second, Catch::Contains("SIGSEGV"));
  CHECK(met["hangs"].first == "timed out");
  CHECK_THAT(met["hangs"].second, Catch::Contains("resources.timeout"));
  CHECK(met["eats_memory"].first == "out of memory");
  CHECK_THAT(folder.assay({"runs", "show", "last", "--trial", "2"}).out, Catch::Contains("| in the mood to be segfaults"));
  CHECK_THAT(ended.err, Catch::Contains("trial 2 crashed"));
}

TEST_CASE("three crashes with one choice and no success: said, and trials with it are no longer run, for any workers") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", MOODY_PLUGINS);
  folder.write("e.yaml", moody_sweep("good, segfaults", 16));
  Json trials;
  for (const char* workers : {"1", "3"}) {
    const std::string store = std::string(workers) + ".db";
    const Result ended = folder.assay({"run", "e.yaml", "--json", "--store", store, "--workers", workers});
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    CHECK_THAT(ended.err, Catch::Contains("every trial with model.mood = segfaults crashed (1, 3, 5)"));
    const Json now = trials_of(folder, store);
    if (trials.is_null()) trials = now;
    CHECK(now == trials);
    int crashed = 0, not_run = 0;
    for (const Json& trial : now) {
      crashed += trial.at("status") == "crashed";
      not_run += trial.at("status") == "not run";
    }
    CHECK(crashed == 3);
    CHECK(not_run == 5);
    const Result file = folder.assay({"runs", "show", "last", "--trial", "7", "--file", "--store", store});
    CHECK(file.code != 0);
    CHECK_THAT(file.err, Catch::Contains("it never ran") && Catch::Contains("model.mood = segfaults"));
  }
}

TEST_CASE("a network that comes to no number ends its trial alone, with step, layer and mend") {
  Folder folder;
  folder.write(
      "e.yaml",
      "assay: 1\nname: steep\nseed: 3\ndata: {source: sim.credit, rows: 300, seed: 1}\ninputs: [income, age]\n"
      "target: {column: loan_amount, task: regression}\nsplit: {use: holdout, test: 0.3, validation: 0.3}\nprepare: [{use: scale}]\n"
      "model: {use: neural.mlp, hidden: [8], optimizer: sgd}\ntrain: {epochs: 10, batch_size: 8}\nevaluate: {metrics: [rmse]}\n"
      "search:\n  use: grid\n  objective: {metric: rmse}\n  space:\n    model.learning_rate: {choices: [0.01, 10]}\n");
  Json first;
  for (const char* isolation : {"process", "none"}) {
    const std::string store = std::string(isolation) + ".db";
    const Result ended = folder.assay({"run", "e.yaml", "--json", "--isolation", isolation, "--store", store});
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    const Json trials = trials_of(folder, store);
    REQUIRE(trials.size() == 2);
    for (const Json& trial : trials) {
      const bool steep = trial.at("params").at("model.learning_rate") == 10;
      CHECK(trial.at("status") == (steep ? "failed" : "complete"));
      if (!steep) continue;
      const auto said = trial.at("error").get<std::string>();
      CHECK_THAT(said, Catch::Contains("epoch ") && Catch::Contains(", step ") &&
                           Catch::Contains(": the loss is no longer a number; the first") && Catch::Contains("of 2, dense") &&
                           Catch::Contains("A smaller learning_rate (it is 10), clip_norm: 1 or scaled inputs"));
    }
    if (first.is_null()) first = trials;
    CHECK(trials == first);
  }
}

TEST_CASE("equal failures are told once and counted") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", MOODY_PLUGINS);
  folder.write("e.yaml", moody_sweep("good, throws", 16));
  const Result ended = folder.assay({"run", "e.yaml", "--json"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  std::size_t told = 0;
  for (std::size_t at = 0; (at = ended.err.find("not in the mood", at)) != std::string::npos; ++at) ++told;
  CHECK(told == 2);  // by the first, and in the count
  CHECK_THAT(ended.err, Catch::Contains("8 trials failed: "));
}

TEST_CASE("a grid that search.trials cuts short says so") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", MOODY_PLUGINS);
  folder.write("e.yaml", moody_sweep("good", 5));
  const Result ended = folder.assay({"run", "e.yaml", "--json"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.err, Catch::Contains("5 of 8 points"));
  CHECK(ended.json().at("search").at("points") == Json{{"tried", 5}, {"all", 8}});
  CHECK_THAT(folder.assay({"runs", "show", "last"}).out, Catch::Contains("5 of 8 points"));
}

TEST_CASE("a sweep in which everything crashes stops and fails with the reason") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", MOODY_PLUGINS);
  std::string file = moody_sweep("segfaults", 30);
  file.replace(file.find("grid"), 4, "random");  // a grid of these levels is over before
  folder.write("e.yaml", file);
  const Result ended = folder.assay({"run", "e.yaml", "--json"});
  CHECK(ended.code == 3);
  CHECK_THAT(ended.err, Catch::Contains("the first 10 trials crashed, whatever their values: the search is stopped"));
  CHECK_THAT(ended.json().at("error").get<std::string>(), Catch::Contains("no complete trial") && Catch::Contains("SIGSEGV"));
  CHECK(trials_of(folder).size() == 10);
}

TEST_CASE("a sampler of the user's draws in a process of its own: the same study as here, and its end ends the search alone") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", MOODY_PLUGINS);
  const auto file = [](const std::string& sampler) {
    return "assay: 1\nname: own\nseed: 3\ndata: {source: sim.credit, rows: 300, seed: 1}\ninputs: [income]\n"
           "target: {column: loan_amount, task: regression}\nsplit: {use: holdout, test: 0.3, validation: 0.3}\n"
           "model: {use: linear.ridge}\nevaluate: {metrics: [rmse]}\nsearch:\n  use: own.near\n" +
           sampler + "  trials: 12\n  lag: 2\n  objective: {metric: rmse}\n  space: {model.l2: {min: 0.001, max: 10, scale: log}}\n";
  };
  const auto study = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"run", "e.yaml", "--again"};
    words.insert(words.end(), more.begin(), more.end());
    const Result ended = folder.assay(words);
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    return trials_of(folder);
  };
  folder.write("e.yaml", file(""));
  const Json here = study({"--isolation", "none"});
  REQUIRE(here.size() == 12);
  CHECK(study({}) == here);
  CHECK(study({"--workers", "3"}) == here);

  folder.write("e.yaml", file("  dies_at: 7\n"));
  const Result died = folder.assay({"run", "e.yaml", "--json"});
  CHECK(died.code == 3);
  CHECK_THAT(died.json().at("error").get<std::string>(), Catch::Contains("the sampler ended the search") && Catch::Contains("SIGSEGV"));
  CHECK(trials_of(folder).size() >= 6);  // those that were drawn before are kept
  CHECK_THAT(folder.assay({"runs", "list"}).out, Catch::Contains("failed"));
  folder.write("e.yaml", file("  dies_at: 0\n  refuses: true\n"));
  CHECK_THAT(folder.assay({"run", "e.yaml"}).err, Catch::Contains("no more of this"));
}

TEST_CASE("retries: a trial that died once is tried again; one that always crashes is given up after three") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", MOODY_PLUGINS);
  const std::string flag = ", flag: '" + (folder.path() / "flag").string() + "'}";
  const auto write = [&](const std::string& moods, int retries) {
    std::string text = moody_sweep(moods, 1, "resources: {retries: " + std::to_string(retries) + "}\n");
    text.replace(text.find("moody.model}"), 12, "moody.model" + flag);
    folder.write("e.yaml", text);
    folder.write("flag", "");
  };
  write("second_try", 0);
  CHECK(folder.assay({"run", "e.yaml", "--store", "a.db"}).code == 3);
  write("second_try", 1);
  CHECK(folder.assay({"run", "e.yaml", "--store", "b.db"}).code == 0);
  write("segfaults", 9);
  CHECK_THAT(folder.assay({"run", "e.yaml", "--store", "c.db"}).err, Catch::Contains("three crashes in a row: it is not tried again"));
}

TEST_CASE("values that do not go together fail their trial and no other") {
  Folder folder;
  std::string text = network_sweep(6);
  text.replace(text.find("    train.batch_size"), 0, "    train.early_stopping.patience: {min: 1, max: 3}\n");
  folder.write("e.yaml", text);
  const Result missing = folder.assay({"run", "e.yaml"});
  CHECK(missing.code == 1);  // known before any trial runs
}
