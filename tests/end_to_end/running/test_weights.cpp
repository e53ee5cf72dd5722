// Weights of train rows and rows drawn anew by class on real runs: the same bits however a run is split up, probabilities that mean what
// they say, and what cannot be weighed.
#include <cmath>
#include <map>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

std::string credit(const std::string& train, const std::string& model = "{use: linear.logistic, l2: 1}") {
  return "assay: 1\nname: weights\nseed: 4\ndata: {source: sim.credit, rows: 4000, default_rate: 0.06}\ntarget: {column: default, task: "
         "binary}\n"
         "split: {use: stratified, test: 0.5}\nprepare: [{use: missing}, {use: one_hot}, {use: scale}]\nmodel: " +
         model + "\ntrain: {epochs: 3" + (train.empty() ? "" : ", " + train) +
         "}\nevaluate: {metrics: [auc, brier, log_loss, recall], baselines: [prior], threshold: {rows: train, by: f1}}\n";
}
std::string market(const std::string& train, const std::string& model) {
  return "assay: 1\nname: weights\nseed: 4\ndata: {source: sim.market, entities: 6, days: 300, signal: 0.2}\n"
         "features: {ret_1: \"close / lag(close, 1) - 1\"}\ninputs: {columns: [momentum, flow, ret_1], lookback: 2}\n"
         "target: {label: {use: triple_barrier, horizon: 8, upper: 0.4, lower: 0.4}, task: multiclass}\n"
         "split: {use: walk_forward, train: 120, validation: 30, test: 60}\nprepare: [{use: scale}]\nmodel: " +
         model + "\ntrain: {epochs: 2, " + train + "}\nevaluate: {metrics: [log_loss, accuracy]}\n";
}

double value(const Json& run, const char* metric) { return run.at("metrics").at(metric).at("value").get<double>(); }

double mean_forecast(const Folder& folder, const std::string& model) {
  double sum = 0, count = 0;
  for (const std::string& line : lines_of(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out)) {
    const auto cells = cells_of(line);
    if (cells[0] != model || cells[3] != "test") continue;
    sum += std::stod(cells[9]);
    count += 1;
  }
  return sum / count;
}

}  // namespace

TEST_CASE("rows drawn anew by class: probabilities still mean what they say, and order rows much as before") {
  Folder folder;
  folder.write("plain.yaml", credit(""));
  const Result plain = folder.assay({"run", "plain.yaml", "--json"});
  INFO(plain.err);
  REQUIRE(plain.code == 0);
  const double base = mean_forecast(folder, "model");
  CHECK(base == Approx(0.06).margin(0.015));
  for (const char* how :
       {"resample: {method: under}", "resample: {method: over}", "class_weight: balanced", "resample: {method: over, ratio: 0.5}"}) {
    folder.write("e.yaml", credit(how));
    const Result ran = folder.assay({"run", "e.yaml", "--json"});
    INFO(how << ran.err);
    REQUIRE(ran.code == 0);
    CHECK(mean_forecast(folder, "model") == Approx(base).margin(0.015));  // 0.5 without the way back
    CHECK(mean_forecast(folder, "baseline:prior") == Approx(0.06).margin(0.005));
    CHECK(value(ran.json(), "brier") == Approx(value(plain.json(), "brier")).margin(0.006));
    CHECK(value(ran.json(), "auc") == Approx(value(plain.json(), "auc")).margin(0.05));
    CHECK(ran.json().at("threshold").at("value").get<double>() ==
          Approx(plain.json().at("threshold").at("value").get<double>()).margin(0.12));
  }
}

TEST_CASE("weights and rows drawn anew give the same bits in any isolation, for any number of workers, and to predict") {
  for (const std::string model : {"{use: linear.logistic, l2: 1}", "{use: neural.mlp, hidden: [4]}"}) {
    std::string bits;
    const std::string file =
        market("sample_weight: {uniqueness: true, decay: 0.5, half_life: 60d}, resample: {method: over, ratio: 0.9}", model);
    for (const std::vector<std::string>& how :
         {std::vector<std::string>{"--isolation", "none"}, {"--workers", "3"}, {"--isolation", "thread"}}) {
      Folder folder;
      folder.write("e.yaml", file);
      std::vector<std::string> words{"run", "e.yaml"};
      words.insert(words.end(), how.begin(), how.end());
      const Result ran = folder.assay(words);
      INFO(model << ran.err);
      REQUIRE(ran.code == 0);
      const std::string forecasts = folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out;
      if (bits.empty()) bits = forecasts;
      CHECK(forecasts == bits);
    }
    Folder folder;
    folder.write("e.yaml",
                 market("sample_weight: {uniqueness: false, decay: 1, half_life: 1000y}, resample: {method: under, ratio: 0.01}", model));
    REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
    CHECK(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out != bits);  // they count at all
  }
}

