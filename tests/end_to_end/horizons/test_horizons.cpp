// Several horizons in one run: by horizon they are what runs of one horizon find on the same rows, for any workers, isolation and after
// kills; early stopping and searches look at their mean; and every verb shows or takes them by horizon.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "../running/program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

const std::vector<int> kHorizons{1, 4, 10};

// Two instruments, whose returns go on a little, by day; the second may have holes.
std::string prices(int days, bool holes = true) {
  std::string csv = "date,symbol,open,high,low,close\n";
  unsigned state = 7;
  const auto noise = [&] {
    double sum = 0;
    for (int i = 0; i < 4; ++i) {
      state = state * 1664525u + 1013904223u;
      sum += (state >> 8) / double(1 << 24) - 0.5;
    }
    return sum;
  };
  double close[2] = {100, 50}, last[2] = {0, 0};
  for (int day = 0; day < days; ++day)
    for (int e = 0; e < 2; ++e) {
      last[e] = 0.5 * last[e] + 0.01 * noise();
      const double open = close[e];
      close[e] *= 1 + last[e];
      if (holes && e == 1 && day % 97 == 50) continue;
      char line[160];
      std::snprintf(line, sizeof line, "%04d-%02d-%02d,%s,%.8f,%.8f,%.8f,%.8f\n", 2018 + day / 336, 1 + day / 28 % 12, 1 + day % 28,
                    e == 0 ? "A" : "B", open, std::max(open, close[e]) * 1.001, std::min(open, close[e]) * 0.999, close[e]);
      csv += line;
    }
  return csv;
}

std::string file(const std::string& target, const std::string& models, const std::string& more = "") {
  return "assay: 1\nname: h\nseed: 3\ndata: {source: csv, path: d.csv, time: {column: date}, entity: symbol}\n"
         "features:\n  r1: close / lag(close, 1) - 1\n  r5: close / lag(close, 5) - 1\n  v8: std(r1, 8)\n"
         "inputs: features\ntarget: {" +
         target + ", task: regression}\nsplit: {use: walk_forward, train: 200, validation: 40, test: 60}\n" +
         "prepare: [{use: scale}]\nmodels: " + models + "\n" + more;
}
const std::string kTarget = "expr: \"lead(close, horizon) / close - 1\", horizons: [1, 4, 10]";
const std::string kRidge = "{ridge: {use: linear.ridge, l2: 1}}";
const std::string kNetwork = "{net: {use: neural.mlp, hidden: [8], learning_rate: 3.0e-3}}";
const std::string kTrain = "train: {epochs: 8, batch_size: 32, repeats: 2, early_stopping: {metric: rmse, patience: 3}}\n";
const std::string kMetrics = "evaluate: {metrics: [rmse, mae, rank_ic], baselines: [no_change, historical_mean]}\n";

Result run(const Folder& folder, const std::string& text, const std::vector<std::string>& more = {}) {
  folder.write("e.yaml", text);
  std::vector<std::string> words{"run", "e.yaml", "--json"};
  words.insert(words.end(), more.begin(), more.end());
  Result ran = folder.assay(words);
  INFO(ran.err << ran.out.substr(0, 400));
  REQUIRE((ran.code == 0 || ran.code == 5));
  return ran;
}

// {"ridge,1,1,test,17,10": "truth,value"}, the horizon last; 0 where there is no such column.
std::map<std::string, std::string> forecasts(const Folder& folder, const std::string& only = "") {
  const Result shown = folder.assay({"runs", "show", "last", "--predictions", "--csv"});
  REQUIRE(shown.code == 0);
  std::map<std::string, std::string> out;
  const std::vector<std::string> lines = lines_of(shown.out);
  const bool by_horizon = lines[0].ends_with(",horizon");
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto c = cells_of(lines[i]);
    if (!only.empty() && c[0] != only) continue;
    out[c[0] + "," + c[1] + "," + c[2] + "," + c[3] + "," + c[4] + "," + (by_horizon ? c[10] : "0")] = c[8] + "," + c[9];
  }
  return out;
}

Json without_circumstances(Json json) {
  for (const char* key : {"run", "ledger"}) json.erase(key);
  return json;
}

}  // namespace

