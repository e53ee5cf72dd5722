// Backtests through the real program: same bits however they run, what strategies do to their process, searches that choose before they
// trade, the sealed span.
#include <algorithm>
#include <cmath>
#include <map>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

const std::string kMarket = "data: {source: sim.market, entities: 3, days: 700, signal: 0.1, seed: 1}\n";
const std::string kForecast =
    "assay: 1\nname: forecast\nseed: 7\n" + kMarket +
    "inputs: [momentum, value, flow]\ntarget: {expr: 'lead(open, 2) / lead(open, 1) - 1', task: regression}\n"
    "split: {use: walk_forward, train: 300, test: 100}\nevaluate: {metrics: [rank_ic, rmse], baselines: [no_change]}\n"
    "model: {use: linear.ridge}\n";
const std::string kBacktest =
    "backtest:\n  strategy: {use: forecast.threshold, long_above: 0, short_below: 0}\n  fill: next_open\n"
    "  costs: {commission_bps: 2, slippage_bps: 1}\n";
const std::string kSearch =
    "assay: 1\nname: search\nseed: 7\ndata: {source: sim.market, entities: 1, days: 1200, seed: 3}\n"
    "split: {use: walk_forward, train: 100, validation: 200, test: 200, final_test: 200}\n"
    "search:\n  use: grid\n  trials: 20\n  objective: {metric: backtest.sharpe}\n  scope: per_fold\n  space:\n"
    "    backtest.strategy.fast: {choices: [3, 8]}\n    backtest.strategy.slow: {choices: [15, 40]}\n"
    "backtest: {strategy: {use: trend.sma_cross, fast: 5, slow: 20}, fill: next_close}\n";

std::string result_of(const Folder& folder, std::vector<std::string> words) {
  words.insert(words.end(), {"--json", "--again"});
  const Result ended = folder.assay(words);
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  Json json = ended.json();
  json.erase("run");
  json.erase("ledger");
  json.erase("sealed");
  if (json.contains("search")) json["search"].erase("luck");
  return json.dump();
}

}  // namespace

TEST_CASE("a backtest has the same bits in a worker, in a thread and in the program, for any number of workers") {
  const Folder folder;
  folder.write("f.yaml", kForecast + kBacktest);
  folder.write("s.yaml", kSearch);
  for (const char* file : {"f.yaml", "s.yaml"}) {
    const std::string first = result_of(folder, {"run", file, "--isolation", "process", "--workers", "1"});
    CHECK(first.find("\"sharpe\"") != std::string::npos);
    CHECK(result_of(folder, {"run", file, "--isolation", "process", "--workers", "4"}) == first);
    CHECK(result_of(folder, {"run", file, "--isolation", "thread", "--workers", "3"}) == first);
    CHECK(result_of(folder, {"run", file, "--isolation", "none"}) == first);
  }
  CHECK_THAT(folder.assay({"rerun", "last"}).out, Catch::Contains("the same bits"));
}

TEST_CASE("what is stored of a backtest adds up") {
  const Folder folder;
  folder.write("f.yaml", kForecast + kBacktest);
  const Json run = folder.assay({"run", "f.yaml", "--json"}).json();
  const Json& figures = run.at("backtest");
  const Json trades = folder.assay({"runs", "show", "last", "--trades", "--json"}).json();
  const Json equity = folder.assay({"runs", "show", "last", "--equity", "--json"}).json();
  const Json fills = folder.assay({"runs", "show", "last", "--fills", "--json"}).json();
  const Json orders = folder.assay({"runs", "show", "last", "--orders", "--json"}).json();
  double results = 0, costs = 0;
  for (const Json& trade : trades) results += trade.at("result").get<double>();
  for (const Json& fill : fills) costs += fill.at("commission").get<double>() + fill.at("slippage").get<double>();
  CHECK(trades.size() == static_cast<std::size_t>(figures.at("trades").get<double>()));
  CHECK(results == Approx(figures.at("final_equity").get<double>() - 1'000'000).epsilon(1e-9));
  CHECK(costs == Approx(figures.at("costs").get<double>()).epsilon(1e-9));
  CHECK(equity.back().at("equity").get<double>() == figures.at("final_equity").get<double>());
  CHECK(orders.size() >= fills.size());
  // Nothing is traded before the first test day, and every fill comes after its order.
  const std::string first = figures.at("period").at(0).get<std::string>();
  CHECK(equity.front().at("time").get<std::string>() == first);
  for (const Json& fill : fills) {
    REQUIRE(fill.at("time").get<std::string>() > first);
    REQUIRE(fill.at("time").get<std::string>() > orders.at(fill.at("order").get<std::size_t>()).at("placed").get<std::string>());
  }
  const Result csv = folder.assay({"runs", "show", "last", "--trades", "--csv"});
  CHECK(std::count(csv.out.begin(), csv.out.end(), '\n') == static_cast<std::ptrdiff_t>(trades.size()) + 1);
  CHECK_THAT(csv.out, Catch::StartsWith("repeat,number,instrument,entry_time,exit_time,units"));
}

