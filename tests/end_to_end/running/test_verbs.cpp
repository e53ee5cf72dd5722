// Every verb on real runs: exit codes, one JSON value on stdout, the same bits whatever the workers, what is stored and what is sealed.
#include <cmath>
#include <map>
#include <set>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;

namespace {

Json metrics_of(const Result& r) {
  INFO(r.err);
  REQUIRE((r.code == 0 || r.code == 5));
  return r.json().at("metrics");
}

std::string forecasts(const Folder& folder, const std::string& run) {
  const Result shown = folder.assay({"runs", "show", run, "--predictions", "--csv"});
  REQUIRE(shown.code == 0);
  return shown.out;
}

// A table or a panel of made-up numbers with a signal.
std::string made_csv(int entities, int days) {
  std::string csv = entities == 1 ? "a,b,y,c\n" : "date,symbol,a,b,y,c\n";
  unsigned state = 12345;
  const auto noise = [&] {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) / double(1 << 24) - 0.5;
  };
  for (int day = 0; day < days; ++day)
    for (int e = 0; e < entities; ++e) {
      const double a = noise(), b = noise();
      char line[160];
      int n = 0;
      if (entities > 1) n = std::snprintf(line, sizeof line, "2021-%02d-%02d,S%d,", 1 + day / 28, 1 + day % 28, e);
      std::snprintf(line + n, sizeof line - static_cast<std::size_t>(n), "%.6f,%.6f,%.6f,%s\n", a, b, a - 2 * b + 0.1 * noise(),
                    a + b > 0 ? "yes" : "no");
      csv += line;
    }
  return csv;
}

// Stored test forecasts of one model's last fold against what `predict` says of the same rows, as text: the shortest that reads back.
int compare_with_predict(const Folder& folder, const std::string& model, const std::string& data) {
  std::map<std::string, std::string> stored, fresh;
  std::string last_fold;
  const auto lines = lines_of(forecasts(folder, "last"));
  for (const std::string& line : lines) {
    const auto cells = cells_of(line);
    if (cells[0] == model && cells[3] == "test") last_fold = std::max(last_fold, cells[1]);
  }
  for (const std::string& line : lines) {
    const auto cells = cells_of(line);
    if (cells[0] == model && cells[1] == last_fold && cells[2] == "1" && cells[3] == "test") stored[cells[4]] = cells[9];
  }
  const Result predicted = folder.assay({"predict", "last", "--data", data, "--model", model});
  INFO(predicted.err);
  REQUIRE(predicted.code == 0);
  const auto rows = lines_of(predicted.out);
  const auto head = cells_of(rows[0]);
  const auto at = static_cast<std::size_t>(std::find(head.begin(), head.end(), "value") - head.begin());
  for (std::size_t i = 1; i < rows.size(); ++i) fresh[cells_of(rows[i])[0]] = cells_of(rows[i])[at];
  int compared = 0;
  for (const auto& [row, value] : stored) {
    INFO(model << " row " << row);
    CHECK(fresh[row] == value);
    ++compared;
  }
  return compared;
}

}  // namespace

TEST_CASE("1, 2 and 4 workers, processes, threads or neither: the same bits") {
  Folder folder;
  folder.write("e.yaml", small_file());
  const Json first = metrics_of(folder.assay({"run", "e.yaml", "--json"}));
  const std::string reference = forecasts(folder, "last");
  const std::vector<std::vector<std::string>> ways{
      {"--workers", "2"}, {"--workers", "4"}, {"--isolation", "none"}, {"--isolation", "thread", "--workers", "3"}};
  for (const auto& way : ways) {
    std::vector<std::string> words{"run", "e.yaml", "--json", "--again"};
    words.insert(words.end(), way.begin(), way.end());
    INFO(way[1]);
    CHECK(metrics_of(folder.assay(words)) == first);
    CHECK(forecasts(folder, "last") == reference);
  }
  const Result again = folder.assay({"rerun", "1", "--json", "--workers", "2"});
  CHECK(again.code == 0);
  CHECK(again.json().at("same_bits") == true);
  CHECK(again.json().at("differences").empty());
}

