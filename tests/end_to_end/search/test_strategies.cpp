// Searches over strategies, without a model and with one that is fitted in each trial.
#include <cmath>

#include "support/catch.hpp"
#include "sweeps.hpp"

using namespace search_test;

namespace {

std::string rule_sweep() {
  return "assay: 1\nname: rule\nseed: 7\ndata: {source: sim.market, entities: 1, days: 1500, signal: 0, seed: 3}\n"
         "split: {use: walk_forward, train: 1y, validation: 1y, test: 1y}\n"
         "search:\n  use: grid\n  objective: {metric: backtest.sharpe}\n  space:\n"
         "    backtest.strategy.fast: {choices: [5, 10, 20]}\n    backtest.strategy.slow: {choices: [15, 40, 80]}\n"
         "backtest:\n  strategy: {use: trend.sma_cross, fast: 10, slow: 40}\n  fill: next_open\n  costs: {commission_bps: 1}\n";
}

std::string forecast_sweep() {
  return "assay: 1\nname: forecast\nseed: 7\ndata: {source: sim.market, entities: 1, days: 1200, signal: 0.3, seed: 3}\n"
         "features:\n  ret: close / lag(close, 1) - 1\ninputs: [ret, momentum, value, flow]\n"
         "target: {expr: \"lead(close, 2) / lead(open, 1) - 1\", task: regression}\n"
         "split: {use: walk_forward, train: 1y, validation: 1y, test: 1y}\nprepare: [{use: scale, method: standard}]\n"
         "model: {use: linear.ridge, l2: 1}\nevaluate: {metrics: [rmse]}\n"
         "search:\n  use: random\n  trials: 8\n  objective: {metric: backtest.total_return}\n  space:\n"
         "    model.l2: {min: 0.01, max: 10000, scale: log}\n    backtest.strategy.long_above: {min: 0, max: 0.01}\n"
         "backtest:\n  strategy: {use: forecast.threshold}\n  fill: next_open\n";
}

}  // namespace

TEST_CASE("strategy searches: the same study for any workers, each fold trades its own choice, a trial's file gives its value") {
  for (const std::string& text : {rule_sweep(), forecast_sweep()}) {
    Folder folder;
    folder.write("e.yaml", text);
    Json trials, summary;
    for (const auto& [workers, isolation] : {std::pair{"1", "process"}, {"4", "process"}, {"3", "thread"}}) {
      CAPTURE(workers, isolation);
      const std::string store = std::string(isolation) + workers + ".db";
      const Result ended = folder.assay({"run", "e.yaml", "--json", "--workers", workers, "--isolation", isolation, "--store", store});
      INFO(ended.err);
      INFO(ended.out);
      REQUIRE(ended.code == 0);
      const Json now = trials_of(folder, store);
      if (trials.is_null()) {
        trials = now;
        summary = without_circumstances(ended.json());
        CHECK(summary.at("search").at("trials").at("failed") == (text == rule_sweep() ? 4 : 0));  // a fast window above the slow one
        CHECK(summary.at("backtest").contains("sharpe"));
      }
      CHECK(now == trials);
      CHECK(without_circumstances(ended.json()) == summary);
    }
    const Json whole = folder.assay({"runs", "show", "last", "--trial", "1", "--fold", "2", "--json", "--store", "process1.db"}).json();
    CHECK(whole.at("returns").at("value").size() == whole.at("returns").at("time").size());
    CHECK(whole.at("returns").at("value").size() > 200);
    folder.write("trial.yaml", whole.at("file").get<std::string>());
    const Result alone = folder.assay({"run", "trial.yaml", "--json"});
    INFO(alone.err);
    REQUIRE(alone.code == 0);
    CHECK(alone.json().at("trial").at("value").dump() == whole.at("value").dump());
  }
}

TEST_CASE("the choice is of the validation span: test bars that change leave it as it was") {
  Folder folder;
  const auto prices = [&](double last_factor) {
    std::string csv = "date,open,high,low,close\n";
    double price = 100;
    for (int day = 0; day < 900; ++day) {
      const double next = price * (1 + 0.02 * std::sin(day * 0.11) + 0.01 * std::sin(day * 1.7));
      const double factor = day >= 800 ? 1 + last_factor * (day % 7) : 1;
      const std::string date = std::to_string(2010 + day / 336) + "-" + (day / 28 % 12 < 9 ? "0" : "") + std::to_string(day / 28 % 12 + 1) +
                               "-" + (day % 28 < 9 ? "0" : "") + std::to_string(day % 28 + 1);
      const double open = price * factor, close = next * factor;
      for (const std::string& cell : {date, std::to_string(open), std::to_string(std::max(open, close) * 1.001),
                                      std::to_string(std::min(open, close) * 0.999), std::to_string(close)})
        csv += cell + ",";
      csv.back() = '\n';
      price = next;
    }
    folder.write("prices.csv", csv);
  };
  folder.write("e.yaml",
               "assay: 1\nname: rule\nseed: 7\ndata: {path: prices.csv, time: {column: date, format: \"%Y-%m-%d\"}}\n"
               "split: {use: holdout, validation: 300, test: 100}\n"
               "search:\n  use: grid\n  objective: {metric: backtest.sharpe}\n  space:\n"
               "    backtest.strategy.fast: {choices: [3, 10, 20]}\n    backtest.strategy.slow: {choices: [30, 60]}\n"
               "backtest:\n  strategy: {use: trend.sma_cross, fast: 10, slow: 40}\n  fill: next_open\n");
  prices(0);
  const Result first = folder.assay({"run", "e.yaml", "--json"});
  INFO(first.err);
  INFO(first.out);
  REQUIRE(first.code == 0);
  const Json trials = trials_of(folder);
  prices(0.3);
  const Result second = folder.assay({"run", "e.yaml", "--json"});
  REQUIRE(second.code == 0);
  CHECK(trials_of(folder) == trials);
  CHECK(second.json().at("search").at("best") == first.json().at("search").at("best"));
  CHECK(second.json().at("backtest").at("final_equity") != first.json().at("backtest").at("final_equity"));
}
