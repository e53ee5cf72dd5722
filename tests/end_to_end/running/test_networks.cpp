// Networks that read windows, on real runs: they learn what only the order of times can tell, and their bits hang on nothing but the file.
#include <regex>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

// The target is what an input was eight rows ago: a window knows it, the newest row does not.
std::string memory(const std::string& model, const std::string& train = "") {
  return "assay: 1\nname: memory\nseed: 6\ndata: {source: sim.market, entities: 4, days: 500}\n"
         "features: {ret_1: \"close / lag(close, 1) - 1\", past: \"100 * lag(ret_1, 8)\"}\n"
         "inputs: {columns: [ret_1], lookback: 12}\n"
         "target: {expr: \"past + 0 * lead(close, 1)\", task: regression}\n"
         "split: {use: walk_forward, train: 300, validation: 40, test: 100}\nprepare: [{use: scale}]\nmodel: " +
         model + "\ntrain: {epochs: 12, batch_size: 64" + train + "}\nevaluate: {metrics: [r2, rmse], baselines: [historical_mean]}\n";
}

double r2_of(const Json& run) { return run.at("metrics").at("r2").at("value").get<double>(); }

const char* const kModels[] = {"{use: neural.lstm, units: 24, learning_rate: 0.01}", "{use: neural.gru, units: 24, learning_rate: 0.01}",
                               "{use: neural.cnn, filters: [16, 16, 16], width: 5, readout: last, learning_rate: 0.005}",
                               "{use: neural.tcn, filters: 16, blocks: 3, learning_rate: 0.005}",
                               "{use: neural.mlp, hidden: [24], learning_rate: 0.01}"};

}  // namespace

TEST_CASE("each architecture that reads windows learns what stood there eight rows ago; the newest row alone does not tell") {
  Folder folder;
  for (const char* const model : kModels) {
    folder.write("e.yaml", memory(model));
    const Result ran = folder.assay({"run", "e.yaml", "--json"});
    INFO(model << ran.err);
    REQUIRE(ran.code == 0);
    CHECK(r2_of(ran.json()) > 0.7);
  }
  std::string blind = memory(kModels[0]);
  blind.replace(blind.find("lookback: 12"), 12, "lookback: 4");
  folder.write("e.yaml", blind);
  const Result ran = folder.assay({"run", "e.yaml", "--json"});
  REQUIRE(ran.code == 0);
  CHECK(r2_of(ran.json()) < 0.1);
}

TEST_CASE("networks with dropout and batches cut into parts give the same bits in any isolation and for any number of workers") {
  Folder folder;
  for (const char* const model : kModels) {
    std::string parted = model;
    parted.replace(parted.size() - 1, 1, ", dropout: 0.2, shards: 3}");
    folder.write("e.yaml", memory(parted, ", repeats: 2"));
    Json first;
    const std::vector<std::vector<std::string>> ways{
        {"--isolation", "none"}, {"--isolation", "thread", "--workers", "3"}, {"--isolation", "process", "--workers", "2"}};
    for (const std::vector<std::string>& how : ways) {
      std::vector<std::string> line{"run", "e.yaml", "--json", "--again"};
      line.insert(line.end(), how.begin(), how.end());
      const Result ran = folder.assay(line);
      INFO(parted << ran.err);
      REQUIRE(ran.code == 0);
      if (first.is_null()) first = ran.json().at("metrics");
      CHECK(ran.json().at("metrics") == first);
    }
  }
}

TEST_CASE("a network whose layers the file lists learns and forecasts as the ready one of the same layers does, bit for bit") {
  Folder folder;
  const auto metrics = [&](const std::string& model) {
    folder.write("e.yaml", memory(model, ", repeats: 2"));
    const Result ran = folder.assay({"run", "e.yaml", "--json", "--again", "--isolation", "process"});
    INFO(model << ran.err);
    REQUIRE(ran.code == 0);
    return ran.json().at("metrics");
  };
  CHECK(metrics("{use: neural.sequential, learning_rate: 0.01, layers: [{use: lstm, units: 12}, {use: dropout, rate: 0.2}, {use: lstm, "
                "units: 12}, "
                "{use: dropout, rate: 0.2}, {use: dense, units: 8}, {use: dropout, rate: 0.2}]}") ==
        metrics("{use: neural.lstm, units: 12, depth: 2, hidden: [8], dropout: 0.2, learning_rate: 0.01}"));
  CHECK(
      metrics("{use: neural.sequential, layers: [{use: tcn_block, filters: 8}, {use: tcn_block, filters: 8, dilation: 2}, {use: last}]}") ==
      metrics("{use: neural.tcn, filters: 8, blocks: 2}"));
}

