// What the trial ledger counts over real runs: configurations by the question that they ask, and looks at a sealed final test.
#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

std::string table(unsigned state) {
  std::string csv = "a,y\n";
  for (int i = 0; i < 200; ++i) {
    state = state * 1664525u + 1013904223u;
    csv += std::to_string(state % 1000) + "," + std::to_string((state >> 12) % 1000) + "\n";
  }
  return csv;
}

std::string file_on(const std::string& data, const std::string& more = "") {
  return "assay: 1\nname: counted\nseed: 7\ndata: {source: csv, path: " + data + "}\ntarget: {column: y, task: regression}\n" +
         "split: {use: holdout, test: 0.5}\nmodel: {use: linear.ridge}\nevaluate: {metrics: [rmse]}\n" + more;
}

Json ledger_of(const Folder& folder, const std::vector<std::string>& words) {
  const Result ended = folder.assay(words);
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  return ended.json().at("ledger");
}

}  // namespace

TEST_CASE("one question is one source by its path or its bytes; another file of the same name is another question") {
  const Folder folder;
  for (const char* sub : {"one", "two"}) fs::create_directory(folder.path() / sub);
  folder.write("one/d.csv", table(1));
  folder.write("two/d.csv", table(2));
  folder.write("copy.csv", table(1));
  folder.write("one.yaml", file_on("one/d.csv"));
  folder.write("two.yaml", file_on("two/d.csv"));
  folder.write("copy.yaml", file_on("copy.csv"));
  CHECK(ledger_of(folder, {"run", "one.yaml", "--json"}).at("trials") == 1);
  CHECK(ledger_of(folder, {"run", "two.yaml", "--json"}).at("trials") == 1);
  CHECK(ledger_of(folder, {"run", "copy.yaml", "--json", "--set", "model.l2=2"}).at("trials") == 2);
  folder.write("one/d.csv", table(1) + "5,6\n");                                                     // a newer download
  CHECK(ledger_of(folder, {"run", "one.yaml", "--json", "--set", "model.l2=3"}).at("trials") == 2);  // the copy is of other bytes now
}

TEST_CASE("prior_trials add to the count and are no configuration of their own") {
  const Folder folder;
  folder.write("d.csv", table(1));
  folder.write("e.yaml", file_on("d.csv"));
  folder.write("prior.yaml", file_on("d.csv", "prior_trials: 40\n"));
  CHECK(ledger_of(folder, {"run", "e.yaml", "--json"}).at("trials") == 1);
  const Json with_prior = ledger_of(folder, {"run", "prior.yaml", "--json"});
  CHECK(with_prior.at("trials") == 41);
  CHECK(with_prior.at("prior_trials") == 40);
}

TEST_CASE("a reveal stays on record when its run is deleted, and later runs show it") {
  const Folder folder;
  folder.write("e.yaml",
               "assay: 1\nname: sealed\nseed: 7\ndata: {source: sim.market, entities: 4, days: 400, seed: 1}\ninputs: [momentum, value]\n"
               "target: {expr: 'lead(close, 1) / close - 1', task: regression}\n"
               "split: {use: walk_forward, train: 200, test: 60, final_test: 80}\n"
               "model: {use: linear.ridge}\nevaluate: {metrics: [rmse], baselines: [no_change]}\n");
  CHECK(ledger_of(folder, {"run", "e.yaml", "--json"}).at("reveals") == 0);
  REQUIRE(folder.assay({"reveal", "last"}).code == 0);
  REQUIRE(folder.assay({"runs", "delete", "1"}).code == 0);
  const std::vector<std::string> other{"run", "e.yaml", "--set", "model.l2=5"};
  CHECK_THAT(folder.assay(other).out, Catch::Contains("final test was looked at 1 time\n"));
  CHECK(folder.assay({"reveal", "last", "--json"}).json().at("reveals") == 2);
  std::vector<std::string> again = other;
  again.insert(again.end(), {"--again", "--json"});
  CHECK(ledger_of(folder, again).at("reveals") == 2);
  CHECK(ledger_of(folder, {"run", "e.yaml", "--json", "--set", "data.seed=2"}).at("reveals") == 0);  // another market
}