TEST_CASE("what is traded are the stored out-of-sample forecasts, each at its own time") {
  const Folder folder;
  folder.write("f.yaml", kForecast + kBacktest);
  REQUIRE(folder.assay({"run", "f.yaml"}).code == 0);
  std::map<std::pair<std::string, std::string>, double> forecast;  // time, entity
  for (const Json& p : folder.assay({"runs", "show", "last", "--predictions", "--json"}).json()) {
    if (p.at("model") == "model")
      forecast[{p.at("known_at").get<std::string>(), p.at("entity").get<std::string>()}] = p.at("value").get<double>();
  }
  const Json orders = folder.assay({"runs", "show", "last", "--orders", "--json"}).json();
  REQUIRE(orders.size() > 100);
  for (const Json& order : orders) {
    const auto known = forecast.find({order.at("placed").get<std::string>(), order.at("instrument").get<std::string>()});
    REQUIRE(known != forecast.end());
    REQUIRE(order.at("wanted").get<double>() * known->second > 0);  // long above zero, short below
  }
}

TEST_CASE("a feature that was searched reaches the strategy that reads it") {
  const Folder folder;
  const std::string rule =
      "assay: 1\nname: rule\nseed: 7\ndata: {source: sim.market, entities: 1, days: 600, seed: 3}\n"
      "features: {r: {use: technical.rsi, column: close, window: 14}}\n"
      "split: {use: walk_forward, train: 100, validation: 100, test: 100}\n"
      "plugins: ['" +
      std::string(PROBE_PLUGINS) +
      "/probe_strategies.so']\n"
      "backtest: {strategy: {use: probe.by_column, signal: r, above: 50}, fill: next_open}\n";
  folder.write("fixed.yaml", rule);
  folder.write("searched.yaml", rule +
                                    "search:\n  use: grid\n  objective: {metric: backtest.sharpe}\n"
                                    "  space: {features.r.window: {choices: [5]}}\n");
  const auto fills = [&](const std::vector<std::string>& words) {
    const Result ended = folder.assay(words);
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    return folder.assay({"runs", "show", "last", "--fills", "--csv"}).out;
  };
  const std::string searched = fills({"run", "searched.yaml"});
  CHECK(searched == fills({"run", "fixed.yaml", "--set", "features.r.window=5"}));
  CHECK(searched != fills({"run", "fixed.yaml"}));
}

