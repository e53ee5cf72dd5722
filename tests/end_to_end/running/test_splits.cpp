// Splits that test a row several times, or hold entities apart, on real runs: paths, their metrics in the store, searches inside.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

std::string market(const std::string& split, const std::string& more = "") {
  return "assay: 1\nname: splits\nseed: 2\ndata: {source: sim.market, entities: 6, days: 300, signal: 0.2}\n"
         "features: {ret_1: \"close / lag(close, 1) - 1\"}\ninputs: [momentum, flow, ret_1]\n"
         "target: {expr: \"lead(close, 3) / lead(open, 1) - 1\", task: regression}\nsplit: " +
         split +
         "\nprepare: [{use: scale}]\nmodel: {use: linear.ridge, l2: 1}\nevaluate: {metrics: [rmse, rank_ic], baselines: "
         "[historical_mean]}\n" +
         more;
}

struct Forecast {
  std::string fold, row, path;
  double truth, value;
};
std::vector<Forecast> test_forecasts(const Folder& folder, const std::string& model) {
  const auto lines = lines_of(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out);
  REQUIRE(lines.front().ends_with(",path"));
  std::vector<Forecast> out;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto cells = cells_of(lines[i]);
    if (cells[0] == model && cells[3] == "test" && !cells[9].empty())
      out.push_back({cells[1], cells[4], cells.at(10), std::stod(cells[8]), std::stod(cells[9])});
  }
  return out;
}

}  // namespace

TEST_CASE("combinatorial_purged: every path's metric is that of its stored forecasts, and counts as one configuration") {
  Folder folder;
  folder.write("e.yaml", market("{use: combinatorial_purged, groups: 5, test_groups: 2, embargo: 3}"));
  const Result ran = folder.assay({"run", "e.yaml", "--json"});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  const Json json = ran.json();
  CHECK(json.at("folds") == 10);
  CHECK(json.at("ledger").at("trials") == 1);
  CHECK(json.at("paths").at("count") == 4);
  CHECK(json.at("paths").at("folds")[0] == Json::parse("[1, 1, 2, 3, 4]"));
  const Json& rmse = json.at("metrics").at("rmse");
  CHECK(rmse.at("aggregate") == "mean_of_paths");
  CHECK(rmse.at("per_fold").size() == 10);
  REQUIRE(rmse.at("per_path").size() == 4);
  std::map<std::string, std::pair<double, double>> sums;  // by path: squares and rows
  std::map<std::string, std::set<std::string>> rows;
  for (const Forecast& f : test_forecasts(folder, "model")) {
    sums[f.path].first += (f.truth - f.value) * (f.truth - f.value);
    sums[f.path].second += 1;
    CHECK(rows[f.path].insert(f.row).second);
  }
  REQUIRE(sums.size() == 4);
  double mean = 0;
  for (std::size_t p = 0; p < 4; ++p) {
    const auto& [squares, count] = sums.at(std::to_string(p + 1));
    CHECK(rmse.at("per_path")[p].get<double>() == Approx(std::sqrt(squares / count)).epsilon(1e-12));
    mean += std::sqrt(squares / count) / 4;
  }
  CHECK(rmse.at("value").get<double>() == Approx(mean).epsilon(1e-12));
  CHECK(json.at("test_rows").get<double>() * json.at("coverage").get<double>() == Approx(sums.at("1").second));  // rows, not forecasts
  CHECK(rmse.at("low") < rmse.at("value"));
  CHECK(rmse.at("value") < rmse.at("high"));
  CHECK(folder.assay({"rerun", "last"}).code == 0);
  const Result text = folder.assay({"runs", "show", "last"});
  CHECK(text.out.find("sd over paths") != std::string::npos);
  CHECK(folder.assay({"run", "e.yaml", "--quick", "--json"}).json().at("metrics").at("rmse").at("aggregate") == "mean_of_folds");
}

