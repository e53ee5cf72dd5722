#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

#include "base/error.hpp"
#include "config/diagnostics_printer.hpp"
#include "config/experiment_reader.hpp"
#include "config/json_schema.hpp"
#include "support/catch.hpp"
#include "unit/config/fake_catalogue.hpp"

using namespace assay;
using namespace assay::config;
namespace fs = std::filesystem;

namespace {

const test::FakeCatalogue kCatalogue;

struct Result {
  std::optional<Experiment> experiment;
  std::string text;
};

Result attempt(const std::string& yaml, std::vector<std::string> sets = {}, bool with_catalogue = true) {
  ReadOptions options;
  options.sets = std::move(sets);
  options.catalogue = with_catalogue ? &kCatalogue : nullptr;
  options.check_paths = false;
  options.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "EPOCHS") return "12";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  Diagnostics diagnostics;
  Result result;
  result.experiment = read_experiment_text(yaml, "folder/file.yaml", options, diagnostics);
  result.text = diagnostics_text(diagnostics);
  return result;
}

Experiment good(const std::string& yaml, std::vector<std::string> sets = {}) {
  Result result = attempt(yaml, std::move(sets));
  INFO(result.text);
  REQUIRE(result.experiment);
  return std::move(*result.experiment);
}

const std::string kSmall = R"(assay: 1
data: {source: sim.credit}
target: {column: default, task: binary}
split: {use: stratified}
model: {use: logistic}
)";

const std::string kMarket = R"(assay: 1
name: weekly
seed: 7
data:
  source: csv
  path: ../prices.csv.gz
  time: {column: date, format: "%Y-%m-%d", stamp: start, bar: 1d}
  entity: symbol
  columns: [open, high, low, close, volume]
  adjustment: {kind: total, factor_column: volume}
features:
  ret_1:  close / lag(close, 1) - 1
  rsi:    {use: rsi, window: 20}
inputs: {columns: [ret_1, rsi], lookback: 30}
target: {expr: "lead(close, 6) / lead(open, 1) - 1", task: regression, horizon: 6d}
split: {use: walk_forward, train: 3y, validation: 6mo, test: 26w, final_test: 12mo, expanding: true}
prepare:
  - {use: missing, method: forward_fill, limit: 3}
  - {use: scale, by: time}
models:
  small: {use: neural.mlp, hidden: [8], learning_rate: 1}
  ridge: {use: linear.ridge}
train: {epochs: "${EPOCHS}", batch_size: 256, early_stopping: {metric: rank_ic, patience: 3}, repeats: 5}
evaluate: {metrics: [rmse, {use: rank_ic}], confidence: 0.9, segments: [symbol]}
accept: ["small.rank_ic.low > 0", "rmse < ridge.rmse"]
resources: {workers: 4, timeout: 10min, memory: 2GB}
)";

}  // namespace

