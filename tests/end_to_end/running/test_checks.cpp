// What `check` and `run` say of sound-looking files: warnings with place and mend, and mistakes of later stages beside earlier ones.
#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;
using Catch::Contains;

namespace {

// 100 rows of x (numbers but for what is planted), a colour, and a target.
std::string table(const std::string& planted, int at_row) {
  std::string csv = "x,colour,y\n";
  for (int row = 1; row <= 100; ++row)
    csv += (row == at_row ? planted : std::to_string(row * 7 % 13)) + (row % 3 == 0 ? ",red," : ",blue,") + std::to_string(row % 11) + "\n";
  return csv;
}

std::string file_on(const std::string& inputs, const std::string& more = "") {
  return "assay: 1\nname: warned\nseed: 7\ndata: {source: csv, path: d.csv}\ninputs: [" + inputs +
         "]\ntarget: {column: y, task: regression}\nsplit: {use: holdout, test: 0.5}\nmodel: {use: linear.ridge}\n"
         "evaluate: {metrics: [rmse]}\n" +
         more;
}

}  // namespace

TEST_CASE("one stray cell that makes text of a column of numbers is named with its row, by check and by run") {
  const std::string cell = GENERATE("abc", "1e999");
  const Folder folder;
  folder.write("d.csv", table(cell, 17));
  folder.write("e.yaml", file_on("x"));
  const Result checked = folder.assay({"check", "e.yaml"});
  CHECK(checked.code == 0);
  CHECK_THAT(checked.err, Contains("warning: column 'x' became text because of row 17, '" + cell + "' (1 of 100 cells are no numbers)"));
  CHECK_THAT(checked.err, Contains("data.missing: [\"" + cell + "\"]"));
  const Result ran = folder.assay({"run", "e.yaml", "--json"});
  REQUIRE(ran.code == 0);
  CHECK_THAT(ran.err, Contains("became text because of row 17"));
  CHECK_THAT(ran.json().at("notes").dump(), Contains("became text because of row 17"));
  folder.write("mended.yaml", file_on("x", "prepare: [{use: missing}]\n"));
  CHECK(folder.assay({"check", "mended.yaml", "--set", "data.missing=['" + cell + "']"}).err.empty());
}

TEST_CASE("a text input without one_hot is named; with one_hot, or not among the inputs, nothing is said") {
  const Folder folder;
  folder.write("d.csv", table("5", 1));
  folder.write("e.yaml", file_on("x, colour"));
  const Result checked = folder.assay({"check", "e.yaml"});
  CHECK(checked.code == 0);
  CHECK_THAT(checked.err,
             Contains("e.yaml:5:") && Contains("warning: the input 'colour' is text (row 1: 'blue')") && Contains("its 2 levels"));
  CHECK_THAT(checked.err, !Contains("'x'"));
  folder.write("hot.yaml", file_on("x, colour", "prepare: [{use: one_hot}]\n"));
  CHECK(folder.assay({"check", "hot.yaml"}).err.empty());
  folder.write("other.yaml", file_on("x, colour", "prepare: [{use: one_hot, columns: [x]}]\n"));
  CHECK_THAT(folder.assay({"check", "other.yaml"}).err, Contains("the input 'colour' is text"));
  folder.write("out.yaml", file_on("x"));
  CHECK(folder.assay({"check", "out.yaml"}).err.empty());
  // Named as a category on purpose: still codes, but no cell is to blame.
  CHECK_THAT(folder.assay({"check", "out.yaml", "--set", "data.categorical=[x]"}).err, Contains("the input 'x' is text"));
}

TEST_CASE("a time or memory limit that nothing holds a fit to is a warning with its place") {
  const Folder folder;
  folder.write("d.csv", table("5", 1));
  folder.write("e.yaml", file_on("x", "resources: {isolation: thread, timeout: 5min, memory: 2GB}\n"));
  for (const char* verb : {"check", "run"}) {
    const Result ended = folder.assay({verb, "e.yaml"});
    CHECK(ended.code == 0);
    CHECK_THAT(ended.err, Contains("e.yaml:10:41: warning: with isolation: thread nothing holds a fit to 'resources.timeout'"));
    CHECK_THAT(ended.err, Contains("e.yaml:10:55: warning: with isolation: thread nothing holds a fit to 'resources.memory'"));
  }
  CHECK(folder.assay({"run", "e.yaml", "--again", "--isolation", "process"}).err.find("warning") == std::string::npos);
  CHECK_THAT(folder.assay({"run", "e.yaml", "--again", "--isolation", "none"}).err, Contains("with isolation: none nothing holds"));
}