TEST_CASE("another CPU level: rerun reports differences, or the same bits, and says what was not the same") {
  Folder folder;
  folder.write("e.yaml", small_file());
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  const Result again = folder.assay({"rerun", "last", "--isa", "plain", "--json"});
  const Json json = again.json();
  const Result compared = folder.assay({"runs", "compare", "1", "2", "--json"});
  CHECK(compared.code == 0);
  if (json.at("same_bits").get<bool>()) {
    CHECK(again.code == 0);
  } else {
    CHECK(again.code == 3);
    CHECK_THAT(json.at("differences").dump(), Catch::Contains("values differ, by up to"));
    CHECK_THAT(json.at("circumstances").dump(), Catch::Contains("plugin neural.mlp"));
    CHECK_THAT(compared.json().at("circumstances").dump(), Catch::Contains("plugin neural.mlp"));
  }
}

TEST_CASE("a finished identical run prints its stored result; --again repeats it; --quick is marked") {
  Folder folder;
  folder.write("e.yaml", small_file());
  const Result first = folder.assay({"run", "e.yaml", "--json"}), second = folder.assay({"run", "e.yaml", "--json", "--workers", "2"});
  CHECK(first.out == second.out);
  CHECK_THAT(folder.assay({"run", "e.yaml"}).out, Catch::Contains("stored result"));
  const Result again = folder.assay({"run", "e.yaml", "--again", "--json"});
  CHECK(again.json().at("run") == 2);
  CHECK(again.json().at("metrics") == first.json().at("metrics"));
  CHECK(again.json().at("ledger").at("trials") == 1);  // the same configuration
  CHECK(folder.assay({"run", "e.yaml", "--json", "--set", "model.hidden=[8]"}).json().at("ledger").at("trials") == 2);
  const Result quick = folder.assay({"run", "e.yaml", "--quick", "--json"});
  CHECK(quick.code == 0);
  CHECK(quick.json().at("quick") == true);
  CHECK(quick.json().at("folds") == 2);
  CHECK_THAT(folder.assay({"run", "e.yaml", "--quick"}).out, Catch::Contains("no result"));
  CHECK_FALSE(first.json().contains("quick"));
  const Json printed = folder.assay({"run", "e.yaml", "--set", "model.hidden=[8]", "--json"}).json();
  CHECK(printed.at("run") == 3);  // two runs began since
  CHECK(folder.assay({"runs", "show", "last", "--json"}).json() == printed);
}

TEST_CASE("exit codes and accept: 0, 1, 2, 5, with operands of baselines") {
  Folder folder;
  folder.write("e.yaml", small_file("accept: ['auc > prior.auc', 'auc.low > 0.2', 'log_loss.high < 5']\n"));
  const Result met = folder.assay({"run", "e.yaml", "--json"});
  CHECK(met.code == 0);
  const Json answer = met.json();  // a loop over a part of a temporary would outlive it
  for (const Json& a : answer.at("accept")) CHECK(a.at("met") == true);
  CHECK(met.json().at("accept")[0].at("right") == met.json().at("baselines").at("prior").at("auc").at("value"));

  folder.write("e.yaml", small_file("accept: ['auc > 0.999']\n"));
  const Result not_met = folder.assay({"run", "e.yaml", "--json"});
  CHECK(not_met.code == 5);
  CHECK(not_met.json().at("accept")[0].at("met") == false);
  CHECK(folder.assay({"run", "e.yaml"}).code == 5);  // the stored result too

  folder.write("e.yaml", small_file("acept: []\n"));
  const Result wrong = folder.assay({"run", "e.yaml", "--json"});
  CHECK(wrong.code == 1);
  CHECK(wrong.json().contains("errors"));
  CHECK(folder.assay({"run", "--no-such-option"}).code == 1);
  CHECK(folder.assay({"run", "e.yaml", "--isolation", "maybe", "--json"}).json().size() == 1);

  folder.write("d.csv", "a,y\n1,2\n");
  folder.write("e.yaml",
               "assay: 1\nname: x\nseed: 1\ndata: {source: csv, path: d.csv}\ninputs: [b]\ntarget: {column: y, task: regression}\n"
               "split: {use: holdout, test: 0.5}\nmodel: {use: linear.ridge}\nevaluate: {metrics: [rmse]}\n");
  const Result data = folder.assay({"run", "e.yaml", "--json"});
  CHECK(data.code == 2);
  CHECK_THAT(data.json().dump(), Catch::Contains("`b`"));
}

