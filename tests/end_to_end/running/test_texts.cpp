// What people read: tables of stored runs, warnings, what predict says of a wrong call, help of groups of verbs.
#include <algorithm>

#include "program.hpp"
#include "support/catch.hpp"

using namespace running_test;
using Catch::Contains;

namespace {

std::string credit(const std::string& model, const std::string& more = "") {
  return "assay: 1\nname: texts\nseed: 7\ndata: {source: sim.credit, rows: 600}\ninputs: [income, home, age]\n"
         "prepare: [{use: missing}, {use: one_hot, drop: first}]\ntarget: {column: default, task: binary}\n"
         "split: {use: stratified, test: 0.3}\n" +
         model + "evaluate: {metrics: [auc, confusion], baselines: [prior]}\n" + more;
}

std::size_t times(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a stored run's tables: forecasts below one another, weights with their inputs, the four counts, a head for the list") {
  const Folder folder;
  folder.write("e.yaml", credit("model: {use: linear.logistic, l2: 0}\n"));
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);

  const auto shown = lines_of(folder.assay({"runs", "show", "last", "--predictions"}).out);
  REQUIRE(shown.size() > 100);
  const std::size_t truth = shown[0].find("truth"), value = shown[0].find("value");
  for (std::size_t i = 1; i < shown.size();
       ++i) {  // where a plain table has no time and no entity, the cells are empty and their columns stay
    CHECK(shown[i].find_first_not_of(' ', shown[0].find("known_at")) == truth);
    CHECK(shown[i].find_first_not_of(' ', truth + 5) == value);
  }
  const auto csv = lines_of(folder.assay({"runs", "show", "last", "--predictions", "--csv"}).out);
  CHECK(csv.size() == shown.size());
  CHECK(cells_of(csv[1]).size() == 10);

  const std::string text = folder.assay({"runs", "show", "last"}).out;
  CHECK_THAT(text, Contains("coefficient  standard error"));
  const auto lines = lines_of(text);
  std::vector<std::string> names;
  for (const std::string& line : lines)
    for (const char* name : {"intercept", "income", "age", "home=own", "home=rent"})
      if (line.starts_with(std::string("    ") + name + " ")) names.push_back(name);
  CHECK(names == std::vector<std::string>{"intercept", "income", "home=own", "home=rent", "age"});
  CHECK_THAT(text, !Contains("standard_errors") && Contains("deviance: "));

  const Json json = folder.assay({"runs", "compare", "last", "last", "--json"}).json();
  const Json table = folder.assay({"runs", "show", "last", "--json"}).json().at("metrics").at("confusion").at("table");
  std::size_t found = 0;
  for (const Json& line : json.at("metrics")) {
    CHECK(line.at("metric") != "confusion");
    const auto metric = line.at("metric").get<std::string>();
    if (line.at("model") != "model" || !metric.starts_with("confusion.")) continue;
    CHECK(line.at("values").at(0) == table.at(metric.substr(10)));
    ++found;
  }
  CHECK(found == 4);
  CHECK_THAT(folder.assay({"runs", "compare", "last", "last"}).out, Contains("model confusion.true_negatives"));
  CHECK_THAT(lines_of(folder.assay({"runs", "list"}).out).at(0),
             Contains("run  name") && Contains("status") && Contains("started") && Contains("first metric"));
}

TEST_CASE("weights that a penalty shrinks have no standard errors, those of several classes a line each") {
  const Folder folder;
  folder.write("e.yaml", credit("model: {use: linear.logistic, l2: 1}\n"));
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  CHECK_THAT(folder.assay({"runs", "show", "last"}).out, Contains("input       coefficient\n"));
  std::string three = credit("model: {use: linear.logistic, l2: 0}\n");
  three.replace(three.find("inputs: [income, home, age]"), 27, "inputs: [income, age]");
  three.replace(three.find("{use: missing}, {use: one_hot, drop: first}"), 43, "{use: missing}");
  three.replace(three.find("column: default, task: binary"), 29, "column: home, task: multiclass");
  three.replace(three.find("metrics: [auc, confusion]"), 25, "metrics: [log_loss]");
  folder.write("three.yaml", three);
  const Result ran = folder.assay({"run", "three.yaml"});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  const std::string text = folder.assay({"runs", "show", "last"}).out;
  for (const char* term : {"intercept, output 1", "income, output 2", "age, output 1"}) CHECK_THAT(text, Contains(term));
}

TEST_CASE("the best possible AUC is told of all rows, and of the test rows beside the result") {
  const Folder folder;
  folder.write("e.yaml", credit("model: {use: linear.logistic}\n"));
  const Result ran = folder.assay({"run", "e.yaml"});
  CHECK_THAT(ran.out, Contains("over all 600 rows the best possible AUC is"));
  const Json best = folder.assay({"run", "e.yaml", "--json"}).json().at("best_possible");
  char words[80];
  std::snprintf(words, sizeof words, "an AUC of %.5f on these test rows", best.at("auc").get<double>());
  CHECK_THAT(ran.out, Contains(words));
}

