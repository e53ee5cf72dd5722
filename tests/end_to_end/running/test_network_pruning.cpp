// Networks that are pruned, on real runs: the curve, the choice on validation rows, and bits that hang on nothing but the file.
#include <cmath>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

std::string pruned_file(const std::string& model, const std::string& pruning, const std::string& more = "") {
  return "assay: 1\nname: pruned\nseed: 7\ndata: {source: sim.credit, rows: 3000, seed: 1}\ninputs: all\n"
         "target: {column: default, task: binary}\nsplit: {use: stratified, test: 0.3, validation: 0.2}\n"
         "prepare: [{use: one_hot, drop: first}, {use: scale}]\nmodel: " +
         model + "\ntrain:\n  epochs: 4\n  network_pruning: " + pruning + "\n" + more +
         "evaluate: {metrics: [auc, log_loss], baselines: [prior]}\n";
}

const char* const kMlp = "{use: neural.mlp, hidden: [16, 8], dropout: 0.1, optimizer: adamw, weight_decay: 0.1}";
const char* const kChosen = "choose: {metric: auc, tolerance: 0.01}}";

std::string shares(const std::string& method, const std::string& more) { return "{method: " + method + ", fine_tune_epochs: 3, " + more; }

std::string forecasts(const Folder& folder, const std::string& store = "assay.db") {
  const Result shown = folder.assay({"runs", "show", "last", "--predictions", "--csv", "--store", store});
  REQUIRE(shown.code == 0);
  return shown.out;
}

// Without what is measured, and differs from run to run.
Json curve_of(const Json& run) {
  Json curve = run.at("network_pruning").at("model");
  for (Json& level : curve.at("levels")) level.erase("measured");
  return curve;
}

}  // namespace

TEST_CASE("the curve of a pruned network: sizes by hand, one share chosen on validation rows, its forecasts stored as the run's") {
  Folder folder;
  for (const std::string method : {"magnitude", "units"}) {
    folder.write("e.yaml", pruned_file(kMlp, shares(method, "sparsity: [0.25, 0.5, 0.75], ") + kChosen));
    const Result ran = folder.assay({"run", "e.yaml", "--json", "--again"});
    INFO(method << ran.err);
    REQUIRE(ran.code == 0);
    const Json curve = ran.json().at("network_pruning").at("model");
    CHECK(curve.at("method") == method);
    const Json& levels = curve.at("levels");
    REQUIRE(levels.size() == 4);
    std::int64_t chosen = 0;
    const auto number = [&](std::size_t k, const char* name) { return levels[k].at(name).get<double>(); };
    const double whole = number(0, "parameters"), inputs = (whole - 16 - 16 * 8 - 8 - 8 - 1) / 16;
    CHECK(inputs == std::floor(inputs));
    for (std::size_t k = 0; k < levels.size(); ++k) {
      const double share = k == 0 ? 0 : number(k, "sparsity");
      CHECK(levels[k].at("sparsity").is_null() == (k == 0));
      CHECK(number(k, "reached") >= share);
      CHECK(levels[k].at("metrics").at("auc").at("low") < levels[k].at("metrics").at("auc").at("value"));
      CHECK(levels[k].at("measured").at("batch_speedup").get<double>() > 0);
      chosen += levels[k].at("chosen").get<std::int64_t>();
      if (method == "units") {
        const double first = 16 * (1 - share), second = 8 * (1 - share);
        CHECK(number(k, "parameters") == inputs * first + first + first * second + second + second + 1);
      } else {
        CHECK(number(k, "parameters") == whole);
        CHECK(number(k, "zeros") >= std::ceil(share * inputs * 16) + share * 16 * 8 + share * 8);
        CHECK(number(k, "bytes") == number(0, "bytes"));
      }
    }
    if (method == "units") CHECK(number(3, "bytes") < number(1, "bytes"));
    CHECK(chosen == 1);
    std::size_t of_choice = 0;  // the largest share within the tolerance of the best
    double best = 0;
    for (std::size_t k = 0; k < 4; ++k) best = std::max(best, number(k, "validation"));
    for (std::size_t k = 0; k < 4; ++k)
      if (number(k, "validation") >= best - 0.01) of_choice = k;
    CHECK(levels[of_choice].at("chosen") == 1);
    CHECK(levels[of_choice].at("metrics").at("auc").at("value") == ran.json().at("metrics").at("auc").at("value"));
    CHECK_THAT(folder.assay({"runs", "show", "last"}).out,
               Catch::Contains("pruned (" + method + ")") && Catch::Contains("as trained") && Catch::Contains("1 of 1"));
  }
}

TEST_CASE("pruned networks give the same bits in any isolation and for any number of workers") {
  Folder folder;
  for (const std::string method : {"magnitude", "units"}) {
    folder.write("e.yaml", pruned_file(kMlp, shares(method, "sparsity: [0.5, 0.8], ") + kChosen, "  repeats: 3\n"));
    Json first;
    std::string rows;
    const std::vector<std::vector<std::string>> ways{{"--isolation", "none"},
                                                     {"--isolation", "process", "--workers", "1"},
                                                     {"--isolation", "process", "--workers", "2"},
                                                     {"--isolation", "thread", "--workers", "4"}};
    for (const std::vector<std::string>& how : ways) {
      std::vector<std::string> line{"run", "e.yaml", "--json", "--again"};
      line.insert(line.end(), how.begin(), how.end());
      const Result ran = folder.assay(line);
      INFO(method << ran.err);
      REQUIRE(ran.code == 0);
      if (first.is_null()) first = curve_of(ran.json()), rows = forecasts(folder);
      CHECK(curve_of(ran.json()) == first);
      CHECK(forecasts(folder) == rows);
    }
    CHECK(folder.assay({"rerun", "last"}).code == 0);  // the saved state too
  }
}

