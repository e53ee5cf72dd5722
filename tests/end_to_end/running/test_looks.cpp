// What the store keeps of data and audits, beside runs.
#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

TEST_CASE("a run keeps what its data look like, an audit and a check what they found, and all stand with every run of the question") {
  Folder folder;
  folder.write("e.yaml",
               "assay: 1\nname: looks\nseed: 7\ndata: {source: sim.market, entities: 3, days: 120, seed: 1}\ninputs: [momentum, value]\n"
               "target: {expr: 'lead(close, 1) / close - 1', task: regression}\nsplit: {use: holdout, test: 0.3}\n"
               "model: {use: linear.ridge}\nevaluate: {metrics: [rmse], baselines: [no_change]}\n");
  CHECK(folder.assay({"audit", "e.yaml", "--draws", "20"}).code == 0);
  CHECK_FALSE(fs::exists(folder.path() / "assay.db"));  // an audit makes no store
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  const Json first = folder.assay({"runs", "show", "last", "--data"}).json();
  CHECK(first.at("data").at("look").at("columns").size() == 3);
  CHECK_FALSE(first.contains("audit"));
  const Result checked = folder.assay({"data", "check", "e.yaml", "--json"});
  CHECK(checked.code == 0);
  CHECK(folder.assay({"audit", "e.yaml", "--draws", "20"}).code == 0);
  REQUIRE(folder.assay({"run", "e.yaml", "--again"}).code == 0);
  const Json second = folder.assay({"runs", "show", "last", "--data"}).json();
  CHECK(second.at("audit").at("look").at("clean") == true);
  CHECK(second.at("check").at("look") == checked.json());
  CHECK(second.at("data").at("look") == first.at("data").at("look"));
}