TEST_CASE("each horizon has the forecasts and metrics that a run of it alone has on the same rows") {
  Folder folder;
  folder.write("d.csv", prices(520));
  const Json all = run(folder, file(kTarget, kRidge, kMetrics)).json();
  const auto together = forecasts(folder);
  CHECK(all.at("metrics").size() == 9);
  CHECK_FALSE(all.at("metrics").contains("rmse"));
  REQUIRE(all.at("comparisons").size() == 6);
  for (const int h : kHorizons) {
    const std::string n = std::to_string(h);
    // `+ 0 * ...` makes the rows those that have all labels, and the purging that of the longest.
    const std::string alone = "expr: \"lead(close, " + n + ") / close - 1 + 0 * lead(close, 10)\"";
    const Json one = run(folder, file(alone, kRidge, kMetrics)).json();
    std::size_t compared = 0;
    for (const auto& [key, value] : forecasts(folder)) {
      if (key.starts_with("baseline:no_change")) continue;  // it knows a label of this horizon once that one has ended
      REQUIRE(together.at(key.substr(0, key.rfind(',') + 1) + n) == value);
      ++compared;
    }
    CHECK(compared > 800);
    for (const char* metric : {"rmse", "mae", "rank_ic"}) {
      const Json &ours = all.at("metrics").at(std::string(metric) + "@" + n), &theirs = one.at("metrics").at(metric);
      CHECK(ours.at("value") == theirs.at("value"));
      CHECK(ours.at("per_fold") == theirs.at("per_fold"));
      if (h == 10) CHECK(ours == theirs);  // blocks of the interval are as long as the label
    }
    const Json own = run(folder, file("expr: \"lead(close, " + n + ") / close - 1\"", kRidge, kMetrics)).json();
    if (h == 10) {  // the longest alone: everything is the same
      CHECK(all.at("baselines").at("no_change").at("rmse@10") == own.at("baselines").at("no_change").at("rmse"));
      CHECK(all.at("metrics").at("rmse@10") == own.at("metrics").at("rmse"));
      CHECK(all.at("comparisons").back().at("p") == own.at("comparisons").back().at("p"));
    }
  }
}

TEST_CASE("Holm's correction goes over all baselines and horizons, and the verdict names them") {
  Folder folder;
  folder.write("d.csv", prices(520));
  const Json json = run(folder, file(kTarget, kRidge, kMetrics)).json();
  std::vector<double> p, holm;
  for (const Json& c : json.at("comparisons")) {
    p.push_back(c.at("p").get<double>());
    holm.push_back(c.at("p_holm").get<double>());
  }
  std::vector<std::size_t> order(p.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  double least = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    least = std::max(least, std::min(1.0, static_cast<double>(p.size() - k) * p[order[k]]));
    CHECK(std::abs(holm[order[k]] - least) < 1e-12);
  }
  const auto verdict = json.at("verdict").get<std::string>();
  for (const std::string part : {"historical_mean at horizon ", "no_change at horizon ", ", 4 (p ", "10 (p "})
    CHECK(verdict.find(part) != std::string::npos);
  CHECK(verdict.starts_with("no gain over all baselines: better than"));  // tomorrow's return can be forecast, that of ten days hardly
}

TEST_CASE("a network and fits by horizon have the same bits for any workers and isolation, and after kills") {
  Folder folder;
  folder.set("ASSAY_CHECKPOINT_SECONDS", "0");
  folder.write("d.csv", prices(520));
  const std::string text =
      file(kTarget, "{ridge: {use: linear.ridge}, net: {use: neural.mlp, hidden: [8], learning_rate: 3.0e-3}}", kTrain + kMetrics);
  const Json straight = without_circumstances(run(folder, text, {"--workers", "1"}).json());
  const auto expected = forecasts(folder);
  for (const std::string isolation : {"none", "thread", "process"})
    for (const char* workers : {"2", "4"}) {
      const std::string other = text + "resources: {isolation: " + isolation + "}\n";
      CHECK(without_circumstances(run(folder, other, {"--workers", workers, "--again"}).json()) == straight);
      CHECK(forecasts(folder) == expected);
    }
  std::mt19937 random(5);
  for (int kills = 0; kills < 8; ++kills) {
    const pid_t pid = folder.start({"run", "e.yaml", "--workers", "2", "--json", "--store", "killed.db"});
    sleep_ms(static_cast<int>(random() % 150));
    kill(pid, SIGKILL);
    folder.wait(pid);
  }
  REQUIRE(folder.assay({"run", "e.yaml", "--workers", "2", "--json", "--store", "killed.db"}).code == 0);
  CHECK(folder.assay({"runs", "show", "last", "--predictions", "--csv", "--store", "killed.db"}).out ==
        folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out);
  const Result again = folder.assay({"rerun", "last"});
  CHECK(again.code == 0);
  CHECK(again.out.find("the same bits") != std::string::npos);
}

