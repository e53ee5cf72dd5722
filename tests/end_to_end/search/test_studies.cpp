// What a search is, however it is run.
#include <map>
#include <set>

#include "support/catch.hpp"
#include "sweeps.hpp"

using namespace search_test;

TEST_CASE("the same study and the same result for 1, 2 and 4 workers, in processes, threads and alone") {
  Folder folder;
  folder.write("e.yaml", network_sweep());
  Json trials, summary;
  for (const auto& [workers, isolation] : {std::pair{"1", "process"}, {"2", "process"}, {"4", "process"}, {"4", "thread"}, {"1", "none"}}) {
    CAPTURE(workers, isolation);
    const std::string store = std::string(isolation) + workers + ".db";
    const Result ended = folder.assay({"run", "e.yaml", "--json", "--workers", workers, "--isolation", isolation, "--store", store});
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    const Json now = trials_of(folder, store);
    if (trials.is_null()) {
      trials = now;
      summary = without_circumstances(ended.json());
      REQUIRE(trials.size() == 60);
      const Json counts = summary.at("search").at("trials");
      CHECK(counts.at("complete").get<int>() + counts.at("pruned").get<int>() == 60);
      CHECK(counts.at("pruned").get<int>() > 3);
      CHECK(summary.at("search").at("choices").size() == 3);
      CHECK(summary.at("search").at("luck").at("trials") == 60);
      CHECK(ended.json().at("search").at("luck").at("ledger") == 60);
      CHECK(ended.json().at("ledger").at("trials") == 60);
    }
    CHECK(now == trials);
    CHECK(without_circumstances(ended.json()) == summary);
  }
}

