// Planted leaks, through the program: each is an error that names it, or has no effect. And what cannot be scored is said to be undefined.
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "program.hpp"
#include "support/catch.hpp"

using namespace figures_test;

namespace {

struct Plan {
  std::string more = {}, inputs = "[momentum]", target = "{expr: \"lead(close, 1) / close - 1\", task: regression}",
              split = "{use: walk_forward, train: 120, test: 60}";
};

std::string market(const Plan& plan) {
  return "assay: 1\nname: leak\nseed: 1\ndata: {source: sim.market, entities: 4, days: 300, signal: 0.02, seed: 1}\ninputs: " +
         plan.inputs + "\ntarget: " + plan.target + "\nsplit: " + plan.split + "\n" + plan.more +
         "model: {use: linear.ridge}\nevaluate: {metrics: [rmse], baselines: [no_change]}\n";
}

std::string credit(const std::string& more, const std::string& split) {
  return "assay: 1\nname: leak\nseed: 1\ndata: {source: sim.credit, rows: 600, seed: 1}\ntarget: {column: default, task: binary}\n" + more +
         "split: " + split + "\nmodel: {use: linear.logistic}\nevaluate: {metrics: [auc, ks, log_loss], baselines: [prior]}\n";
}

}  // namespace

TEST_CASE("Planted leaks are errors that name them") {
  const std::string holdout = "{use: stratified, test: 0.3}";
  struct Leak {
    std::string file, expected;
  };
  const Leak leaks[] = {
      {market({.more = "features: {peek: \"lead(close, 1)\"}\n", .inputs = "[peek]"}), "lead() looks into the future"},
      {market({.target = "{expr: \"lead(close, 5) / close - 1\", task: regression, horizon: 2}"}),
       "the declared horizon is 2 rows, but target.expr looks 5 rows ahead"},
      {market({.target = "{expr: \"lead(close, 80) / close - 1\", task: regression}"}),
       "the label looks 80 rows ahead, while a test span has 60 times only"},
      {market({.split = "{use: k_fold, folds: 4, shuffle: true}"}), "a shuffled split puts rows into train that lie after test rows"},
      {market({.split = "{use: by_rule, test: \"row % 5 == 4\"}"}), "purged because their labels touch a later set"},
      {market({.more = "prepare: [{use: missing, method: interpolate}]\n"}), "interpolation would use later rows"},
      {credit("features: {peek: default * 2}\ninputs: [income, peek]\n", holdout), "feature `peek` reads the target `default`"},
      {credit("inputs: [income, default]\n", holdout), "the target 'default' is among the inputs"},
      {credit("inputs: [income, sex]\nprotected: [sex]\n", holdout), "the protected column 'sex' is among the inputs"},
  };
  const Program assay;
  for (const Leak& leak : leaks) {
    const Program::Said said = assay.say("check '" + assay.write("leak.yaml", leak.file) + "'");
    INFO(leak.file << said.err << said.out);
    CHECK(said.code != 0);
    CHECK((said.err + said.out).find(leak.expected) != std::string::npos);
  }
  // The same files without the leak are sound, so that the errors above are the leaks' own.
  CHECK(assay.say("check '" + assay.write("sound.yaml", market({})) + "'").code == 0);
  CHECK(assay.say("check '" + assay.write("sound.yaml", credit("inputs: [income]\n", holdout)) + "'").code == 0);
  const Plan reasoned{.split = "{use: k_fold, folds: 4, shuffle: true, allow_shuffled_time: \"a lesson\"}"};
  CHECK(assay.say("check '" + assay.write("sound.yaml", market(reasoned)) + "'").code == 0);
}