TEST_CASE("spans that a replay cannot go through are refused with their reason") {
  const Folder folder;
  const std::string head = "assay: 1\nname: spans\nseed: 7\ndata: {source: sim.market, entities: 2, days: 600, signal: 0.1, seed: 1}\n";
  const std::string model =
      "inputs: [momentum, value]\ntarget: {expr: 'lead(open, 2) / lead(open, 1) - 1', task: regression}\n"
      "model: {use: linear.ridge}\nevaluate: {metrics: [rmse], baselines: [no_change]}\n";
  const std::string trade = "backtest: {strategy: {use: forecast.threshold, long_above: 0, short_below: 0}, fill: next_open}\n";
  const std::string rule = "backtest: {strategy: {use: trend.sma_cross, fast: 3, slow: 9}, fill: next_open}\n";
  const std::string search =
      "search: {use: grid, objective: {metric: backtest.sharpe}, space: {backtest.strategy.fast: {choices: [2, 3]}}}\n";
  const auto refused = [&](const std::string& text, const std::string& reason) {
    folder.write("s.yaml", text);
    const Result ended = folder.assay({"check", "s.yaml"});
    INFO(text << ended.out << ended.err);
    CHECK(ended.code == 1);
    CHECK_THAT(ended.out + ended.err, Catch::Contains(reason));
  };
  refused(head + model + trade + "split: {use: walk_forward, train: 100, test: 50, step: 120}\n", "between them are no test rows");
  refused(head + model + trade + "split: {use: k_fold, folds: 4, shuffle: false}\n", "trained on later rows");
  refused(head + rule + "split: {use: by_rule, test: 'row % 5 == 4'}\n", "between them are no test rows");
  refused(head + rule + search +
              "split: {use: by_rule, test: 'row >= 1000', validation: '(row >= 400 and row < 500) or (row >= 700 and row < 800)'}\n",
          "are no one block");
  refused(head + rule + search + "split: {use: by_rule, test: 'row >= 400 and row < 500', validation: 'row >= 700'}\n",
          "chosen on later rows");
}

TEST_CASE("what a strategy or a benchmark refuses when it starts is told by check, with its place; what ends its process too") {
  const Folder folder;
  const std::string head =
      "assay: 1\nname: starts\nseed: 7\ndata: {source: sim.market, entities: 1, days: 600, seed: 3}\n"
      "split: {use: walk_forward, train: 100, validation: 100, test: 100}\n";
  const auto checked = [&](const std::string& text, int code, const std::string& reason) {
    folder.write("s.yaml", text);
    const Result ended = folder.assay({"check", "s.yaml"});
    INFO(text << ended.out << ended.err);
    CHECK(ended.code == code);
    CHECK_THAT(ended.out + ended.err, Catch::Contains(reason));
  };
  const std::string rule = "backtest: {fill: next_open, strategy: {use: trend.sma_cross, fast: 30, slow: 10}}\n";
  checked(head + rule, 1, "s.yaml:6:39: error: trend.sma_cross does not start: ");
  checked(head + rule, 1, "fast has to be shorter than slow");
  checked(head + "backtest: {fill: next_open, strategy: {use: forecast.threshold}}\n", 1, "here is no model that gives them");
  checked(head + "backtest: {fill: next_open, strategy: {use: basic.buy_and_hold}, benchmark: {use: trend.sma_cross, fast: 9, slow: 3}}\n",
          1, "trend.sma_cross does not start: ");
  checked(head + rule + "search: {use: grid, objective: {metric: backtest.sharpe}, space: {backtest.strategy.slow: {choices: [40, 50]}}}\n",
          0, "sound");  // what the file says of it is not what is traded
  checked(kForecast + kBacktest, 0, "sound");
  const std::string plugins = "plugins: ['" + std::string(BAD_PLUGINS) + "/bad_strategy_segfaults.so']\nresources: {isolation: none}\n";
  checked(head + plugins + "backtest: {fill: next_open, strategy: {use: bad.strategy_segfaults}}\n", 1, "SIGSEGV");
}

TEST_CASE("a strategy that ends its process leaves a failed run with its reason, and the forecasts stored") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"segfaults", "SIGSEGV"}, {"aborts", "SIGABRT"}, {"hangs", "timeout"}, {"eats_memory", "memory"}};
  for (const auto& [fault, reason] : cases) {
    const Folder folder;
    const std::string plugin = std::string(BAD_PLUGINS) + "/bad_strategy_" + fault + ".so";
    folder.write("f.yaml", kForecast + "plugins: ['" + plugin + "']\nresources: {timeout: 3s, memory: 900MB}\n" +
                               "backtest: {strategy: {use: bad.strategy_" + fault + "}, fill: next_open}\n");
    const Result ended = folder.assay({"run", "f.yaml", "--json"});
    INFO(fault << ": " << ended.err << ended.out);
    REQUIRE(ended.code == 3);
    const Json json = ended.json();
    CHECK(json.at("status") == "failed");
    CHECK_THAT(json.at("failures").at(0).get<std::string>(), Catch::Contains("backtest") && Catch::Contains(reason));
    CHECK(json.at("metrics").contains("rank_ic"));
    CHECK(!json.contains("backtest"));
  }
}

