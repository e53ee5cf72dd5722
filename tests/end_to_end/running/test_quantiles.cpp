// Quantiles from the file's levels to stored forecasts, figures, new rows, trials and mistakes of models.
#include <algorithm>
#include <cmath>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

std::string file(const std::string& models, const std::string& train = "", const std::string& more = "") {
  return "assay: 1\nname: sure\nseed: 5\ndata: {source: sim.market, entities: 5, days: 420, seed: 3}\n"
         "features: {ret_1: \"close / lag(close, 1) - 1\", restless: \"log(mean(abs(ret_1), 10) + 1.0e-4)\"}\n"
         "inputs: [restless]\ntarget: {expr: \"lead(close, 1) / close - 1\", task: regression}\n"
         "split: {use: walk_forward, train: 200, validation: 50, test: 60}\nprepare: [{use: scale}]\nmodels: " +
         models + "\ntrain: {epochs: 6, batch_size: 64, repeats: 2" + train +
         "}\nevaluate: {quantiles: [0.1, 0.5, 0.9], metrics: [pinball, interval_coverage, rmse], baselines: [no_change, "
         "historical_mean]}\n" +
         more;
}

const std::string kThree =
    "{levels: {use: neural.mlp, hidden: [6], loss: quantile}, student: {use: neural.mlp, hidden: [6], loss: student_t}, "
    "plain: {use: neural.mlp, hidden: [6]}}";

Json ran(Folder& folder, const std::string& text, std::vector<std::string> how = {}) {
  folder.write("e.yaml", text);
  std::vector<std::string> line{"run", "e.yaml", "--json", "--again"};
  line.insert(line.end(), how.begin(), how.end());
  const Result result = folder.assay(line);
  INFO(result.err << result.out);
  REQUIRE(result.code == 0);
  return result.json();
}

std::vector<std::vector<std::string>> table(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : lines_of(csv)) rows.push_back(cells_of(line));
  return rows;
}

std::size_t place(const std::vector<std::string>& header, const std::string& name) {
  const auto found = std::find(header.begin(), header.end(), name);
  REQUIRE(found != header.end());
  return static_cast<std::size_t>(found - header.begin());
}

}  // namespace

TEST_CASE("stored quantiles are those that figures, tables and verdicts speak of") {
  Folder folder;
  const Json json = ran(folder, file(kThree));
  const Json& quantiles = json.at("quantiles");
  for (const char* name : {"levels", "student", "no_change", "historical_mean"}) {
    INFO(name);
    CHECK(quantiles.at(name).at("levels") == Json{0.1, 0.5, 0.9});
    CHECK(quantiles.at(name).at("width").get<double>() > 0);
    CHECK(quantiles.at(name).at("at_or_below").at(2).get<double>() == Approx(0.9).margin(0.2));  // of few epochs
  }
  CHECK_FALSE(quantiles.contains("plain"));
  CHECK_FALSE(json.at("models").at("plain").at("metrics").contains("pinball"));
  CHECK(json.at("models").at("plain").at("metrics").contains("rmse"));
  CHECK(json.at("models").at("levels").at("comparisons").at(0).at("measure") == "pinball loss");
  CHECK(json.at("models").at("plain").at("comparisons").at(0).at("measure") == "squared error");

  const auto rows = table(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out);
  const std::size_t low = place(rows[0], "q0.1"), middle = place(rows[0], "q0.5"), high = place(rows[0], "q0.9"),
                    truth = place(rows[0], "truth"), value = place(rows[0], "value"), repeat = place(rows[0], "repeat");
  double sum[2] = {}, count = 0;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    const auto& row = rows[r];
    if (row[0] == "plain") CHECK(row[low] + row[middle] + row[high] == "");
    if (row[0] != "levels" || row[3] != "test" || row[truth].empty()) continue;
    const double y = std::stod(row[truth]), q[] = {std::stod(row[low]), std::stod(row[middle]), std::stod(row[high])};
    CHECK((q[0] <= q[1] && q[1] <= q[2]));
    CHECK(row[value] == row[middle]);
    const double levels[] = {0.1, 0.5, 0.9};
    for (int k = 0; k < 3; ++k) sum[row[repeat] == "1" ? 0 : 1] += std::max(levels[k] * (y - q[k]), (levels[k] - 1) * (y - q[k])) / 3;
    count += 0.5;
  }
  CHECK(json.at("models").at("levels").at("metrics").at("pinball").at("value").get<double>() ==
        Approx((sum[0] + sum[1]) / 2 / count).epsilon(1e-10));

  const std::string text = folder.assay({"runs", "show", "last"}).out;
  CHECK(text.find("at or below level") != std::string::npos);
  const Json listed = folder.assay({"runs", "show", "last", "--predictions", "--json"}).json();
  for (const Json& line : listed) CHECK(line.contains("quantiles") == (line.at("model") != "plain"));
}