TEST_CASE("early stopping and a search look at the mean over the horizons, on validation rows") {
  Folder folder;
  folder.write("d.csv", prices(520));
  const auto mean_rmse = [&](const std::string& fit) {  // "net,1,1"
    std::map<std::string, std::pair<double, double>> squares;
    for (const auto& [key, value] : forecasts(folder)) {
      if (!key.starts_with(fit + ",validation,")) continue;
      const double error = std::stod(value) - std::stod(value.substr(value.find(',') + 1));
      auto& [sum, n] = squares[key.substr(key.rfind(',') + 1)];
      sum += error * error, n += 1;
    }
    REQUIRE(squares.size() == 3);
    double mean = 0;
    for (const auto& [h, sum] : squares) mean += std::sqrt(sum.first / sum.second) / 3;
    return mean;
  };
  run(folder, file(kTarget, kNetwork, kTrain + kMetrics));
  double best = INFINITY;
  for (const std::string& line : lines_of(folder.assay({"runs", "show", "last", "--steps", "--csv"}).out))
    if (const auto c = cells_of(line); line.starts_with("net,2,1,") && c[4] == "validation_rmse") best = std::min(best, std::stod(c[5]));
  CHECK(std::abs(mean_rmse("net,2,1") - best) < 1e-12 * best);

  const std::string search =
      "search: {use: grid, objective: {metric: rmse}, space: {models.ridge.l2: {choices: [1, 100000]}}, trials: 2}\n";
  const Json json = run(folder, file(kTarget, kRidge, kMetrics + search)).json();
  const Result trials = folder.assay({"runs", "show", "last", "--trials", "--json"});
  REQUIRE(trials.code == 0);
  double least = INFINITY;
  for (const Json& trial : trials.json())
    if (trial.at("fold") == 1) least = std::min(least, trial.at("value").get<double>());
  CHECK(std::abs(mean_rmse("ridge,1,1") - least) < 1e-12 * least);
}

TEST_CASE("accept, compare, predict, explain, export and the audit speak of horizons") {
  Folder folder;
  folder.write("d.csv", prices(520));
  const std::string accept = "accept: [\"rmse@1 < no_change.rmse@1\", \"rmse@10.low < 0\"]\n";
  const Result ran = run(folder, file(kTarget, kRidge, kMetrics + accept));
  CHECK(ran.code == 5);
  CHECK(ran.json().at("accept")[0].at("met") == true);
  CHECK(ran.json().at("accept")[1].at("met") == false);
  run(folder, file(kTarget, kNetwork, kTrain + kMetrics));
  const Result compared = folder.assay({"runs", "compare", "1", "2"});
  CHECK(compared.out.find("rmse@4") != std::string::npos);

  // New data that are the old ones: the last fold's test rows have its stored forecasts, side by side.
  for (const char* which : {"1", "2"}) {
    const std::string model = which[0] == '1' ? "ridge" : "net";
    const Result predicted = folder.assay({"predict", which, "--data", "d.csv"});
    INFO(predicted.err);
    REQUIRE(predicted.code == 0);
    const std::vector<std::string> lines = lines_of(predicted.out);
    REQUIRE(lines[0] == "row,known_at,entity,value@1,value@4,value@10");
    std::map<std::string, std::vector<std::string>> by_row;
    for (std::size_t i = 1; i < lines.size(); ++i) by_row[cells_of(lines[i])[0]] = cells_of(lines[i]);
    const Result shown = folder.assay({"runs", "show", which, "--predictions", "--csv"});
    std::map<std::string, std::string> last_fold;
    std::string fold;
    for (const std::string& line : lines_of(shown.out))
      if (const auto c = cells_of(line); c[0] == model) fold = std::max(fold, c[1]);
    std::size_t same = 0;
    for (const std::string& line : lines_of(shown.out)) {
      const auto c = cells_of(line);
      if (c[0] != model || c[1] != fold || c[2] != "1" || c[3] != "test") continue;
      const std::size_t column = c[10] == "1" ? 3 : c[10] == "4" ? 4 : 5;
      REQUIRE(by_row.at(c[4])[column] == c[9]);
      ++same;
    }
    CHECK(same > 100);
  }

  const auto explained = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"explain", "1", "--method", "shapley", "--row", "900", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return folder.assay(words);
  };
  const Json first = explained({}).json(), tenth = explained({"--horizon", "10"}).json();
  const auto row_of = [](const Json& json) { return (json.is_array() ? json[0] : json).at("rows")[0]; };
  CHECK(row_of(first).at("forecast") != row_of(tenth).at("forecast"));
  CHECK(row_of(first).at("truth") != row_of(tenth).at("truth"));
  const Result wrong = explained({"--horizon", "7"});
  CHECK(wrong.code == 1);
  CHECK(wrong.err.find("it has no horizon 7. It has 1, 4, 10") != std::string::npos);

  const Result refused = folder.assay({"export", "1", "--onnx", "r.onnx"});
  CHECK(refused.code == 1);
  CHECK(refused.err.find("a fit for each horizon") != std::string::npos);
  const Result exported = folder.assay({"export", "2", "--onnx", "n.onnx"});
  CHECK(exported.code == 0);
  CHECK(exported.out.find("batch x 3") != std::string::npos);

  const Result audited = folder.assay({"audit", "e.yaml", "--full"});
  INFO(audited.out);
  CHECK(audited.code == 0);
}