TEST_CASE("the best trial is the best of the complete ones, fold by fold; sweep best and the result say it with N") {
  Folder folder;
  folder.write("e.yaml", network_sweep(8));
  const Result ended = folder.assay({"run", "e.yaml"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  CHECK_THAT(ended.out, Catch::Contains("the best of N = 24 configurations tried here"));
  const Result best = folder.assay({"sweep", "best", "last", "--json"});
  REQUIRE(best.code == 0);
  const Json choices = best.json().at("choices");
  REQUIRE(choices.size() == 3);
  for (int fold = 1; fold <= 3; ++fold) {
    double value = 0;
    Json number;
    for (const Json& trial : trials_of(folder))
      if (trial.at("fold") == fold && trial.at("status") == "complete" && trial.at("value").get<double>() > value) {
        value = trial.at("value").get<double>();
        number = trial.at("number");
      }
    CHECK(choices[static_cast<std::size_t>(fold - 1)].at("number") == number);
    CHECK(choices[static_cast<std::size_t>(fold - 1)].at("value") == value);
  }
  CHECK(best.json().at("best") == choices[2]);
  const Result csv = folder.assay({"runs", "show", "last", "--trials", "--csv"});
  CHECK(lines_of(csv.out).size() == 25);
  CHECK_THAT(csv.out, Catch::StartsWith("fold,number,status,value,seconds,model.hidden,model.learning_rate,train.batch_size,error"));
  CHECK(folder.assay({"runs", "show", "last", "--trial", "3"}).code == 1);  // of which fold?
}

TEST_CASE("a trial's stored file gives the trial's bits when run alone, pruned ones too") {
  Folder folder;
  folder.write("e.yaml", network_sweep(12));
  REQUIRE(folder.assay({"run", "e.yaml", "--workers", "4"}).code == 0);
  int pruned = 0, complete = 0;
  for (const Json& trial : trials_of(folder)) {
    if (trial.at("fold") != 2) continue;
    const std::string number = trial.at("number").dump();
    const Json whole = folder.assay({"runs", "show", "last", "--trial", number, "--fold", "2", "--json"}).json();
    folder.write("trial.yaml", folder.assay({"runs", "show", "last", "--trial", number, "--fold", "2", "--file"}).out);
    const Result alone = folder.assay({"run", "trial.yaml", "--json", "--store", "alone.db"});
    INFO(alone.err);
    REQUIRE(alone.code == 0);
    const Json again = alone.json().at("trial");
    CHECK(again.at("number") == trial.at("number"));
    CHECK(again.at("status") == trial.at("status"));
    CHECK(again.at("value").dump() == trial.at("value").dump());  // to the last digit
    if (trial.at("status") == "pruned") {
      CHECK(again.at("steps") == whole.at("steps"));
      ++pruned;
    } else {
      ++complete;
    }
    CHECK(alone.json().at("ledger").at("trials") == 36);  // it is no new configuration
  }
  CHECK(pruned > 0);
  CHECK(complete > 0);
}

TEST_CASE("without a pruner the complete trials are the same ones, with the same values") {
  Folder folder;
  folder.write("with.yaml", network_sweep(12));
  std::string text = network_sweep(12);
  const auto at = text.find("  pruner:");
  text.erase(at, text.find('\n', at) + 1 - at);
  folder.write("without.yaml", text);
  REQUIRE(folder.assay({"run", "with.yaml", "--store", "a.db"}).code == 0);
  REQUIRE(folder.assay({"run", "without.yaml", "--store", "b.db"}).code == 0);
  const Json with = trials_of(folder, "a.db"), without = trials_of(folder, "b.db");
  REQUIRE(with.size() == without.size());
  for (std::size_t i = 0; i < with.size(); ++i) {
    CHECK(with[i].at("params") == without[i].at("params"));
    CHECK(without[i].at("status") == "complete");
    if (with[i].at("status") == "complete") CHECK(with[i].at("value") == without[i].at("value"));
  }
}

TEST_CASE("values of features and preparation are searched too, each with data of its own") {
  Folder folder;
  folder.write("e.yaml",
               "assay: 1\nname: features\nseed: 7\ndata: {source: sim.market, entities: 4, days: 500, seed: 1, signal: 0.2}\n"
               "features:\n  ret: close / lag(close, 1) - 1\n  rsi: {use: technical.rsi, window: 5}\ninputs: [ret, rsi]\n"
               "target: {expr: \"lead(close, 1) / close - 1\", task: regression}\n"
               "split: {use: walk_forward, train: 200, validation: 60, test: 60, step: 60}\n"
               "prepare: [{use: outliers, method: mad, threshold: 5, action: clip}, {use: scale, method: standard}]\n"
               "model: {use: linear.ridge, l2: 1}\nevaluate: {metrics: [rmse]}\nresources: {workers: 2}\n"
               "search:\n  use: grid\n  objective: {metric: rmse}\n  space:\n    features.rsi.window: {choices: [3, 14]}\n"
               "    prepare.0.threshold: {choices: [1.5, 5]}\n    model.l2: {choices: [0.1, 100]}\n");
  const Result ended = folder.assay({"run", "e.yaml", "--json"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  std::map<std::string, std::set<std::string>> met;  // by fold: distinct values of the objective
  for (const Json& trial : trials_of(folder)) {
    CHECK(trial.at("status") == "complete");
    met[trial.at("fold").dump()].insert(trial.at("value").dump());
  }
  for (const auto& [fold, values] : met) CHECK(values.size() == 8);  // every value makes a difference
  // A fold's forecasts are those of a run whose file says what the fold chose.
  const Json choice = ended.json().at("search").at("choices")[0];
  std::vector<std::string> words{"run", "e.yaml", "--store", "fixed.db"};
  std::string fixed = slurp(folder.path() / "e.yaml");
  fixed.erase(fixed.find("search:"));
  folder.write("fixed.yaml", fixed);
  words[1] = "fixed.yaml";
  for (const auto& [path, value] : choice.at("params").items()) words.insert(words.end(), {"--set", path + "=" + value.dump()});
  const Result again = folder.assay(words);
  INFO(again.err);
  REQUIRE(again.code == 0);
  const auto first_fold = [&](const std::string& store) {
    std::string kept;
    for (const std::string& line : lines_of(folder.assay({"runs", "show", "last", "--predictions", "--csv", "--store", store}).out))
      if (line.starts_with("model,1,")) kept += line + "\n";
    return kept;
  };
  CHECK_FALSE(first_fold("fixed.db").empty());
  CHECK(first_fold("assay.db") == first_fold("fixed.db"));
  // So are its forecasts of new rows.
  std::string rows = "time,symbol,close\n";
  for (int day = 1; day <= 28; ++day)
    for (const char* symbol : {"E001", "E002"})
      rows += "2021-02-" + std::string(day < 10 ? "0" : "") + std::to_string(day) + "," + symbol + "," +
              std::to_string(100 + (day * 7) % 13) + "\n";
  folder.write("new.csv", rows);
  const auto forecasts = [&](const std::string& store) {
    return folder.assay({"predict", "last", "--data", "new.csv", "--fold", "1", "--store", store});
  };
  INFO(forecasts("assay.db").err);
  REQUIRE(forecasts("assay.db").code == 0);
  CHECK(lines_of(forecasts("assay.db").out).size() == 57);
  CHECK(forecasts("assay.db").out == forecasts("fixed.db").out);
}

TEST_CASE("one choice for all folds: nothing of their test rows is scored or shown, the final test only by reveal") {
  Folder folder;
  folder.write("e.yaml",
               "assay: 1\nname: once\nseed: 7\ndata: {source: sim.market, entities: 3, days: 600, seed: 1, signal: 0.2}\n"
               "features: {ret: \"close / lag(close, 1) - 1\"}\ntarget: {expr: \"lead(close, 1) / close - 1\", task: regression}\n"
               "split: {use: walk_forward, train: 200, validation: 60, test: 60, step: 60, final_test: 60}\n"
               "model: {use: linear.ridge, l2: 1}\nevaluate: {metrics: [rmse]}\n"
               "search:\n  use: random\n  trials: 10\n  objective: {metric: rmse}\n  space:\n"
               "    model.l2: {min: 0.01, max: 1000, scale: log}\n");
  const Result ended = folder.assay({"run", "e.yaml", "--json"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  const Json json = ended.json();
  CHECK(json.at("metrics").empty());
  CHECK(json.at("search").at("trials").at("complete") == 10);
  CHECK_FALSE(json.at("search").at("best").contains("fold"));
  CHECK_THAT(json.at("sealed").get<std::string>(), Catch::Contains("assay reveal"));
  CHECK(lines_of(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out).size() == 1);
  for (const Json& trial : trials_of(folder)) CHECK(trial.at("fold").is_null());
  const Result shown = folder.assay({"reveal", "last", "--json"});
  INFO(shown.err);
  REQUIRE(shown.code == 0);
  CHECK(shown.json().at("metrics").at("rmse").at("value").get<double>() > 0);
  // The forecasts are those of the chosen penalty: another file with it, revealed, scores the same.
  std::string fixed = slurp(folder.path() / "e.yaml");
  fixed.erase(fixed.find("search:"));
  folder.write("fixed.yaml", fixed);
  const std::string l2 = json.at("search").at("best").at("params").at("model.l2").dump();
  REQUIRE(folder.assay({"run", "fixed.yaml", "--set", "model.l2=" + l2, "--store", "fixed.db"}).code == 0);
  CHECK(folder.assay({"reveal", "last", "--json", "--store", "fixed.db"}).json().at("metrics") == shown.json().at("metrics"));
  // A trial on its own opens nothing: its reveal is refused before it is counted.
  folder.write("trial.yaml", folder.assay({"runs", "show", "last", "--trial", "3", "--file"}).out);
  const Result trial = folder.assay({"run", "trial.yaml", "--json"});
  INFO(trial.err);
  REQUIRE(trial.code == 0);
  CHECK_FALSE(trial.json().contains("sealed"));
  CHECK(trial.json().at("ledger").at("trials") == json.at("ledger").at("trials"));  // of the same question, and counted already
  const Result refused = folder.assay({"reveal", "last"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Catch::Contains("one trial of a search"));
}

TEST_CASE("test rows in an objective, and one choice without a final test, are errors that explain") {
  Folder folder;
  std::string text = network_sweep();
  text.replace(text.find("{metric: auc}"), 13, "{metric: auc, rows: test}");
  folder.write("e.yaml", text);
  const Result rows = folder.assay({"run", "e.yaml"});
  CHECK(rows.code == 1);
  CHECK_THAT(rows.err, Catch::Contains("a test row may choose nothing"));
  text = network_sweep(20, "  scope: once\n");
  folder.write("e.yaml", text);
  const Result scope = folder.assay({"run", "e.yaml"});
  CHECK(scope.code == 1);
  CHECK_THAT(scope.err, Catch::Contains("final_test"));
}

TEST_CASE("--quick tries three trials") {
  Folder folder;
  folder.write("e.yaml", network_sweep());
  const Result ended = folder.assay({"run", "e.yaml", "--quick", "--json"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  CHECK(trials_of(folder).size() == 6);  // in each of two folds
}