TEST_CASE("--json: one value with the promised keys and nothing else on stdout") {
  Folder folder;
  folder.write("a.yaml", small_file());
  folder.write("b.yaml", small_file("accept: ['auc > 2']\n"));
  const Json run = folder.assay({"run", "a.yaml", "--json"}).json();
  for (const char* key : {"run", "name", "status", "metrics", "baselines", "verdict", "accept"}) CHECK(run.contains(key));
  for (const char* key : {"value", "low", "high", "aggregate", "per_fold"}) CHECK(run.at("metrics").at("auc").contains(key));
  CHECK(run.at("metrics").at("auc").at("aggregate") == "mean_of_folds");
  CHECK(run.at("metrics").at("auc").at("per_fold").size() == 3);
  const Result both = folder.assay({"run", "a.yaml", "missing.yaml", "b.yaml", "--json"});
  CHECK(both.code == 1);
  REQUIRE(both.json().size() == 3);
  CHECK(both.json()[1].contains("errors"));
  CHECK(both.json()[2].at("accept")[0].at("met") == false);
  const Json checked = folder.assay({"check", "a.yaml", "b.yaml", "--json"}).json();
  CHECK(checked.size() == 2);
  CHECK(folder.assay({"check", "a.yaml", "--json"}).json().at("sound") == true);
  CHECK(folder.assay({"runs", "list", "--json"}).json().size() == 2);
  CHECK(folder.assay({"runs", "show", "1", "--json"}).json() == run);
  CHECK(folder.assay({"runs", "compare", "1", "2", "--json"}).json().contains("metrics"));
  const Result none = folder.assay({"runs", "show", "77", "--json"});
  CHECK(none.code == 1);
  CHECK(none.json().at("error").at("exit_code") == 1);
  const Result forecast_rows = folder.assay({"runs", "show", "1", "--predictions", "--json"});
  CHECK(forecast_rows.json().size() == lines_of(forecasts(folder, "1")).size() - 1);
  CHECK(folder.assay({"runs", "show", "1", "--steps", "--json"}).json()[0].contains("epoch"));
  CHECK(folder.assay({"runs", "delete", "2", "--json"}).json().at("deleted")[0] == 2);
  CHECK_FALSE(folder.assay({"plugin", "list", "--json"}).json().empty());
}

TEST_CASE("runs delete forgets the run; the ledger goes on counting it") {
  Folder folder;
  folder.write("e.yaml", small_file());
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  CHECK(folder.assay({"runs", "delete", "1"}).code == 0);
  CHECK(folder.assay({"runs", "show", "1"}).code == 1);
  CHECK(folder.assay({"runs", "list", "--json"}).json().empty());
  CHECK(folder.assay({"run", "e.yaml", "--json", "--set", "train.epochs=3"}).json().at("ledger").at("trials") == 2);
}