TEST_CASE("a listed layer that gets what it cannot read is named by its number before anything runs") {
  Folder folder;
  const auto said = [&](const std::string& layers) {
    folder.write("e.yaml", memory("{use: neural.sequential, layers: [" + layers + "]}"));
    const Result checked = folder.assay({"check", "e.yaml"});
    CHECK(checked.code == 1);
    return checked.err;
  };
  CHECK_THAT(said("{use: lstm}, {use: pool, size: 4}, {use: conv1d, width: 5, padding: valid}"),
             Catch::Contains("layer 3 (conv1d), which gets 3 times of 64 values"));
  CHECK_THAT(said("{use: conv1d}"), Catch::Contains("there are still 12 times: end them with flatten, last or global_pool"));
  CHECK_THAT(said("{use: residual, layers: [{use: dense, unit: 3}]}"), Catch::Contains("did you mean 'units'?"));
}

TEST_CASE("a training that comes to no number says in which step and layer, and what mends it") {
  Folder folder;
  folder.write("e.yaml", memory("{use: neural.mlp, optimizer: sgd, learning_rate: 10, hidden: [24, 8]}"));
  const Result ran = folder.assay({"run", "e.yaml"});
  INFO(ran.err);
  CHECK(ran.code == 3);
  const std::string said = std::regex_replace(ran.err, std::regex("\\s+"), " ");
  const std::regex place(
      "epoch 1, step [0-9]+: the loss is no longer a number; (the first .* layer [1-4] of 4, dense|the forecasts are numbers)");
  CHECK(std::regex_search(said, place));
  CHECK_THAT(said, Catch::Contains("A smaller learning_rate (it is 10), clip_norm: 1 or scaled inputs"));
}

TEST_CASE("networks learn a vector for each level of a category; levels never seen have one too") {
  Folder folder;
  std::string rows = "colour,size,answer\n";
  for (int i = 0; i < 900; ++i) {
    const int level = i * 7919 % 8;
    rows += std::string(1, static_cast<char>('a' + level)) + "," + std::to_string(i % 13) + "," +
            std::to_string((level == 1 || level == 3 || level == 6) != (i % 13 > 9) ? 1 : 0) + "\n";
  }
  folder.write("table.csv", rows);
  const auto run = [&](const std::string& model, const std::string& isolation) {
    folder.write("e.yaml",
                 "assay: 1\nname: colours\nseed: 3\ndata: {source: csv, path: table.csv}\ntarget: {column: answer, task: binary}\n"
                 "split: {use: stratified, test: 0.3}\nprepare: [{use: scale}]\nmodel: " +
                     model + "\ntrain: {epochs: 40, batch_size: 32}\nevaluate: {metrics: [auc], baselines: [prior]}\n");
    const Result ran = folder.assay({"run", "e.yaml", "--json", "--again", "--isolation", isolation});
    INFO(model << ran.err);
    REQUIRE(ran.code == 0);
    CHECK_THAT(ran.err, !Catch::Contains("as if they were amounts"));
    return ran.json().at("metrics").at("auc").at("value").get<double>();
  };
  const double embedded = run("{use: neural.mlp, hidden: [16], learning_rate: 0.02}", "process");
  CHECK(embedded > 0.98);
  CHECK(run("{use: neural.mlp, hidden: [16], learning_rate: 0.02}", "none") == embedded);
  CHECK(run("{use: neural.mlp, hidden: [16], learning_rate: 0.02, embedding_size: 3}", "none") > 0.98);
  CHECK(run("{use: neural.sequential, layers: [{use: dense, units: 16}], learning_rate: 0.02}", "none") > 0.98);
  folder.write("later.csv", "colour,size\nb,3\nc,3\nnever,3\n");
  const Result told = folder.assay({"predict", "last", "--data", "later.csv", "--out", "told.csv"});
  INFO(told.err);
  CHECK(told.code == 0);
}

TEST_CASE("a convolution without a lookback reads along the columns") {
  Folder folder;
  folder.write(
      "e.yaml",
      "assay: 1\nname: columns\nseed: 2\ndata: {source: sim.credit, rows: 3000}\ntarget: {column: default, task: binary}\n"
      "split: {use: stratified, test: 0.3}\nprepare: [{use: missing}, {use: one_hot}, {use: scale}]\n"
      "model: {use: neural.cnn, padding: same, readout: flatten}\ntrain: {epochs: 3}\nevaluate: {metrics: [auc], baselines: [prior]}\n");
  const Result ran = folder.assay({"run", "e.yaml", "--json"});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  CHECK(ran.json().at("metrics").at("auc").at("value").get<double>() > 0.7);
}