TEST_CASE("predict brings forecasts back too") {
  Folder folder;
  std::string csv = "a,b,c\n";
  for (int i = 0; i < 400; ++i)
    csv += std::to_string((i * 37) % 101 / 101.0) + "," + std::to_string((i * 53) % 89 / 89.0) + "," +
           (i % 11 == 0 || i % 97 < 3 ? "1" : "0") + "\n";
  folder.write("d.csv", csv);
  folder.write("e.yaml",
               "assay: 1\nseed: 1\ndata: {source: csv, path: d.csv}\ninputs: all\ntarget: {column: c, task: binary}\n"
               "split: {use: by_rule, test: \"row % 4 == 0\"}\nmodel: {use: linear.logistic}\ntrain: {resample: {method: over}}\n");
  const Result ran = folder.assay({"run", "e.yaml"});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  std::map<std::string, std::string> stored;
  for (const std::string& line : lines_of(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out))
    if (const auto cells = cells_of(line); cells[0] == "model" && cells[3] == "test") stored[cells[4]] = cells[9];
  REQUIRE(stored.size() == 100);
  const Json fresh = folder.assay({"predict", "last", "--data", "d.csv", "--json"}).json();
  std::size_t same = 0;
  for (const Json& row : fresh.contains("rows") ? fresh.at("rows") : fresh)
    if (const auto at = stored.find(std::to_string(row.at("row").get<std::int64_t>())); at != stored.end()) {
      CHECK(row.at("value").get<double>() == std::stod(at->second));
      ++same;
    }
  CHECK(same == 100);
}

TEST_CASE("a row of weight two counts as two rows do, in models that are solved exactly") {
  for (const std::string task : {"regression", "binary"}) {
    std::map<std::string, double> forecasts[2];
    for (const bool repeated : {false, true}) {
      Folder folder;
      std::string csv = "a,b,w,test,y\n";
      for (int i = 0; i < 240; ++i) {
        const double a = (i * 37) % 101 / 101.0, b = (i * 53) % 89 / 89.0, noise = (i * 29) % 97 / 97.0 - 0.5;
        const bool test = i < 60, heavy = !test && a > 0.4;
        const double y = task == "binary" ? (a - b + 1.5 * noise > 0 ? 1 : 0) : a * a - b + noise;
        const std::string row = std::to_string(a) + "," + std::to_string(b) + "," + (heavy && !repeated ? "2" : "1") + "," +
                                (test ? "1" : "0") + "," + std::to_string(y) + "\n";
        csv += heavy && repeated ? row + row : row;
      }
      folder.write("d.csv", csv);
      folder.write("e.yaml", "assay: 1\nseed: 1\ndata: {source: csv, path: d.csv}\ninputs: [a, b]\ntarget: {column: y, task: " + task +
                                 "}\nsplit: {use: by_rule, test: \"test == 1\"}\nmodel: {use: linear." +
                                 (task == "binary" ? "logistic" : "ridge") + ", l2: 0}\ntrain: {sample_weight: {column: w}}\n");
      const Result ran = folder.assay({"run", "e.yaml"});
      INFO(task << ran.err);
      REQUIRE(ran.code == 0);
      for (const std::string& line : lines_of(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out))
        if (const auto cells = cells_of(line); cells[0] == "model" && cells[3] == "test")
          forecasts[repeated ? 1 : 0][cells[4]] = std::stod(cells[9]);
    }
    REQUIRE(forecasts[0].size() == 60);
    REQUIRE(forecasts[1].size() == 60);
    for (const auto& [row, value] : forecasts[0]) {
      INFO(task << " row " << row);
      CHECK(forecasts[1].at(row) == Approx(value).epsilon(1e-6));
    }
  }
}

TEST_CASE("a model that does not take weights is refused beside them, and the models that do are named") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", PROBE_PLUGINS);
  folder.write("e.yaml", market("sample_weight: {decay: 0.5}", "{use: probe.fitted}"));
  const Result ran = folder.assay({"check", "e.yaml"});
  CHECK(ran.code == 1);
  CHECK_THAT(ran.err, Catch::Contains("the model probe.fitted does not take weights of rows"));
  CHECK_THAT(ran.err, Catch::Contains("linear.ridge"));
  folder.write("e.yaml", market("sample_weight: {decay: 0.5}", "{use: linear.logistic}"));
  CHECK(folder.assay({"check", "e.yaml"}).code == 0);
}