TEST_CASE("kill -9 while a network is pruned: the same command goes on, same bits") {
  Folder folder;
  folder.set("ASSAY_CHECKPOINT_SECONDS", "0");
  for (const std::string method : {"magnitude", "units"}) {
    fs::remove(folder.path() / "assay.db");
    folder.write("e.yaml", pruned_file("{use: neural.mlp, hidden: [64, 32], optimizer: adam}",
                                       "{method: " + method + ", sparsity: [0.5, 0.8], fine_tune_epochs: 40, " + kChosen));
    const Result whole = folder.assay({"run", "e.yaml", "--store", method + ".db", "--json"});
    INFO(whole.err);
    REQUIRE(whole.code == 0);
    Result ended;
    for (int kills = 0; kills < 100; ++kills) {
      const pid_t pid = folder.start({"run", "e.yaml", "--json"});
      sleep_ms(static_cast<int>(200 * std::pow(1.05, kills)));
      kill(pid, SIGKILL);
      ended = folder.wait(pid);
      if (ended.code == 0) break;
    }
    REQUIRE(ended.code == 0);
    CHECK(forecasts(folder) == forecasts(folder, method + ".db"));
    CHECK(curve_of(ended.json()) == curve_of(whole.json()));
  }
}

TEST_CASE("a share's result does not depend on which other shares there are; one share needs no validation rows") {
  Folder folder;
  folder.write("e.yaml", pruned_file(kMlp, shares("units", "sparsity: [0.25, 0.5], ") + kChosen));
  const Json two = folder.assay({"run", "e.yaml", "--json"}).json();
  folder.write("e.yaml", pruned_file(kMlp, shares("units", "sparsity: [0.5]}")));
  const Json one = folder.assay({"run", "e.yaml", "--json"}).json();
  const Json &with = two.at("network_pruning").at("model").at("levels")[2], &alone = one.at("network_pruning").at("model").at("levels")[1];
  CHECK(with.at("metrics") == alone.at("metrics"));
  CHECK(alone.at("chosen") == 1);  // whatever its score

  std::string bare = pruned_file(kMlp, shares("units", "sparsity: [0.5]}"));
  bare.erase(bare.find(", validation: 0.2"), 17);
  folder.write("e.yaml", bare);
  const Result ran = folder.assay({"run", "e.yaml", "--json"});
  INFO(ran.err);
  CHECK(ran.code == 0);
}

TEST_CASE("a share of 0 is further training alone: a control, and no row of the network as trained") {
  Folder folder;
  folder.write("e.yaml", pruned_file(kMlp, shares("magnitude", "sparsity: [0, 0.5], ") + kChosen));
  const Json levels = folder.assay({"run", "e.yaml", "--json"}).json().at("network_pruning").at("model").at("levels");
  REQUIRE(levels.size() == 3);
  CHECK(levels[1].at("sparsity") == 0.0);
  CHECK(levels[1].at("zeros") == levels[0].at("zeros"));
  CHECK(levels[1].at("metrics").at("auc").at("value") != levels[0].at("metrics").at("auc").at("value"));
}

TEST_CASE("every architecture is pruned by both methods; what has no units to give says so") {
  Folder folder;
  const auto file = [](const std::string& model, const std::string& method) {
    return "assay: 1\nname: windows\nseed: 6\ndata: {source: sim.market, entities: 2, days: 400}\n"
           "features: {ret_1: \"close / lag(close, 1) - 1\"}\ninputs: {columns: [ret_1], lookback: 8}\n"
           "target: {expr: \"lead(close, 2) / lead(open, 1) - 1\", task: regression}\n"
           "split: {use: walk_forward, train: 200, test: 100}\nprepare: [{use: scale}]\nmodel: " +
           model + "\ntrain: {epochs: 1, batch_size: 64, network_pruning: {method: " + method +
           ", sparsity: [0.5], fine_tune_epochs: 1}}\nevaluate: {metrics: [rmse], baselines: [historical_mean]}\n";
  };
  for (const std::string model : {"{use: neural.mlp, hidden: [8]}", "{use: neural.cnn, filters: [6, 4], width: 3}",
                                  "{use: neural.tcn, filters: 4, blocks: 2, dropout: 0.1}", "{use: neural.lstm, units: 6, depth: 2}",
                                  "{use: neural.gru, units: 6, bidirectional: true, hidden: [4]}"})
    for (const std::string method : {"magnitude", "units"}) {
      folder.write("e.yaml", file(model, method));
      const Result ran = folder.assay({"run", "e.yaml", "--json"});
      INFO(model << method << ran.err);
      REQUIRE(ran.code == 0);
      const Json level = ran.json().at("network_pruning").at("model").at("levels")[1];
      CHECK(level.at("reached").get<double>() >= 0.5);
    }
  folder.write("e.yaml", file("{use: neural.mlp, hidden: []}", "units"));
  const Result checked = folder.assay({"check", "e.yaml"});
  CHECK(checked.code == 1);
  CHECK_THAT(checked.out + checked.err, Catch::Contains("no units that could leave"));
}