TEST_CASE("data that are not there are a fault of the data; with a fault of the file beside it, of the file") {
  const Folder folder;
  folder.write("e.yaml", file_on("x"));
  CHECK(folder.assay({"check", "e.yaml"}).code == 2);
  CHECK(folder.assay({"run", "e.yaml"}).code == 2);
  CHECK(folder.assay({"check", "e.yaml", "--set", "seed=-1"}).code == 1);
}

TEST_CASE("every call for forecasts has the same number of rows, whoever asks for however many") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", PROBE_PLUGINS);
  folder.write("d.csv", table("5", 1));
  folder.write(
      "e.yaml",
      "assay: 1\nname: chunks\nseed: 7\ndata: {source: csv, path: d.csv}\ninputs: [x]\n"
      "target: {column: y, task: regression}\nsplit: {use: by_rule, test: 'row < 30 or row >= 97', validation: 'row == 50 or row == 51'}\n"
      "model: {use: probe.counts_rows}\nevaluate: {metrics: [rmse]}\n");
  const Result ended = folder.assay({"run", "e.yaml"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  const auto lines = lines_of(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out);
  std::string size;
  int seen = 0;
  for (const std::string& line : lines) {
    const auto cells = cells_of(line);
    if (cells[0] != "model") continue;
    if (cells[1] == "fold") continue;  // the header
    if (size.empty()) size = cells[9];
    CHECK(cells[9] == size);
    ++seen;
  }
  CHECK(seen > 33);
}

TEST_CASE("check begins every model on what it would learn, and its refusal stands at its place") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", PROBE_PLUGINS);
  const std::string head =
      "assay: 1\nname: begins\nseed: 7\ndata: {source: sim.credit, rows: 400}\ninputs: [home, income, age]\n"
      "prepare: [{use: missing}, {use: one_hot}]\ntarget: {column: default, task: binary}\n"
      "split: {use: stratified, test: 0.3, validation: 0.3}\ntrain: {class_weight: [1, 4], batch_size: 16}\n"
      "evaluate: {metrics: [auc], baselines: [prior]}\n";
  folder.write("e.yaml", head +
                             "models:\n  good: {use: neural.mlp}\n  refuses: {use: probe.never_begins}\n"
                             "  dies: {use: probe.never_begins, dies: true}\n  mse: {use: neural.mlp, loss: mse}\n");
  for (const char* isolation : {"process", "none"}) {
    const Result checked = folder.assay({"check", "e.yaml", "--set", std::string("resources.isolation=") + isolation});
    INFO(checked.err);
    CHECK(checked.code == 1);
    CHECK_THAT(
        checked.err,
        Contains("e.yaml:13:12: error: probe.never_begins does not begin: \\x1b[31mnot\\x1b[0m with 5 inputs, 1 outputs, batches of 16 "
                 "and weights 1 4"));
    CHECK_THAT(checked.err, Contains("e.yaml:14:9: error: probe.never_begins does not begin: ") && Contains("SIGABRT"));
    CHECK_THAT(checked.err, Contains("e.yaml:15:8: error: neural.mlp does not begin: loss mse is for regression"));
    CHECK_THAT(checked.err, !Contains("e.yaml:12:"));
  }
  CHECK(folder.assay({"check", "e.yaml", "--no-data"}).code == 0);
  // Values that a search draws are its trials' own matter.
  folder.write("searched.yaml", head +
                                    "model: {use: neural.mlp, loss: mse}\nsearch:\n  use: random\n  trials: 2\n"
                                    "  objective: {metric: auc}\n  space: {model.loss: {choices: [mse, cross_entropy]}}\n");
  CHECK(folder.assay({"check", "searched.yaml"}).code == 0);
}