TEST_CASE("a strategy trades the first horizon, and a sealed span is scored by horizon") {
  Folder folder;
  folder.write("d.csv", prices(620, false));
  const std::string trade = "backtest: {strategy: {use: forecast.threshold, long_above: 0, short_below: 0}, fill: next_open}\n";
  std::string text = file("label: {use: forward_return, entry: open}, horizons: [1, 10]", kRidge, kMetrics + trade);
  text.replace(text.find("test: 60"), 8, "test: 60, final_test: 80");
  const Json together = run(folder, text).json();
  const Result revealed = folder.assay({"reveal", "last", "--json"});
  INFO(revealed.err);
  REQUIRE(revealed.code == 0);
  CHECK(revealed.json().at("metrics").contains("rmse@10"));
  // The first horizon alone, on the same rows: the same forecasts of it, so the same trades.
  const std::string alone = "expr: \"lead(close, 1) / lead(open, 1) - 1 + 0 * lead(close, 10)\"";
  std::string one = file(alone, kRidge, kMetrics + trade);
  one.replace(one.find("test: 60"), 8, "test: 60, final_test: 80");
  const Json first = run(folder, one).json();
  CHECK(together.at("backtest").at("final_equity") == first.at("backtest").at("final_equity"));
  CHECK(together.at("backtest").at("trades").get<int>() > 5);
}

TEST_CASE("an input that is the answer of one horizon alone is found, with its horizon") {
  Folder folder;
  const std::vector<std::string> lines = lines_of(prices(400, false));
  std::string csv = lines[0] + ",peek\n";
  for (std::size_t i = 1; i < lines.size(); ++i) {  // rows of two instruments take turns
    const auto close = [&](std::size_t at) { return std::stod(cells_of(lines[at])[5]); };
    csv += lines[i] + "," + (i + 8 < lines.size() ? std::to_string(100 * (close(i + 8) / close(i) - 1)) : "") + "\n";
  }
  folder.write("d.csv", csv);
  std::string text = file("expr: \"100 * (lead(close, horizon) / close - 1)\", horizons: [1, 4, 10]", kRidge, kMetrics);
  text.replace(text.find("inputs: features"), 16, "inputs: [r1, peek]");
  text.replace(text.find("[{use: scale}]"), 14, "[{use: missing}, {use: scale}]");
  folder.write("e.yaml", text);
  const Result audited = folder.assay({"audit", "e.yaml", "--json"});
  INFO(audited.out << audited.err);
  CHECK(audited.code == 4);
  CHECK(audited.out.find("input `peek`") != std::string::npos);
  CHECK(audited.out.find("\"what\":\"at horizon 4: ") != std::string::npos);
}