TEST_CASE("defaults in the declarations are those of the structs") {
  const Experiment e = good(kSmall);
  const Experiment blank;
  CHECK(e.name == "file");
  CHECK(e.seed == blank.seed);
  CHECK(e.train.epochs == blank.train.epochs);
  CHECK(e.train.batch_size == blank.train.batch_size);
  CHECK(e.train.repeats == blank.train.repeats);
  CHECK(e.train.schedule.kind == blank.train.schedule.kind);
  CHECK(e.train.refit == blank.train.refit);
  CHECK(e.train.shuffle == blank.train.shuffle);
  CHECK(e.evaluate.threshold.fixed == blank.evaluate.threshold.fixed);
  CHECK(e.evaluate.confidence == blank.evaluate.confidence);
  CHECK(e.resources.workers == blank.resources.workers);
  CHECK(e.resources.isolation == blank.resources.isolation);
  CHECK(e.resources.memory_bytes == 0);
  CHECK(e.data.point_in_time == blank.data.point_in_time);
  CHECK(e.data.adjustment_kind == blank.data.adjustment_kind);
  CHECK(e.inputs.all);
  CHECK(e.split.test_fraction == 0.2);
  CHECK_FALSE(e.split.validation_fraction);
  REQUIRE(e.data.params.size() == 6);
  CHECK(e.data.params[0] == std::pair<std::string, Value>{"rows", Value{std::int64_t{30'000}}});
}

TEST_CASE("usual metrics and baselines stand in where the file names none") {
  const Experiment e = good(kSmall);
  std::vector<std::string> ids;
  for (const auto& metric : e.evaluate.metrics) ids.push_back(metric.id);
  CHECK(ids == std::vector<std::string>{"classification.auc", "classification.log_loss", "classification.brier"});
  REQUIRE(e.evaluate.baselines.size() == 1);  // logistic is the model itself
  CHECK(e.evaluate.baselines[0].id == "baseline.prior");
  CHECK(good(kSmall, {"model.use=neural.mlp"}).evaluate.baselines.size() == 2);
}

TEST_CASE("a full file arrives whole") {
  const Experiment e = good(kMarket);
  CHECK(e.name == "weekly");
  CHECK(e.seed == 7);
  CHECK(e.data.path == (fs::current_path() / "prices.csv.gz").lexically_normal());
  CHECK(e.data.path_as_written == "../prices.csv.gz");
  REQUIRE(e.data.time);
  CHECK(e.data.time->bar->ns == kNsPerDay);
  CHECK(e.data.time->stamp == "start");
  CHECK(e.data.columns.size() == 5);
  CHECK(e.data.key_places.at("columns.2").line == 9);
  CHECK(e.data.factor_column == "volume");
  REQUIRE(e.features.size() == 2);
  CHECK(e.features[0].expression == "close / lag(close, 1) - 1");
  CHECK(e.features[1].component->id == "technical.rsi");
  CHECK(e.features[1].component->params == Map{{"price", Value{std::string("close")}}, {"window", Value{std::int64_t{20}}}});
  CHECK(e.inputs.patterns == std::vector<std::string>{"ret_1", "rsi"});
  CHECK(e.inputs.lookback == 30);
  CHECK(e.target.horizon->ns == 6 * kNsPerDay);
  CHECK(e.split.train->months == 36);
  CHECK(e.split.test->ns == 26 * 7 * kNsPerDay);
  CHECK(e.split.step == e.split.test);
  CHECK(e.split.expanding);
  CHECK(e.split.final_test->months == 12);
  REQUIRE(e.models.size() == 2);
  CHECK(e.has_models_map);
  CHECK(e.models[0].first == "small");
  CHECK(*find(e.models[0].second.params, "hidden") == Value{List{Value{std::int64_t{8}}}});
  CHECK(*find(e.models[0].second.params, "learning_rate") == Value{1.0});  // a whole number for a real
  CHECK(find(e.models[0].second.params, "momentum") != nullptr);           // all parameters, also those that do not count now
  CHECK(e.train.epochs == 12);
  CHECK(e.train.early_stopping->patience == 3);
  CHECK(e.evaluate.confidence == 0.9);
  CHECK(e.evaluate.metrics[1].id == "regression.rank_ic");
  CHECK(e.accept[0].left == "small.rank_ic.low");
  CHECK(e.accept[0].op == ">");
  CHECK(e.accept[1].right == "ridge.rmse");
  CHECK(e.resources.workers == 4);
  CHECK(e.resources.memory_bytes == 2'000'000'000);
  CHECK(e.resources.timeout->ns == 600 * kNsPerSecond);
}

TEST_CASE("the resolved text gives the experiment back, and only what changes results moves it") {
  for (const std::string& yaml : {kSmall, kMarket}) {
    const Experiment e = good(yaml);
    const Experiment back = experiment_from_resolved(e.resolved, e.file.parent_path(), e.name, &kCatalogue);
    CHECK(back.resolved == e.resolved);
    CHECK(back.name == e.name);
    CHECK(back.data.path == e.data.path);
    CHECK(back.models.size() == e.models.size());
    CHECK(good(yaml, {"resources.workers=2", "name=other"}).resolved == e.resolved);
    CHECK(good(yaml, {"seed=99"}).resolved != e.resolved);
    CHECK(configuration_text(good(yaml, {"seed=99"})) == configuration_text(e));
    CHECK(good(yaml, {"train.epochs=11"}).resolved != e.resolved);
  }
  CHECK(good(kSmall + "train: {epochs: 10}\n").resolved == good(kSmall).resolved);  // a default written out is the same experiment
  CHECK_THROWS_AS(experiment_from_resolved("assay: 1\n", ".", "x", &kCatalogue), Error);
}

TEST_CASE("variations are the experiments that --set gives, each from the same beginning") {
  const Experiment e = good(kSmall);
  const Variations variations(e, kCatalogue);
  const auto with = [&](std::vector<std::pair<std::string, std::string>> values) {
    Diagnostics diagnostics;
    return variations.with(values, diagnostics);
  };
  CHECK(with({{"train.epochs", "11"}, {"seed", "3"}})->resolved == good(kSmall, {"train.epochs=11", "seed=3"}).resolved);
  CHECK(with({{"train.batch_size", "64"}})->resolved == good(kSmall, {"train.batch_size=64"}).resolved);
  CHECK(with({})->resolved == e.resolved);
  CHECK(with({})->file == e.file);
  const Experiment panel = good(kMarket);
  Diagnostics diagnostics;
  CHECK(Variations(panel, kCatalogue).with({}, diagnostics)->data.path == panel.data.path);
  CHECK_FALSE(with({{"train.epochs", "0"}}));
  CHECK(with({})->resolved == e.resolved);
}

TEST_CASE("a text that looks like a variable survives the way through the store") {
  const Experiment e = good(kMarket, {"target.expr=\"$${close} + 1\""});
  CHECK(e.target.expression == "${close} + 1");
  CHECK(experiment_from_resolved(e.resolved, ".", "x", &kCatalogue).target.expression == "${close} + 1");
}

TEST_CASE("environment variables fill scalars, and their type is what they hold") {
  CHECK(good(kSmall + "train: {epochs: \"${EPOCHS}\"}\n").train.epochs == 12);
  CHECK(good(kSmall + "train:\n  epochs: ${NONE:-4}${EMPTY}\n").train.epochs == 4);
  CHECK(good(kSmall + "name: a ${EMPTY:-b} c\n").name == "a b c");
  CHECK(good(kSmall + "name: \"$${EPOCHS}\"\n").name == "${EPOCHS}");
}

TEST_CASE("settings reach maps, lists and new sections; null takes away") {
  CHECK(good(kMarket, {"prepare.0.limit=9"}).prepare[0].params[2].second == Value{std::int64_t{9}});
  CHECK(good(kSmall, {"train.early_stopping.metric=auc", "split.validation=0.1"}).train.early_stopping->metric == "auc");
  CHECK_FALSE(good(kMarket, {"train.early_stopping=null"}).train.early_stopping);
  CHECK(good(kMarket, {"models={only: {use: linear.ridge}}", "accept=null"}).models.size() == 3);  // maps merge
  CHECK(good(kSmall, {"model.use=neural.mlp", "model.hidden=[3, 4]"}).models[0].second.id == "neural.mlp");
  CHECK(attempt(kSmall, {"train.epochs=x=y"}).text.find("--set:1:14: error: 'train.epochs' must be a whole number, not the text 'x=y'") !=
        std::string::npos);
}

TEST_CASE("files extend files; each value keeps its own file and folder") {
  const fs::path folder = fs::temp_directory_path() / ("assay_extends_" + std::to_string(::getpid()));
  fs::create_directories(folder / "base");
  const auto write = [&](const char* name, const std::string& text) { std::ofstream(folder / name) << text; };
  write("base/data.csv", "x,y\n1,2\n");
  write("base/low.yaml",
        "assay: 1\ndata: {source: csv, path: data.csv, drop: [a, b]}\ntarget: {column: y, task: regression}\nsplit: {use: k_fold, folds: "
        "3}\n");
  write("base/mid.yaml", "extends: low.yaml\nmodel: {use: neural.mlp, hidden: [4], bias: false}\ntrain: {epochs: 2, repeats: 2}\n");
  write("top.yaml",
        "extends: base/mid.yaml\ndata: {drop: [c]}\nsplit: {use: holdout}\nmodel: {hidden: [5]}\ntrain: {repeats: null, epochs: 3}\n");
  ReadOptions options;
  options.catalogue = &kCatalogue;
  Diagnostics diagnostics;
  const auto e = read_experiment(folder / "top.yaml", options, diagnostics);
  INFO(diagnostics_text(diagnostics));
  REQUIRE(e);
  CHECK(e->data.path == folder / "base/data.csv");
  CHECK(e->resolved.find("path: base/data.csv") != std::string::npos);
  CHECK(e->data.drop == std::vector<std::string>{"c"});  // lists replace
  CHECK(e->split.use == "holdout");                      // another component replaces, its folds are gone
  CHECK(*find(e->models[0].second.params, "hidden") == Value{List{Value{std::int64_t{5}}}});
  CHECK(*find(e->models[0].second.params, "bias") == Value{false});  // the same component merges
  CHECK(e->train.repeats == 1);
  CHECK(e->places.at("target.column").file == (folder / "base/low.yaml").string());
  CHECK(e->split.key_places.count("test") == 0);
  fs::remove_all(folder);
}

TEST_CASE("without a catalogue plugins pass unchecked, the host's own parts do not") {
  const Result result = attempt(kSmall + "prepare: [{use: scael}]\nevaluate: {metrics: [any.thing]}\n", {}, false);
  CHECK(result.text.find("did you mean 'scale'?") != std::string::npos);
  CHECK(result.text.find("any.thing") == std::string::npos);
  const Result good_one = attempt(kSmall + "train: {early_stopping: {metric: whatever}}\n",
                                  {"model={use: x.y, a: [1, {b: 2}]}", "split.validation=0.1"}, false);
  INFO(good_one.text);
  REQUIRE(good_one.experiment);
  CHECK(to_text(*find(good_one.experiment->models[0].second.params, "a")) == "[1, {b: 2}]");
}

TEST_CASE("mistakes inside a model that a model holds are all named, with their places") {
  const std::string start = kSmall.substr(0, kSmall.find("model:"));
  const Result wrong = attempt(start + "model: {use: example.bagged, members: 1, member: {use: linear.logistic, l2: -1, l3: 2}}\n");
  CHECK(!wrong.experiment);
  for (const char* text : {"folder/file.yaml:5:81: error: unknown key 'l3' in the model linear.logistic", "did you mean 'l2'?",
                           "folder/file.yaml:5:77: error: 'model.member.l2' is -1, it must be from 0 to 1e+06",
                           "folder/file.yaml:5:39: error: 'model.members' is 1, it must be from 2 to 1000"}) {
    INFO(wrong.text);
    CHECK(wrong.text.find(text) != std::string::npos);
  }
  const Result bare = attempt(start + "model: {use: example.bagged}\n");
  CHECK(bare.text.find("the model example.bagged needs the key 'member'") != std::string::npos);
  CHECK(bare.text.find("the model example.bagged needs the key 'members'") != std::string::npos);
}

TEST_CASE("with time a target column says when its values are known") {
  std::string market = kMarket;
  const std::size_t at = market.find("target: "), end = market.find('\n', at);
  market.replace(at, end - at, "target: {column: close, task: regression}");
  const Result wrong = attempt(market);
  CHECK_FALSE(wrong.experiment);
  CHECK(wrong.text.find("a target column does not say when its values are known") != std::string::npos);
  CHECK(wrong.text.find("add `horizon`") != std::string::npos);
  for (const char* horizon : {"0", "0d", "5", "7d"})
    CHECK(good(market, {std::string("target.horizon=") + horizon}).target.horizon == parse_span(horizon));
}

TEST_CASE("quantiles are asked of models that give some") {
  CHECK(good(kMarket).evaluate.quantiles.empty());
  const Result mixed = attempt(kMarket, {"evaluate.quantiles=[0.1, 0.9]", "evaluate.metrics=[rmse, pinball]", "accept=null"});
  INFO(mixed.text);
  REQUIRE(mixed.experiment);
  CHECK(mixed.experiment->evaluate.quantiles == std::vector<double>{0.1, 0.9});
  CHECK(mixed.text.find("neural.mlp gives no quantiles: metrics that need them are left out for it") != std::string::npos);
  CHECK(mixed.text.find("models that do: linear.ridge") != std::string::npos);
  const Result stopping = attempt(kMarket, {"evaluate.quantiles=[0.1, 0.9]", "accept=null", "train.early_stopping.metric=pinball"});
  CHECK_FALSE(stopping.experiment);
  CHECK(stopping.text.find("the metric pinball judges quantiles, and neural.mlp gives none") != std::string::npos);
  const Result none = attempt(kMarket, {"evaluate.quantiles=[0.1, 0.9]", "models.ridge=null", "accept=null"});
  CHECK_FALSE(none.experiment);
  CHECK(none.text.find("the model neural.mlp gives no quantiles") != std::string::npos);
  CHECK(none.text.find("remove the key, or choose a model that does: linear.ridge") != std::string::npos);
  const Result usual = attempt(kMarket, {"evaluate.quantiles=[0.1, 0.9]", "evaluate.metrics=null", "accept=null"});
  REQUIRE(usual.experiment);
  CHECK(usual.experiment->evaluate.metrics.back().id == "regression.pinball");
}

TEST_CASE("the reference page in docs is what the declarations say") {
  const fs::path page = fs::path(SOURCE_ROOT) / "docs/experiment_file.md";
  const std::string now = reference_markdown(nullptr);
  if (std::getenv("ASSAY_UPDATE_EXPECTED") != nullptr) std::ofstream(page, std::ios::binary) << now;
  std::ifstream stream(page, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  CHECK(text.str() == now);  // ASSAY_UPDATE_EXPECTED=1 writes it anew
  CHECK(reference_markdown(&kCatalogue).find("neural.mlp") != std::string::npos);
}

TEST_CASE("the JSON Schema holds the host's keys and the plugins' parameters") {
  const std::string schema = json_schema(kCatalogue);
  for (const char* part :
       {"https://json-schema.org/draft/2020-12/schema", "learning_rate", "technical.rsi", "walk_forward", "\"exclusiveMinimum\": 0.0"})
    CHECK(schema.find(part) != std::string::npos);
  if (const char* file = std::getenv("ASSAY_WRITE_SCHEMA")) std::ofstream(file, std::ios::binary) << schema;
}
