// What makes two runs the same one, and folds that are prepared once however many fits ask.
#include <thread>

#include "base/error.hpp"
#include "run/fold_shelf.hpp"
#include "run/identity.hpp"
#include "run/runner.hpp"
#include "support/catch.hpp"
#include "unit/run/small_experiment.hpp"

using namespace assay;
using namespace assay::run;
using small_experiment::prepared;
using small_experiment::Prepared;

TEST_CASE("identity: the resolved file, the data, the build, the plugins, and whether it was quick") {
  const std::vector<store::PluginRecord> plugins{{"a.b", "1", "/x/a.so", "11", "plain"}};
  const std::string base = run_identity("file", "data", "build", plugins, false);
  CHECK(base.size() == 64);
  CHECK(base == run_identity("file", "data", "build", plugins, false));
  CHECK(base != run_identity("file ", "data", "build", plugins, false));
  CHECK(base != run_identity("file", "date", "build", plugins, false));
  CHECK(base != run_identity("filed", "ata", "build", plugins, false));  // no part runs into the next
  CHECK(base != run_identity("file", "data", "built", plugins, false));
  CHECK(base != run_identity("file", "data", "build", plugins, true));
  CHECK(base != run_identity("file", "data", "build", {}, false));
  auto moved = plugins;
  moved[0].file = "/y/a.so";  // where a plugin lies does not matter, its bytes do
  CHECK(base == run_identity("file", "data", "build", moved, false));
  moved[0].sha256 = "12";
  CHECK(base != run_identity("file", "data", "build", moved, false));
  CHECK(build_id() == build_id());
  CHECK(build_id().size() >= 16);
  CHECK_FALSE(machine_text().empty());
}

TEST_CASE("a unit's seed depends on fold and repeat, not on the model's name") {
  config::Experiment experiment;
  experiment.seed = 9;
  const std::uint64_t seed = unit_seed(experiment, {"a", 0, 0});
  CHECK(seed == unit_seed(experiment, {"b", 0, 0}));
  CHECK(seed != unit_seed(experiment, {"a", 1, 0}));
  CHECK(seed != unit_seed(experiment, {"a", 0, 1}));
  CHECK(unit_seed(experiment, {"a", 1, 0}) != unit_seed(experiment, {"a", 0, 1}));
  experiment.seed = 10;
  CHECK(seed != unit_seed(experiment, {"a", 0, 0}));
}

TEST_CASE("a fold is prepared once while somebody holds it, whoever asks") {
  const Prepared p = prepared("split: {use: k_fold, folds: 3}\n");
  FoldShelf shelf(p.experiment, p.data, build_plugins(), {}, nullptr);
  REQUIRE(shelf.size() == 3);
  std::vector<std::shared_ptr<const PreparedFold>> got(8);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < got.size(); ++t) threads.emplace_back([&, t] { got[t] = shelf.take(t % 2, false, false); });
  for (std::thread& t : threads) t.join();
  for (std::size_t t = 2; t < got.size(); ++t) CHECK(got[t] == got[t % 2]);
  CHECK(got[0] != got[1]);
  CHECK(shelf.take(0, true, false) != got[0]);  // rows with missing inputs stay for models that take them

  const std::weak_ptr<const PreparedFold> first = got[0], second = got[1];
  got.clear();
  shelf.take(2, false, false);
  CHECK(first.expired());  // memory does not grow with the number of folds
  CHECK(second.expired());
}

TEST_CASE("with worker processes the train rows lie packed and the host lets its copy go") {
  const Prepared p = prepared("split: {use: stratified, test: 0.25, validation: 0.25}\n");
  FoldShelf shelf(p.experiment, p.data, build_plugins(), {}, nullptr);
  const auto fold = shelf.take(0, false, false);
  CHECK(fold->data.train.x.values.empty());
  const std::int64_t train_rows = fold->train().count, validation_rows = fold->data.validation.rows();
  CHECK(train_rows + validation_rows + fold->data.test.rows() == 400);
  CHECK(fold->train().x.size() == static_cast<std::size_t>(train_rows * fold->train().columns));
  const auto refit = shelf.take(0, false, true);
  CHECK(refit->train().count == train_rows + validation_rows);
  CHECK(refit->data.validation.rows() == 0);
  CHECK(refit->data.test.rows() == fold->data.test.rows());

  const Prepared plain = prepared("split: {use: stratified, test: 0.25, validation: 0.25}\nresources: {isolation: none}\n");
  FoldShelf local(plain.experiment, plain.data, build_plugins(), {}, nullptr);
  const auto same = local.take(0, false, false);
  CHECK_FALSE(same->mapped_train);
  REQUIRE(same->train().x.size() == fold->train().x.size());
  CHECK(std::equal(same->train().x.begin(), same->train().x.end(), fold->train().x.begin()));
}

TEST_CASE("--quick: at most two epochs, one repeat") {
  config::Experiment experiment;
  experiment.train.epochs = 30;
  experiment.train.repeats = 5;
  CHECK(quick_version(experiment).train.epochs == 2);
  CHECK(quick_version(experiment).train.repeats == 1);
  experiment.train.epochs = 1;
  CHECK(quick_version(experiment).train.epochs == 1);
}