TEST_CASE("a searched rule chooses in each fold before it trades there, and a reveal alone replays the sealed span") {
  const Folder folder;
  folder.write("s.yaml", kSearch);
  const Json run = folder.assay({"run", "s.yaml", "--json"}).json();
  const Json& choices = run.at("search").at("choices");
  REQUIRE(choices.size() >= 2);
  for (const Json& choice : choices) {
    const Json trials = folder.assay({"runs", "show", "last", "--trials", "--json"}).json();
    for (const Json& trial : trials)
      if (trial.at("fold") == choice.at("fold") && trial.at("value").is_number())
        CHECK(trial.at("value").get<double>() <= choice.at("value").get<double>());
  }
  const std::string last = run.at("backtest").at("period").at(1).get<std::string>();
  const Json revealed = folder.assay({"reveal", "last", "--json"}).json();
  CHECK(revealed.at("backtest").at("period").at(0).get<std::string>() > last);
  CHECK(revealed.at("reveals") == 1);
  CHECK(revealed.at("backtest").at("sharpe") != run.at("backtest").at("sharpe"));
  const Json fills = folder.assay({"runs", "show", "last", "--fills", "--of", "final_test", "--json"}).json();
  for (const Json& fill : fills) CHECK(fill.at("time").get<std::string>() > last);
}

TEST_CASE("one choice for all folds shows nothing but the sealed span's reveal") {
  const Folder folder;
  folder.write("s.yaml", kSearch);
  const Json run = folder.assay({"run", "s.yaml", "--json", "--set", "search.scope=once"}).json();
  CHECK(!run.contains("backtest"));
  CHECK(run.at("search").at("trials").at("complete") == 4);
  const Result sealed = folder.assay({"runs", "show", "last", "--trades"});
  CHECK(sealed.code == 1);
  CHECK_THAT(sealed.err, Catch::Contains("sealed until `assay reveal`"));
  CHECK(folder.assay({"reveal", "last", "--json"}).json().at("backtest").contains("sharpe"));
  CHECK(folder.assay({"runs", "show", "last", "--equity", "--of", "final_test", "--csv"}).code == 0);
}

TEST_CASE("where one choice is made for all folds, criteria are judged by the reveal, with exit 5, stored and shown") {
  const Folder folder;
  folder.write("s.yaml", kSearch + "accept: ['backtest.sharpe > -100', 'backtest.sharpe > 100']\n");
  const Result run = folder.assay({"run", "s.yaml", "--json", "--set", "search.scope=once"});
  CHECK(run.code == 0);
  CHECK(run.json().at("accept").empty());
  CHECK_THAT(run.json().at("sealed").get<std::string>(), Catch::Contains("judges `accept`"));
  const Result revealed = folder.assay({"reveal", "last", "--json"});
  CHECK(revealed.code == 5);
  CHECK(revealed.json().at("accept").at(0).at("met") == true);
  CHECK(revealed.json().at("accept").at(1).at("met") == false);
  CHECK(folder.assay({"runs", "show", "last", "--json"}).json().at("revealed") == revealed.json());
  CHECK_THAT(folder.assay({"runs", "show", "last"}).out, Catch::Contains("backtest.sharpe > 100: NOT MET"));
  CHECK(folder.assay({"reveal", "last"}).code == 5);

  folder.write("s.yaml", kSearch + "accept: ['backtest.sharpe > -100']\n");
  REQUIRE(folder.assay({"run", "s.yaml", "--set", "search.scope=once"}).code == 0);
  CHECK(folder.assay({"reveal", "last"}).code == 0);
}