TEST_CASE("Where the test rows hold one class, what cannot be said is undefined and the rest is scored") {
  const Program assay;
  std::ostringstream table;
  table << "x,late,bad\n";
  for (int row = 0; row < 600; ++row)
    table << (row * 37) % 101 << ',' << row / 400 << ',' << (row < 400 && (row * 37) % 101 + row % 50 > 75) << '\n';
  assay.write("one.csv", table.str());
  const Json run =
      assay.run(assay.write("one.yaml",
                            "assay: 1\nname: one\nseed: 1\ndata: {source: csv, path: one.csv}\ninputs: [x]\ntarget: {column: bad, "
                            "task: binary}\nsplit: {use: by_rule, test: \"late == 1\"}\nmodel: {use: linear.logistic}\nevaluate: "
                            "{metrics: [auc, ks, log_loss], baselines: [prior]}\n"));
  for (const char* name : {"auc", "ks"})
    for (const char* part : {"value", "low", "high"}) CHECK(run.at("metrics").at(name).at(part).is_null());
  CHECK(value(run.at("metrics"), "log_loss") > 0);
  CHECK_FALSE(run.at("comparisons").at(0).at("better").get<bool>());
}

TEST_CASE("A customer's rows are test rows of one fold only") {
  const Program assay;
  std::ostringstream table;
  table << "customer,x,bad\n";
  for (int row = 0; row < 1200; ++row)  // four rows of each of 300 customers, far apart in the file
    table << 'c' << row % 300 << ',' << (row * 37) % 101 << ',' << (row % 300) % 2 << '\n';
  assay.write("customers.csv", table.str());
  const std::string file =
      assay.write("groups.yaml",
                  "assay: 1\nname: groups\nseed: 1\ndata: {source: csv, path: customers.csv}\ninputs: [x]\ntarget: {column: bad, task: "
                  "binary}\nsplit: {use: k_fold, folds: 4, group: customer}\nmodel: {use: linear.logistic}\nevaluate: {metrics: [auc], "
                  "baselines: [prior]}\n");
  assay.run(file);
  std::istringstream rows(assay.say("runs show last --predictions --csv").out);
  std::map<int, std::set<std::string>> folds;
  std::string line, model, fold, repeat, part, row;
  std::getline(rows, line);
  while (std::getline(rows, line)) {
    std::istringstream cells(line);
    for (std::string* cell : {&model, &fold, &repeat, &part, &row}) std::getline(cells, *cell, ',');
    if (model == "model") folds[std::stoi(row) % 300].insert(fold);
  }
  CHECK(folds.size() == 300);
  for (const auto& [customer, of] : folds) CHECK(of.size() == 1);
}

TEST_CASE("The threshold is chosen on train rows: test labels do not move it, train labels do, and the result says where") {
  const Program assay;
  const auto threshold = [&](int flipped) {  // every other label of the rows with row % 5 == flipped is the other one; -1: none
    std::string table = "x,y\n";
    for (int row = 0; row < 400; ++row) {
      const bool is_high = (row * 37 + row * row % 11) % 100 > 60;
      const bool flip = row % 5 == flipped && row % 2 == 0;
      table += std::to_string((row * 53) % 97 + (is_high ? 40 : 0)) + "," + std::to_string(static_cast<int>(is_high != flip)) + "\n";
    }
    assay.write("table.csv", table);
    const std::string file = assay.write("threshold.yaml",
                                         "assay: 1\nname: threshold\nseed: 1\ndata: {source: csv, path: table.csv}\n"
                                         "target: {column: y, task: binary}\nsplit: {use: by_rule, test: \"row % 5 == 4\"}\n"
                                         "model: {use: linear.logistic}\nevaluate: {metrics: [f1, auc], baselines: [prior], "
                                         "threshold: {rows: train, by: f1}}\n");
    const Json run = assay.run(file);
    CHECK(run.at("threshold").at("rows") == "train");
    CHECK(run.at("threshold").at("by") == "f1");
    return std::pair{run.at("threshold").at("value").get<double>(), value(run.at("metrics"), "f1")};
  };
  const auto as_is = threshold(-1), test_flipped = threshold(4), train_flipped = threshold(2);
  CHECK(test_flipped.first == as_is.first);
  CHECK(test_flipped.second != as_is.second);  // the flip was seen where it may be seen
  CHECK(train_flipped.first != as_is.first);
}
