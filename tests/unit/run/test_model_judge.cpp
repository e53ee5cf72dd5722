// Recursive elimination by real models, against scikit-learn. In workers: tests/end_to_end/running.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "config/experiment_reader.hpp"
#include "run/fold_shelf.hpp"
#include "support/build_plugins.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::run;

namespace {

// i = arange(140)[:, None]; j = arange(8)[None, :]; X = sin((j + 1) 1.3 i + 0.4 j) + 0.25 cos(0.37 i (j % 3 + 1))
// z = X @ [2, .3, -1.2, .05, .7, -.1, 0, .45] + 0.8 sin(2.9 i); the first 120 rows train
constexpr int kTrain = 120;
std::string table() {
  constexpr double kWeights[] = {2, 0.3, -1.2, 0.05, 0.7, -0.1, 0, 0.45};
  std::string text = "x0,x1,x2,x3,x4,x5,x6,x7,z,above,third,square\n";
  for (int i = 0; i < kTrain + 20; ++i) {
    double z = 0.8 * std::sin(2.9 * i), first = 0;
    for (int j = 0; j < 8; ++j) {
      const double x = std::sin((j + 1) * 1.3 * i + 0.4 * j) + 0.25 * std::cos(0.37 * i * (j % 3 + 1));
      if (j == 0) first = x;
      z += x * kWeights[j];
      text += fmt::format("{:.17g},", x);
    }
    const int third = z > 0.81630305 ? 2 : z > -0.7035915 ? 1 : 0;
    text += fmt::format("{:.17g},{},{},{:.17g}\n", z, z > 0.08442926798016644 ? 1 : 0, third, first * first);
  }
  return text;
}

struct Prepared {
  config::Experiment experiment;
  ExperimentData data;
};

Prepared prepared(const std::string& target, const std::string& selection, const std::string& more = "resources: {isolation: none}\n") {
  const auto folder = std::filesystem::temp_directory_path() / ("assay_test_judge_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "table.csv") << table();
  std::ofstream(folder / "judge.yaml") << "assay: 1\nname: judge\nseed: 3\ndata: {source: csv, path: table.csv}\n"
                                          "inputs: [x0, x1, x2, x3, x4, x5, x6, x7]\ntarget: "
                                       << target << "\nsplit: {use: by_rule, test: \"row >= 120\"}\n"
                                       << "prepare: [{use: scale}]\nselect:\n  - " << selection
                                       << "\nmodel: {use: " << (target.find("regression") == std::string::npos ? "logistic" : "ridge")
                                       << "}\n"
                                       << more;
  config::ReadOptions options;
  options.catalogue = &build_plugins();
  Diagnostics diagnostics;
  auto experiment = config::read_experiment(folder / "judge.yaml", options, diagnostics);
  std::string problems;
  for (const Diagnostic& d : diagnostics.items()) problems += d.message + "\n";
  INFO(problems);
  REQUIRE(experiment);
  auto data = prepare_data(*experiment, build_plugins(), {}, diagnostics);
  for (const Diagnostic& d : diagnostics.items()) problems += d.message + "\n";
  INFO(problems);
  REQUIRE(data);
  std::filesystem::remove_all(folder);
  return {std::move(*experiment), std::move(*data)};
}

struct Selected {
  std::vector<double> place;
  std::vector<std::string> kept;
  std::string preparation;
};
Selected selected(const Prepared& p) {
  FoldShelf shelf(p.experiment, p.data, build_plugins(), "/proc/self/exe", nullptr);
  const auto fold = shelf.take(0, false, false);
  Selected result;
  for (const auto& column : fold->data.preparation.steps().back().columns) result.place.push_back(column.learned.at(2));
  for (const auto& column : fold->data.inputs) result.kept.push_back(column.name);
  result.preparation = fold->data.preparation.to_json();
  return result;
}

const std::string kRegression = "{column: z, task: regression}";
using Names = std::vector<std::string>;
using Places = std::vector<double>;

}  // namespace

// S = (X - X.mean(0)) / X.std(0); RFE(LogisticRegression(C=1, tol=1e-12), n_features_to_select=1, step=1).fit(S, y).ranking_;
// Ridge(alpha=1)
TEST_CASE("inputs leave in the order of scikit-learn's RFE") {
  const auto one = [](const char* model) { return fmt::format("{{use: recursive_elimination, model: {}, keep: 1, step: 1}}", model); };
  CHECK(selected(prepared(kRegression, one("{use: ridge, l2: 1}"))).place == Places{1, 5, 2, 8, 3, 7, 6, 4});
  CHECK(selected(prepared("{column: above, task: binary, positive: 1}", one("{use: logistic, l2: 1}"))).place ==
        Places{1, 6, 3, 7, 4, 8, 2, 5});
  CHECK(selected(prepared("{column: third, task: multiclass}", one("{use: logistic, l2: 1}"))).place == Places{1, 4, 2, 8, 3, 7, 6, 5});
  // n_features_to_select=3, step=2: support_
  const auto three = selected(prepared(kRegression, "{use: recursive_elimination, model: {use: ridge, l2: 1}, keep: 3, step: 2}"));
  CHECK(three.kept == Names{"x0", "x2", "x4"});
  CHECK(three.place == Places{1, 5, 2, 8, 3, 7, 6, 4});
}

TEST_CASE("the size of an input's unit changes nothing that a linear model says of itself") {
  auto p = prepared(kRegression, "{use: recursive_elimination, model: {use: ridge, l2: 0}, keep: 1, step: 1}");
  const Selected scaled = selected(p);
  p.experiment.prepare.clear();
  CHECK(selected(p).place == scaled.place);
}

TEST_CASE("how many stay is chosen by held-out rows") {
  const Selected chosen = selected(prepared(kRegression, "{use: recursive_elimination, model: {use: ridge, l2: 0.001}, step: 1}"));
  CHECK(chosen.kept.size() < 8);
  for (const char* strong : {"x0", "x2", "x4"}) CHECK(std::find(chosen.kept.begin(), chosen.kept.end(), strong) != chosen.kept.end());
  CHECK(std::find(chosen.kept.begin(), chosen.kept.end(), "x6") == chosen.kept.end());  // of weight 0
}

TEST_CASE("permutation finds what bends, and asks any model") {
  const std::string by_permutation =
      "{use: recursive_elimination, model: {use: neural.mlp, hidden: [16], learning_rate: 0.01}, keep: 1, step: 0.4, importance: "
      "permutation}";
  const Selected bent =
      selected(prepared("{column: square, task: regression}", by_permutation, "train: {epochs: 60}\nresources: {isolation: none}\n"));
  CHECK(bent.kept == Names{"x0"});
}

TEST_CASE("the same draws give the same bits, and other draws belong to another seed") {
  const std::string how = "{use: recursive_elimination, model: {use: ridge}, keep: 0, step: 1, importance: permutation, permutations: 2";
  const Selected here = selected(prepared(kRegression, how + "}"));
  CHECK(selected(prepared(kRegression, how + "}")).preparation == here.preparation);
  CHECK(selected(prepared(kRegression, how + ", seed: 1}")).preparation != here.preparation);
}

TEST_CASE("forecasts are scored by their mean loss") {
  CHECK(forecast_score(std::vector<double>{1, 2}, std::vector<double>{2, 4}, 1, config::Task::regression) == Approx(-2.5));
  CHECK(forecast_score(std::vector<double>{1, 0}, std::vector<double>{0.8, 0.4}, 1, config::Task::binary) ==
        Approx((std::log(0.8) + std::log(0.6)) / 2));
  CHECK(forecast_score(std::vector<double>{2}, std::vector<double>{0.2, 0.3, 0.5}, 3, config::Task::multiclass) == Approx(std::log(0.5)));
  CHECK(std::isnan(forecast_score(std::vector<double>{1}, std::vector<double>{std::nan("")}, 1, config::Task::binary)));
}