TEST_CASE("searches choose inside each fold of the new splits, with the same bits for any number of workers") {
  const std::string search =
      "search: {use: random, trials: 6, objective: {metric: rmse}, space: {model.l2: {min: 0.01, max: 1000, scale: log}}}\n";
  for (const char* split :
       {"{use: combinatorial_purged, groups: 4, test_groups: 2, validation: 0.2}",
        "{use: purged_k_fold, folds: 3, validation: 0.2, embargo: 2}", "{use: by_entity, folds: 3, validation: 0.4, test: 80}"}) {
    std::string metrics;
    for (const char* workers : {"1", "3"}) {
      Folder folder;
      folder.write("e.yaml", market(split, search));
      const Result ran = folder.assay({"run", "e.yaml", "--workers", workers, "--json"});
      INFO(split << ran.err);
      REQUIRE(ran.code == 0);
      const Json json = ran.json();
      CHECK(json.at("search").at("trials").at("complete").get<std::int64_t>() == 6 * json.at("folds").get<std::int64_t>());
      if (metrics.empty()) metrics = json.at("metrics").dump();
      CHECK(json.at("metrics").dump() == metrics);
      CHECK(folder.assay({"audit", "e.yaml", "--draws", "20"}).code == 0);
    }
  }
}

TEST_CASE("by_column: values of a column say what trains and tests, and the column is no input") {
  Folder folder;
  std::string csv = "a,part,y\n";
  for (int i = 0; i < 200; ++i) {
    const double a = ((i * 37) % 101) / 101.0;
    csv += std::to_string(a) + "," +
           (i % 10 < 6    ? "fit"
            : i % 10 < 8  ? "check"
            : i % 10 == 8 ? "judge"
                          : "") +
           "," + std::to_string(2 * a + ((i * 53) % 17) / 170.0) + "\n";
  }
  folder.write("d.csv", csv);
  folder.write("e.yaml",
               "assay: 1\nseed: 1\ndata: {source: csv, path: d.csv}\ninputs: all\ntarget: {column: y, task: regression}\n"
               "split: {use: by_column, column: part, test: judge, validation: check}\nmodel: {use: linear.ridge}\n");
  const Result ran = folder.assay({"run", "e.yaml", "--json"});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  CHECK(ran.json().at("test_rows") == 20);
  const Result checked = folder.assay({"check", "e.yaml"});
  CHECK(checked.out.find("1 inputs") != std::string::npos);
  CHECK(checked.out.find("120 train, 40 validation, 20 test rows") != std::string::npos);
  CHECK(checked.out.find("20 rows train, validate and test nowhere") != std::string::npos);
}

TEST_CASE("a rule may read what the target was earlier, not what it is at the row that the rule places") {
  const Folder folder;
  const auto said = [&](const std::string& target, const std::string& rule) {
    folder.write("e.yaml",
                 "assay: 1\nname: rules\nseed: 7\ndata: {source: sim.market, entities: 3, days: 200, seed: 1}\n"
                 "features: {now: 2 * momentum, before: \"lag(momentum, 1)\"}\ninputs: [value]\ntarget: {" +
                     target + ", task: regression}\nsplit: {use: by_rule, test: '" + rule +
                     "'}\nmodel: {use: linear.ridge}\nevaluate: {metrics: [rmse]}\n");
    return folder.assay({"check", "e.yaml"}).err;
  };
  const std::string column = "column: momentum, horizon: 0";
  CHECK(said(column, "lag(momentum, 1) > 0").empty());
  CHECK(said(column, "before > 0").empty());
  CHECK_THAT(said(column, "value > 0 and momentum > 0"),
             Catch::Contains("e.yaml:8:44: error: `momentum` is the target: rows would be picked by their answer"));
  CHECK_THAT(said(column, "now > 0"), Catch::Contains("`now` tells the target of the same row"));
  CHECK_THAT(said(column, "lag(momentum, 1) > momentum"), Catch::Contains("`momentum` is the target"));
  CHECK_THAT(said("expr: 'momentum - value', horizon: 0", "momentum > 0"), Catch::Contains("`momentum` tells the target of the same row"));
  // A target that leads away from the row is not told by the row's own price.
  CHECK_THAT(said("expr: 'lead(close, 1) / close - 1'", "close > 100"), !Catch::Contains("answer"));
}