TEST_CASE("early stopping with a model that cannot be kept is a mistake of the file") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", PROBE_PLUGINS);
  folder.write("d.csv", table("5", 1));
  folder.write("e.yaml",
               "assay: 1\nname: forgets\nseed: 7\ndata: {source: csv, path: d.csv}\ninputs: [x]\n"
               "target: {column: y, task: regression}\nsplit: {use: holdout, test: 0.3, validation: 0.3}\n"
               "model: {use: probe.forgets}\ntrain: {early_stopping: {metric: rmse}}\nevaluate: {metrics: [rmse]}\n");
  const Result checked = folder.assay({"check", "e.yaml", "--no-data"});
  CHECK(checked.code == 1);
  CHECK_THAT(checked.err, Contains("probe.forgets cannot save its state"));
  CHECK(folder.assay({"run", "e.yaml", "--set", "train.early_stopping=null"}).code == 0);
}

TEST_CASE("a file with `models:` keeps its results under their names, even where one model is left") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", PROBE_PLUGINS);
  folder.write("d.csv", table("5", 1));
  const std::string head =
      "assay: 1\nname: many\nseed: 7\ndata: {source: csv, path: d.csv}\ninputs: [x]\ntarget: {column: y, task: regression}\n"
      "split: {use: holdout, test: 0.5}\nevaluate: {metrics: [rmse]}\n";
  folder.write("flag", "");
  folder.write("e.yaml", head + "models: {dies: {use: probe.second_try, flag: '" + (folder.path() / "flag").string() +
                             "'}, ridge: {use: linear.ridge}}\n");
  const Result partly = folder.assay({"run", "e.yaml", "--json"});
  CHECK(partly.code == 3);
  CHECK(partly.json().at("models").at("ridge").at("metrics").contains("rmse"));
  folder.write("one.yaml", head + "models: {ridge: {use: linear.ridge}}\n");
  CHECK(folder.assay({"run", "one.yaml", "--json"}).json().at("models").contains("ridge"));
  CHECK(folder.assay({"run", "one.yaml"}).code == 0);  // as text too
}

TEST_CASE("compare keeps its lines short, shows whole names and says where other rows were scored") {
  const Folder folder;
  folder.write("d.csv", table("5", 1));
  for (int i = 0; i < 6; ++i) {
    std::string text = file_on("x");
    text.replace(text.find("warned"), 6, "a-run-with-a-rather-long-name-" + std::to_string(i));
    if (i == 5) text.replace(text.find("test: 0.5"), 9, "test: 0.3");
    folder.write("e.yaml", text);
    REQUIRE(folder.assay({"run", "e.yaml", "--again"}).code == 0);
  }
  const Result compared = folder.assay({"runs", "compare", "1", "2", "3", "4", "5", "6"});
  for (const std::string& line : lines_of(compared.out)) CHECK((line.size() <= 100 || line.starts_with("not the same")));
  CHECK_THAT(compared.out, Contains("a-run-with-a-rather-long-name-5 (6)"));
  CHECK_THAT(compared.out, Contains("scored rows: 100.00 % of 50 against 100.00 % of 30"));
}

TEST_CASE("a difference from a baseline that was scored on other rows says so") {
  const Folder folder;
  std::string csv = "x,y\n";
  for (int row = 1; row <= 100; ++row) csv += (row % 10 == 0 ? "" : std::to_string(row * 7 % 13)) + "," + std::to_string(row % 11) + "\n";
  folder.write("d.csv", csv);
  std::string text = file_on("x");
  text.replace(text.find("metrics: [rmse]"), 15, "metrics: [rmse], baselines: [historical_mean]");
  folder.write("e.yaml", text);
  CHECK_THAT(folder.assay({"run", "e.yaml"}).out, Contains("other rows than the model's: historical_mean 100.00 %"));
  folder.write("filled.yaml", text + "prepare: [{use: missing}]\n");
  CHECK_THAT(folder.assay({"run", "filled.yaml"}).out, !Contains("other rows"));
}

