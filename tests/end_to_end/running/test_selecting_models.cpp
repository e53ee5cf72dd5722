// Selections that ask a model, in a run: the same inputs wherever the model lives, and one that misbehaves ends its fold's fits alone.
#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

std::string market(const std::string& select, const std::string& more) {
  return "assay: 1\nname: selecting\nseed: 7\ndata: {source: sim.market, entities: 4, days: 260, seed: 1}\n"
         "features:\n  ret_1: close / lag(close, 1) - 1\n  range: high / low - 1\n"
         "inputs: [momentum, value, flow, ret_1, range]\n"
         "target: {expr: 'lead(close, 1) / close - 1', task: regression}\n"
         "split: {use: walk_forward, train: 120d, test: 60d}\nprepare: [{use: missing}, {use: scale}]\nselect: [" +
         select + "]\nmodel: {use: linear.ridge}\nevaluate: {metrics: [rmse], baselines: [no_change]}\n" + more;
}

}  // namespace

TEST_CASE("recursive elimination keeps the same inputs here, in threads and in workers") {
  Folder folder;
  const std::string select =
      "{use: recursive_elimination, model: {use: ridge}, keep: 2, step: 1}, "
      "{use: recursive_elimination, model: {use: neural.mlp, hidden: [4]}, importance: permutation, permutations: 2}";
  Json first;
  for (const std::string isolation : {"process", "thread", "none"}) {
    folder.write("e.yaml", market(select, "train: {epochs: 3}\nresources: {workers: 2, isolation: " + isolation + "}\n"));
    const Result run = folder.assay({"run", "e.yaml", "--json", "--again"});
    INFO(run.err);
    REQUIRE(run.code == 0);
    const Json selection = run.json().at("selection");
    CHECK(selection.at("kept").at(0).size() <= 2);
    if (first.is_null()) first = selection;
    CHECK(selection == first);
  }
}

TEST_CASE("a model that crashes while it judges inputs ends the fits that need them, with its reason") {
  Folder folder;
  fs::create_directory(folder.path() / "bad");
  fs::copy_file(fs::path(BAD_PLUGINS) / "bad_segfaults.so", folder.path() / "bad" / "segfaults.so");
  folder.set("ASSAY_PLUGIN_PATH", (folder.path() / "bad").string());
  folder.write("e.yaml", market("{use: recursive_elimination, model: {use: bad.segfaults}, importance: permutation}", ""));
  const Result run = folder.assay({"run", "e.yaml", "--json"});
  CHECK(run.code == 3);
  CHECK_THAT(run.json().at("failures").dump(), Catch::Contains("preparing the fold") && Catch::Contains("SIGSEGV"));
  CHECK_THAT(folder.assay({"runs", "show", "last"}).out, Catch::Contains("crashed"));
  CHECK(folder.assay({"check", "e.yaml"}).code == 0);  // it fits nothing
}