TEST_CASE("fills at the close on which they were decided are stamped on every page, a sealed run's too; data that were revised are") {
  const Folder folder;
  std::string file = kSearch;
  file.replace(file.find("next_close"), 10, "same_close");
  folder.write("s.yaml", file);
  for (const char* scope : {"search.scope=per_fold", "search.scope=once"}) {
    REQUIRE(folder.assay({"run", "s.yaml", "--json", "--set", scope}).json().at("stamps").at(0).at("stamp") == "same-bar fills");
    for (const std::vector<std::string>& page :
         std::vector<std::vector<std::string>>{{"runs", "list"},
                                               {"runs", "show", "last"},
                                               {"runs", "show", "last", "--trials"},
                                               {"sweep", "best", "last"},
                                               {"runs", "compare", "last", "last"},
                                               {"reveal", "last"},
                                               {"runs", "show", "last", "--trades", "--of", "final_test"}}) {
      INFO(scope << " " << page[0] << " " << page[1]);
      CHECK_THAT(folder.assay(page).out, Catch::Contains("same-bar fills"));
    }
  }
  folder.write("f.yaml", kForecast + kBacktest);
  REQUIRE(folder.assay({"run", "f.yaml", "--set", "data.point_in_time=false"}).code == 0);
  CHECK_THAT(folder.assay({"runs", "show", "last"}).out, Catch::Contains("point_in_time: no") && !Catch::Contains("same-bar"));
  CHECK_THAT(folder.assay({"runs", "list"}).out, Catch::Contains("point_in_time: no"));
}

TEST_CASE("criteria speak of the backtest and its benchmark") {
  const Folder folder;
  folder.write("f.yaml", kForecast + kBacktest + "accept: ['backtest.sharpe > benchmark.sharpe', 'backtest.max_drawdown > -0.00001']\n");
  const Result ended = folder.assay({"run", "f.yaml", "--json"});
  CHECK(ended.code == 5);
  const Json accept = ended.json().at("accept");
  CHECK(accept.at(0).at("met") == true);
  CHECK(accept.at(1).at("met") == false);
}

TEST_CASE("a market that is none is refused with the row's time") {
  const Folder folder;
  folder.write("bars.csv", "date,open,high,low,close\n2020-01-01,1,2,0.5,1\n2020-01-02,1,2,0.5,2.5\n2020-01-03,1,2,0.5,1\n");
  const std::string head = "assay: 1\nname: bars\nseed: 1\ndata: {source: csv, path: bars.csv, time: {column: date}}\n";
  folder.write("b.yaml", head + "backtest: {strategy: {use: basic.buy_and_hold}, fill: next_open}\n");
  CHECK_THAT(folder.assay({"check", "b.yaml"}).err, Catch::Contains("2020-01-02"));
  const Result outside = folder.assay({"run", "b.yaml"});
  CHECK(outside.code == 2);
  CHECK_THAT(outside.err, Catch::Contains("2020-01-02"));
  folder.write("b.yaml", head + "backtest: {strategy: {use: basic.buy_and_hold}, fill: next_open, prices: {close: clsoe}}\n");
  const Result absent = folder.assay({"check", "b.yaml"});
  CHECK(absent.code == 2);
  CHECK_THAT(absent.err + absent.out, Catch::Contains("did you mean close?"));
}

TEST_CASE("the Sharpe interval is left out where an account hardly moves, and belongs to the repeat in the middle") {
  Folder folder;
  const std::string idle =
      "assay: 1\nname: idle\nseed: 7\ndata: {source: sim.market, entities: 1, days: 400, seed: 3}\n"
      "backtest: {strategy: {use: trend.sma_cross, fast: 5, slow: 390}, fill: next_open, annualise: {risk_free: 0.02}}\n";
  folder.write("idle.yaml", idle);
  const Result still = folder.assay({"run", "idle.yaml", "--json"});
  INFO(still.err);
  REQUIRE(still.code == 0);
  CHECK(still.json().at("backtest").at("intervals").at("sharpe").at("value").is_null());
  CHECK(still.json().at("backtest").at("intervals").at("sharpe").at("low").is_null());

  std::string network = kForecast + "train: {epochs: 2, repeats: 3}\n" + kBacktest;
  network.replace(network.find("model: {use: linear.ridge}"), 26, "model: {use: neural.mlp, hidden: [8]}");
  folder.write("network.yaml", network);
  const Result ran = folder.assay({"run", "network.yaml", "--json"});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  const Json backtest = ran.json().at("backtest");
  std::vector<double> each = backtest.at("per_repeat").at("sharpe").get<std::vector<double>>();
  REQUIRE(each.size() == 3);
  std::sort(each.begin(), each.end());
  CHECK(backtest.at("intervals").at("sharpe").at("value").get<double>() == Approx(each[1]).epsilon(1e-9));
}