TEST_CASE("what counts in epochs alone is a warning where every model is fitted at once, and a run says it once") {
  const Folder folder;
  folder.write("e.yaml", credit("model: {use: linear.logistic}\ntrain: {epochs: 3, repeats: 4}\n"));
  const Result ran = folder.assay({"run", "e.yaml"});
  CHECK(ran.code == 0);
  for (const char* key : {"train.epochs", "train.repeats"}) {
    CHECK(times(ran.err, std::string("warning: '") + key + "' does nothing: linear.logistic is fitted at once") == 1);
    CHECK(ran.out.find(key) == std::string::npos);
  }
  CHECK(folder.assay({"run", "e.yaml"}).out.find("does nothing") == std::string::npos);  // the stored result
  CHECK_THAT(folder.assay({"runs", "show", "last"}).out, Contains("'train.epochs' does nothing"));
  folder.write("both.yaml", credit("models: {a: {use: linear.logistic}, b: {use: neural.mlp}}\ntrain: {epochs: 3, repeats: 4}\n"));
  CHECK(folder.assay({"check", "both.yaml"}).err.find("does nothing") == std::string::npos);
  folder.write("usual.yaml", credit("model: {use: linear.logistic}\ntrain: {epochs: 10}\n"));
  CHECK(folder.assay({"check", "usual.yaml"}).err.empty());
}

TEST_CASE("check --json of a sound file holds its warnings and notes") {
  const Folder folder;
  folder.write("e.yaml", credit("model: {use: linear.logistic}\ntrain: {epochs: 3}\n"));
  const Json json = folder.assay({"check", "e.yaml", "--json"}).json();
  CHECK(json.at("sound") == true);
  REQUIRE(json.at("warnings").size() == 1);
  const Json& warning = json.at("warnings").at(0);
  CHECK(warning.at("severity") == "warning");
  CHECK(warning.at("key") == "train.epochs");
  CHECK(warning.at("line") == 10);
  CHECK(warning.at("column") == 9);
  REQUIRE(json.at("notes").size() == 1);
  CHECK(json.at("notes").at(0).at("severity") == "note");
  CHECK_THAT(json.at("notes").at(0).at("message").get<std::string>(), Contains("best possible AUC"));
}

TEST_CASE("forecasts that are one number for every row are told in the verdict") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", PROBE_PLUGINS);
  folder.write("e.yaml",
               "assay: 1\nname: constant\nseed: 7\ndata: {source: sim.market, entities: 3, days: 200, seed: 1}\ninputs: [momentum, value]\n"
               "target: {expr: 'lead(close, 1) / close - 1', task: regression}\nsplit: {use: walk_forward, train: 80, test: 40}\n"
               "models: {flat: {use: probe.counts_rows}, ridge: {use: linear.ridge}}\nevaluate: {metrics: [rmse]}\n");
  const Json models = folder.assay({"run", "e.yaml", "--json"}).json().at("models");
  CHECK_THAT(models.at("flat").at("verdict").get<std::string>(), Contains("warning: it forecasts the same for every row"));
  CHECK_THAT(models.at("ridge").at("verdict").get<std::string>(), !Contains("warning"));
}

TEST_CASE("predict names all columns that lack, and says what there is of models, folds and repeats") {
  const Folder folder;
  folder.write("e.yaml", credit("models: {first: {use: linear.logistic}, second: {use: linear.logistic, l2: 1}}\n"));
  REQUIRE(folder.assay({"run", "e.yaml"}).code == 0);
  folder.write("n.csv", "income,hom,something\n1,own,2\n");
  const Result lacks = folder.assay({"predict", "last", "--data", "n.csv"});
  CHECK(lacks.code == 2);
  CHECK_THAT(lacks.err, Contains("there are no columns `age`, `home`") && Contains("did you mean hom for home?"));
  folder.write("one.csv", "income,home\n1,own\n");  // `home` is an input itself
  CHECK_THAT(folder.assay({"predict", "last", "--data", "one.csv"}).err,
             Contains("there is no column `age`") && !Contains("did you mean") && Contains("the columns are: income, home"));
  folder.write("good.csv", "income,home,age\n1000,own,40\n");
  const auto refused = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"predict", "last", "--data", "good.csv"};
    words.insert(words.end(), more.begin(), more.end());
    const Result ended = folder.assay(words);
    CHECK(ended.code == 1);
    return ended.err;
  };
  CHECK_THAT(refused({"--model", "secund"}), Contains("it has no model 'secund'. Did you mean 'second'?"));
  CHECK_THAT(refused({"--model", "zzz"}), Contains("It has first, second"));
  CHECK_THAT(refused({"--fold", "9"}), Contains("it has no finished fit of fold 9. It has those of --fold 1"));
  CHECK_THAT(refused({"--repeat", "3"}), Contains("it has no repeat 3. It has --repeat 1"));
  CHECK(folder.assay({"predict", "last", "--data", "good.csv", "--model", "second"}).code == 0);
}

TEST_CASE("a plugin's words do not steer the terminal") {
  Folder folder;
  folder.set("ASSAY_PLUGIN_PATH", PROBE_PLUGINS);
  folder.write("e.yaml", credit("model: {use: probe.never_begins}\n"));
  const Result ran = folder.assay({"run", "e.yaml"});
  CHECK(ran.code == 3);
  for (const std::string& text : {ran.err, folder.assay({"check", "e.yaml"}).err, folder.assay({"runs", "show", "last"}).out}) {
    CHECK_THAT(text, Contains("\\x1b[31mnot\\x1b[0m with 4 inputs"));
    CHECK(text.find('\033') == std::string::npos);
  }
}

TEST_CASE("groups of verbs have help with an example") {
  const Folder folder;
  for (const char* group : {"runs", "plugin", "data", "sweep"}) {
    const Result help = folder.assay({group, "--help"});
    CHECK(help.code == 0);
    CHECK_THAT(help.out,
               Contains(std::string("Usage: assay ") + group + " VERB") && Contains(std::string("\nExample:\n  assay ") + group + " "));
  }
  const Result wrong = folder.assay({"runs", "lst"});
  CHECK(wrong.code == 1);
  CHECK(wrong.err.find("Example") == std::string::npos);
}