TEST_CASE("a mistake of the split is told beside one of the preparation, and a target's stands under its column") {
  const Folder folder;
  folder.write("d.csv", table("5", 1));
  std::string text = file_on("x", "prepare: [{use: scale, columns: [nowhere]}]\n");
  text.replace(text.find("use: holdout, test: 0.5"), 23, "use: by_rule, test: 'x > 1000'");
  folder.write("e.yaml", text);
  const Result both = folder.assay({"check", "e.yaml"});
  CHECK(both.code == 2);
  CHECK_THAT(both.err, Contains("no input is called or matches `nowhere`") && Contains("e.yaml:7:"));
  folder.write("t.yaml", file_on("x"));
  CHECK_THAT(folder.assay({"check", "t.yaml", "--set", "target.column=colour"}).err, Contains("is text"));
  std::string target = file_on("x");
  target.replace(target.find("column: y"), 9, "column: colour");
  folder.write("c.yaml", target);
  CHECK_THAT(folder.assay({"check", "c.yaml"}).err, Contains("c.yaml:6:18: error: the target `colour` is text"));
}

TEST_CASE("faulty expressions are told without the data, and once where there are data") {
  const Folder folder;
  folder.write("d.csv", table("5", 1));
  folder.write("e.yaml",
               "assay: 1\nname: faulty\nseed: 7\ndata: {source: csv, path: d.csv}\nfeatures: {f: 'log(x', g: 'sqroot(f)'}\n"
               "target: {expr: 'lead(y', task: regression}\nsplit: {use: by_rule, test: 'row %% 2'}\nmodel: {use: linear.ridge}\n");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"check", "e.yaml", "--no-data"}, {"check", "e.yaml"}, {"run", "e.yaml"}}) {
    const Result checked = folder.assay(words);
    INFO(checked.err);
    CHECK(checked.code == 1);
    for (const char* place : {"e.yaml:5:", "e.yaml:6:", "e.yaml:7:"}) CHECK_THAT(checked.err, Contains(place));
    const auto lines = lines_of(checked.err);
    CHECK(std::count_if(lines.begin(), lines.end(), [](const std::string& line) { return line.find("error: ") != line.npos; }) == 4);
  }
}

TEST_CASE("what is wrong with new data is told of their file, not of the stored experiment") {
  Folder folder;
  folder.write("d.csv", table("5", 1));
  folder.write("e.yaml",
               "assay: 1\nname: new\nseed: 7\ndata: {source: csv, path: d.csv}\nfeatures: {f: 2 * x}\ninputs: [f]\n"
               "target: {column: y, task: regression}\nsplit: {use: holdout, test: 0.5}\nmodel: {use: linear.ridge}\n"
               "evaluate: {metrics: [rmse]}\n");
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  const Result nowhere = folder.assay({"predict", "last", "--data", "nofile.csv"});
  CHECK(nowhere.code == 2);
  CHECK_THAT(nowhere.err, Contains("there is no file nofile.csv"));
  folder.write("ragged.csv", "x,y\n1,2\n3\n");
  folder.write("other.csv", "z,y\n1,2\n");
  for (const auto& [file, word] : {std::pair{"ragged.csv", "line 3: "}, {"other.csv", "there is no column `x`"}}) {
    const Result refused = folder.assay({"predict", "last", "--data", file});
    INFO(refused.err);
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, Contains(std::string(file) + ": error: " + word) && !Contains("resolved.yaml"));
  }
}

TEST_CASE("with time, a target that says nothing of when it is known is a warning") {
  const Folder folder;
  folder.write("e.yaml",
               "assay: 1\nname: known\nseed: 7\ndata: {source: sim.market, entities: 3, days: 300, seed: 1}\ninputs: [momentum, value]\n"
               "target: {expr: 'close / open - 1', task: regression}\nsplit: {use: walk_forward, train: 100, test: 60}\n"
               "model: {use: linear.ridge}\nevaluate: {metrics: [rmse]}\n");
  const Result silent = folder.assay({"check", "e.yaml"});
  CHECK(silent.code == 0);
  CHECK_THAT(silent.err, Contains("e.yaml:6:") && Contains("warning: the target has neither lead() nor a horizon"));
  CHECK(folder.assay({"check", "e.yaml", "--set", "target.horizon=0"}).err.find("neither lead()") == std::string::npos);
}