TEST_CASE("the final test is sealed: not shown, not scored, revealed on record") {
  Folder folder;
  folder.write("e.yaml",
               "assay: 1\nname: sealed\nseed: 7\ndata: {source: sim.market, entities: 4, days: 500, seed: 1}\ninputs: [momentum, value]\n"
               "target: {expr: 'lead(close, 1) / close - 1', task: regression}\n"
               "split: {use: walk_forward, train: 200, test: 60, final_test: 80}\n"
               "model: {use: linear.ridge}\nevaluate: {metrics: [rmse], baselines: [no_change]}\n");
  const Result ended = folder.assay({"run", "e.yaml", "--json"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  const Json run = ended.json();
  CHECK_THAT(run.at("sealed").get<std::string>(), Catch::Contains("assay reveal"));
  const std::string shown = forecasts(folder, "last");
  CHECK_THAT(shown, !Catch::Contains("final_test"));
  std::int64_t last_shown = 0;
  for (const std::string& line : lines_of(shown)) {
    const auto cells = cells_of(line);
    if (cells[0] == "model") continue;
    last_shown = std::max<std::int64_t>(last_shown, std::stoll(cells[4]));
  }
  CHECK(last_shown < 4 * (500 - 80));  // no row of the last 80 days
  CHECK_THAT(folder.assay({"runs", "show", "last"}).out, !Catch::Contains("was revealed"));
  const Result first = folder.assay({"reveal", "last", "--json"}), second = folder.assay({"reveal", "last", "--json"});
  CHECK(first.code == 0);
  CHECK(first.json().at("part") == "final_test");
  CHECK(first.json().at("reveals") == 1);
  CHECK(second.json().at("reveals") == 2);
  CHECK(first.json().at("metrics") == second.json().at("metrics"));
  CHECK(first.json().at("metrics").at("rmse").at("value") != run.at("metrics").at("rmse").at("value"));
  CHECK_THAT(folder.assay({"runs", "show", "last"}).out, Catch::Contains("final_test was revealed"));
  folder.write("n.yaml", small_file());
  REQUIRE(folder.assay({"run", "n.yaml"}).code == 0);
  CHECK(folder.assay({"reveal", "last"}).code == 1);
}

TEST_CASE("predict on the same rows gives the stored test forecasts, bit for bit") {
  Folder folder;
  SECTION("a table, with preparation, two models") {
    folder.write("d.csv", made_csv(1, 9000));  // more than one chunk of rows
    folder.write("e.yaml",
                 "assay: 1\nname: table\nseed: 7\ndata: {source: csv, path: d.csv}\ninputs: [a, b]\ntarget: {column: y, task: regression}\n"
                 "split: {use: k_fold, folds: 3}\nprepare: [{use: scale, method: standard}]\n"
                 "models: {ridge: {use: linear.ridge}, network: {use: neural.mlp, hidden: [13, 5]}}\n"
                 "train: {epochs: 2}\nevaluate: {metrics: [rmse]}\n");
    REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
    CHECK(compare_with_predict(folder, "ridge", "d.csv") == 3000);
    CHECK(compare_with_predict(folder, "network", "d.csv") == 3000);
  }
  SECTION("classes given by text, decisions too") {
    folder.write("d.csv", made_csv(1, 400));
    folder.write("e.yaml",
                 "assay: 1\nname: classes\nseed: 7\ndata: {source: csv, path: d.csv}\ninputs: [a, b]\n"
                 "target: {column: c, task: binary, positive: 'yes'}\nsplit: {use: stratified, test: 0.3}\n"
                 "model: {use: linear.logistic, l2: 1}\nevaluate: {metrics: [auc], baselines: [prior]}\n");
    const Result ended = folder.assay({"run", "e.yaml"});
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    CHECK(compare_with_predict(folder, "model", "d.csv") > 100);
    const Json rows = folder.assay({"predict", "last", "--data", "d.csv", "--json"}).json().at("rows");
    for (const Json& row : rows) CHECK(row.at("decision") == (row.at("value").get<double>() >= 0.5 ? "yes" : "no"));
  }
  SECTION("a panel with a lookback window") {
    folder.write("d.csv", made_csv(3, 200));
    folder.write("e.yaml",
                 "assay: 1\nname: panel\nseed: 7\n"
                 "data: {source: csv, path: d.csv, time: {column: date, format: '%Y-%m-%d', stamp: end}, entity: symbol}\n"
                 "features: {m: 'mean(a, 3)'}\ninputs: {columns: [a, b, m], lookback: 4}\n"
                 "target: {expr: 'lead(y, 1)', task: regression}\nsplit: {use: walk_forward, train: 80, test: 40}\n"
                 "prepare: [{use: scale, method: standard}]\nmodel: {use: neural.mlp, hidden: [8]}\ntrain: {epochs: 2}\n"
                 "evaluate: {metrics: [rmse], baselines: [no_change]}\n");
    const Result ended = folder.assay({"run", "e.yaml"});
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    CHECK(compare_with_predict(folder, "model", "d.csv") > 100);
  }
}

TEST_CASE("where no model is named, verbs about one fit take the file's first, not the alphabet's") {
  Folder folder;
  folder.write("e.yaml",
               "assay: 1\nname: two\nseed: 1\ndata: {source: sim.credit, rows: 400}\ninputs: [income, age]\n"
               "target: {column: default, task: binary}\nsplit: {use: stratified, test: 0.3}\nprepare: [{use: scale}]\n"
               "models: {zebra: {use: linear.logistic}, ant: {use: linear.logistic, l2: 5.0}}\n"
               "evaluate: {metrics: [auc], baselines: [prior]}\n");
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  CHECK_THAT(folder.assay({"export", "last", "--onnx", "first.onnx"}).out, Catch::Contains("zebra (linear.logistic"));
  CHECK_THAT(folder.assay({"export", "last", "--model", "ant", "--onnx", "other.onnx"}).out, Catch::Contains("ant (linear.logistic"));
  const Result mistaken = folder.assay({"export", "last", "--model", "zebr", "--onnx", "third.onnx"});
  CHECK(mistaken.code != 0);
  CHECK_THAT(mistaken.err, Catch::Contains("Did you mean 'zebra'?"));
}

TEST_CASE("options that would not count are refused, not passed over") {
  Folder folder;
  folder.write("e.yaml", small_file());
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  const auto refused = [&](std::vector<std::string> words, const std::string& why) {
    words.insert(words.begin(), {"runs", "show", "last"});
    const Result r = folder.assay(words);
    CHECK(r.code == 1);
    CHECK_THAT(r.err, Catch::Contains(why));
    CHECK(r.out.empty());
  };
  refused({"--trades", "--fills"}, "--trades and --fills are shown one at a time");
  refused({"--file", "--predictions"}, "--file and --predictions are shown one at a time");
  refused({"--csv"}, "none was asked for");
  refused({"--file", "--csv"}, "none was asked for");
  CHECK(folder.assay({"runs", "show", "last", "--predictions", "--csv", "--json"}).code == 1);
  refused({"--trials", "--fold", "1"}, "none was asked for");
  refused({"--predictions", "--of", "strategy"}, "none were asked for");
  CHECK(folder.assay({"schema", "--json"}).json().at("$schema").is_string());
  CHECK(folder.assay({"schema", "--json", "--markdown"}).code == 1);
}

TEST_CASE("stores that cannot be used: a clear word, no crash, nothing lost") {
  Folder folder;
  folder.write("e.yaml", small_file());
  const auto refused = [&](const Result& r, const std::string& word) {
    INFO(r.err);
    CHECK((r.code == 1 || r.code == 3));
    CHECK_THAT(r.err, Catch::Contains(word) && !Catch::Contains("fault in assay"));
  };
  refused(folder.assay({"runs", "list"}), "assay.db");
  refused(folder.assay({"run", "e.yaml", "--store", "/proc/nowhere/assay.db"}), "/proc/nowhere/assay.db");
  folder.write("words.db", "these are words and no database, and there are more than a hundred bytes of them, so that it is read as one\n");
  refused(folder.assay({"run", "e.yaml", "--store", "words.db"}), "words.db");
  CHECK(slurp(folder.path() / "words.db").substr(0, 5) == "these");
  refused(folder.assay({"runs", "list", "--store", "."}), "'.' is a folder, and a store is a file");

  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  std::string bytes = slurp(folder.path() / "assay.db");  // the header's user_version, bytes 60..63, big-endian
  bytes[60] = 0x7f;
  folder.write("newer.db", bytes);
  refused(folder.assay({"runs", "list", "--store", "newer.db"}), "newer");
  refused(folder.assay({"run", "e.yaml", "--store", "newer.db"}), "newer");
}

TEST_CASE("two processes on one run: the second says so and leaves it alone") {
  Folder folder;
  folder.write("e.yaml", small_file());
  const pid_t first = folder.start({"run", "e.yaml", "--set", "train.epochs=2000", "--set", "train.early_stopping.patience=3000"}, "first");
  Result second;
  for (int i = 0; i < 100; ++i) {
    sleep_ms(30);
    if (!fs::exists(folder.path() / "assay.db")) continue;
    if (folder.assay({"runs", "list", "--json"}).out.size() > 5) break;
  }
  second = folder.assay({"run", "e.yaml", "--set", "train.epochs=2000", "--set", "train.early_stopping.patience=3000"});
  kill(first, SIGINT);
  const Result ended = folder.wait(first, "first");
  INFO(second.err);
  REQUIRE(ended.code == 75);
  CHECK(second.code == 3);
  CHECK_THAT(second.err, Catch::Contains("another process is working on it"));
}

TEST_CASE("a full disk: a clear end, and the same command finishes the run once there is room") {
  Folder folder;
  folder.write("e.yaml", small_file());
  REQUIRE(folder.assay({"run", "e.yaml", "--store", "ref.db"}).code == 0);
  int refusals = 0;
  for (const char* blocks : {"64", "300", "450"}) {
    folder.before = std::string("trap '' XFSZ; ulimit -f ") + blocks + "; ";
    const Result full = folder.assay({"run", "e.yaml"});
    if (full.code == 0) continue;
    ++refusals;
    INFO(full.err);
    CHECK(full.code == 3);
    CHECK_THAT(full.err, !Catch::Contains("fault in assay"));
  }
  folder.before.clear();
  CHECK(refusals > 0);
  const Result ended = folder.assay({"run", "e.yaml"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  CHECK(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out ==
        folder.assay({"runs", "show", "last", "--predictions", "--csv", "--store", "ref.db"}).out);
}

TEST_CASE("on a terminal: a bar with rate and time left; elsewhere and under --json none") {
  Folder folder;
  folder.write("e.yaml", small_file());
  folder.before = "";
  const std::string command = std::string(ASSAY_PROGRAM) + " run e.yaml --set train.epochs=150 --set train.early_stopping.patience=200";
  const std::string script = "cd '" + folder.path().string() + "' && ASSAY_HOME=" + (folder.path() / "home").string() + " script -qec '" +
                             command + "' /dev/null >seen.txt 2>&1 </dev/null";
  if (std::system("command -v script >/dev/null 2>&1") != 0) return;  // util-linux is part of every Debian; without it nothing to see
  REQUIRE(std::system(script.c_str()) == 0);
  const std::string seen = slurp(folder.path() / "seen.txt");
  CHECK_THAT(seen, Catch::Contains("█") && Catch::Contains("of 9 fits") && Catch::Contains("epoch"));
  const Result plain = folder.assay({"run", "e.yaml"});
  CHECK_THAT(plain.err, !Catch::Contains("█"));
  CHECK_THAT(plain.out, !Catch::Contains("\033["));
}