TEST_CASE("quantiles have the same bits in any isolation, and stop a training") {
  Folder folder;
  const std::string models = "{levels: {use: neural.mlp, hidden: [6], loss: quantile, dropout: 0.2}, ridge: {use: linear.ridge}}";
  const std::string stopping = file(models, ", early_stopping: {metric: pinball, patience: 1}");
  Json first;
  for (const char* isolation : {"none", "thread", "process"}) {
    Json now = ran(folder, stopping, {"--isolation", isolation, "--workers", "3"});
    if (first.is_null()) first = now;
    CHECK(now.at("models") == first.at("models"));
    CHECK(now.at("quantiles") == first.at("quantiles"));
  }
  const auto steps = folder.assay({"runs", "show", "last", "--steps", "--csv"}).out;
  CHECK(steps.find("validation_pinball") != std::string::npos);
}

TEST_CASE("predict gives the stored quantiles of the same rows, bit for bit") {
  Folder folder;
  std::string csv = "x,y\n";
  for (int i = 0; i < 200; ++i) csv += std::to_string(std::sin(i)) + "," + std::to_string(std::cos(3.7 * i) * (2 + std::sin(i))) + "\n";
  folder.write("d.csv", csv);
  ran(folder,
      "assay: 1\ndata: {source: csv, path: d.csv}\ntarget: {column: y, task: regression}\nsplit: {use: holdout, test: 0.3}\nmodels: " +
          kThree + "\ntrain: {epochs: 3}\nevaluate: {quantiles: [0.1, 0.5, 0.9], metrics: [crps, rmse]}\n");
  const auto stored = table(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out);
  for (const std::string model : {"levels", "student", "plain"}) {
    const Result result = folder.assay({"predict", "last", "--data", "d.csv", "--model", model});
    INFO(model << result.err);
    REQUIRE(result.code == 0);
    const auto rows = table(result.out);
    const bool has = std::find(rows[0].begin(), rows[0].end(), "q0.9") != rows[0].end();
    CHECK(has == (model != "plain"));
    if (!has) continue;
    int compared = 0;
    for (const auto& line : stored) {
      if (line[0] != model) continue;
      const auto& now = rows.at(std::stoul(line[place(stored[0], "row")]) + 1);
      for (const char* q : {"q0.1", "q0.5", "q0.9"}) compared += line[place(stored[0], q)] == now[place(rows[0], q)] ? 1 : 0;
    }
    CHECK(compared == 3 * 60);
  }
}

TEST_CASE("a foreign metric sees the quantiles in its worker") {
  Folder folder;
  std::string text = file("{levels: {use: neural.mlp, hidden: [4], loss: quantile}}");
  text.replace(text.find("interval_coverage"), 17, "interval_width, probe.width");
  const Json json = ran(folder, text, {"--isolation", "process", "--plugins", PROBE_PLUGINS});
  const Json& metrics = json.at("models").at("levels").at("metrics");
  CHECK(metrics.at("width").at("value").get<double>() == Approx(metrics.at("interval_width").at("value").get<double>()).epsilon(1e-12));
}

TEST_CASE("a search may judge by quantiles") {
  Folder folder;
  const std::string search =
      "search: {use: random, trials: 3, objective: {metric: pinball, rows: validation}, space: {models.levels.learning_rate: {min: 0.001, "
      "max: 0.01}}}\n";
  const Json json = ran(folder, file("{levels: {use: neural.mlp, hidden: [4], loss: quantile}}", "", search));
  CHECK(json.at("models").at("levels").at("metrics").at("pinball").at("value").get<double>() > 0);
  const Json trials = folder.assay({"runs", "show", "last", "--trials", "--json"}).json();
  CHECK(trials.dump().find("\"value\":0.0") != std::string::npos);
}

TEST_CASE("quantiles that cross end the fit with their row; the others go on") {
  Folder folder;
  folder.write("e.yaml", file("{bad: {use: bad.crosses_quantiles}, ridge: {use: linear.ridge}}"));
  const Result result = folder.assay({"run", "e.yaml", "--json", "--plugins", std::string(BAD_PLUGINS) + "/bad_crosses_quantiles.so"});
  CHECK(result.code == 3);
  INFO(result.err << result.out);
  CHECK(result.err.find("its quantiles cross: ") != std::string::npos);
  CHECK(result.out.find("\"ridge\":{\"metrics\":{\"pinball\"") != std::string::npos);
}
