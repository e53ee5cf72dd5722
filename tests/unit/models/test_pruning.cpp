// Pruning through the boundary: what is zero stays zero under every optimiser, a smaller network is one in size and state, and both go on
// from a saved training with the same bits.
#include <cmath>
#include <cstring>
#include <set>

#include "base/error.hpp"
#include "learner.hpp"
#include "plugin/component_owner.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace models_test;
using plugin::Pruning;

namespace {

config::Map network(const std::vector<std::int64_t>& hidden, config::Map more = {}) {
  config::List units;
  for (const std::int64_t n : hidden) units.push_back(config::Value{n});
  config::Map params{{"hidden", config::Value{units}}};
  params.insert(params.end(), more.begin(), more.end());
  return params;
}

Table<float> waves(std::int64_t rows = 96) {
  Table<float> t;
  t.task = ASSAY_TASK_REGRESSION;
  t.inputs = 5;
  for (std::int64_t i = 0; i < rows * t.inputs; ++i) t.x.push_back(static_cast<float>(std::sin(0.7 * static_cast<double>(i))));
  for (std::int64_t r = 0; r < rows; ++r)
    t.y.push_back(t.x[static_cast<std::size_t>(r * 5)] - 2 * t.x[static_cast<std::size_t>(r * 5 + 3)] + 1);
  return t;
}

void steps(plugin::Model& model, Table<float>& t, std::int64_t from, std::int64_t to) {
  for (std::int64_t s = from; s < to; ++s) {
    const assay_batch batch = t.batch(s % 3 * 32, 32);
    plugin::CallOptions options;
    options.seed = static_cast<std::uint64_t>(s);
    model.step(batch, {sizeof(assay_step), 0, s / 3, s, 1}, options);
  }
}

plugin::Model begun(Table<float>& t, const config::Map& params, std::int64_t to = 30) {
  plugin::Model model = make("neural.mlp", params);
  const assay_batch any = t.batch();
  model.begin(*any.problem, 32, {});
  steps(model, t, 0, to);
  return model;
}

std::vector<float> array_of_state(const plugin::Model& model, const char* name) {
  const plugin::StateEntries state = model.save({});
  const plugin::StateEntry* entry = state.find(name);
  REQUIRE(entry != nullptr);
  std::vector<float> values(entry->bytes.size() / sizeof(float));
  std::memcpy(values.data(), entry->bytes.data(), entry->bytes.size());
  return values;
}

std::set<std::size_t> zeros_of(const plugin::Model& model, const char* name) {
  const std::vector<float> values = array_of_state(model, name);
  std::set<std::size_t> zeros;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] == 0) zeros.insert(i);
  return zeros;
}

const config::Value kOn{true};
config::Value word(const char* text) { return config::Value{std::string(text)}; }

}  // namespace

TEST_CASE("pruned weights stay zero: momentum, weight decay and dropout do not move them, all others move") {
  Table<float> t = waves();
  const std::vector<config::Map> ways{
      {{"optimizer", word("adam")}, {"weight_decay", config::Value{0.01}}},
      {{"optimizer", word("adamw")}, {"weight_decay", config::Value{0.1}}, {"clip_norm", config::Value{0.5}}},
      {{"optimizer", word("sgd")}, {"momentum", config::Value{0.9}}, {"nesterov", kOn}, {"weight_decay", config::Value{0.01}}},
      {{"optimizer", word("rmsprop")}, {"dropout", config::Value{0.2}}, {"shards", config::Value{std::int64_t{2}}}}};
  for (const config::Map& way : ways) {
    plugin::Model model = begun(t, network({16, 8}, way));
    model.prune(Pruning::weights, 0.6, {});
    const plugin::ModelSize size = model.size(Pruning::weights, {});
    CHECK(size.parameters == 5 * 16 + 16 + 16 * 8 + 8 + 8 + 1);
    CHECK(size.prunable == 5 * 16 + 16 * 8 + 8);
    CHECK(size.pruned == 48 + 77 + 5);  // 0.6 of 80, 128 and 8, upwards
    const auto zeros = zeros_of(model, "layer0.weight");
    CHECK(zeros.size() == 48);
    const std::vector<float> before = array_of_state(model, "layer0.weight");
    steps(model, t, 30, 60);
    CHECK(zeros_of(model, "layer0.weight") == zeros);
    CHECK(model.size(Pruning::weights, {}).pruned == size.pruned);
    const std::vector<float> after = array_of_state(model, "layer0.weight");
    std::size_t moved = 0;
    for (std::size_t i = 0; i < after.size(); ++i) moved += after[i] != before[i] ? 1 : 0;
    CHECK(moved > (80 - 48) / 2);
  }
}

TEST_CASE("units leave: sizes by hand, a share of nothing changes no bit, shares count from the beginning") {
  Table<float> t = waves();
  plugin::Model model = begun(t, network({16, 8}));
  const std::vector<double> before = predict(model, t);
  model.prune(Pruning::units, 0, {});
  CHECK(predict(model, t) == before);
  CHECK(model.size(Pruning::units, {}).prunable == 24);
  model.prune(Pruning::units, 0.25, {});
  CHECK(model.size(Pruning::units, {}).parameters == (5 * 12 + 12) + (12 * 6 + 6) + (6 + 1));
  model.prune(Pruning::units, 0.5, {});  // of 16 and 8, not of what is left
  const plugin::ModelSize size = model.size(Pruning::units, {});
  CHECK(size.pruned == 12);
  CHECK(size.parameters == (5 * 8 + 8) + (8 * 4 + 4) + (4 + 1));
  CHECK(array_of_state(model, "layer1.weight").size() == 8 * 4);
  const std::vector<double> half = predict(model, t);
  model.prune(Pruning::units, 0.3, {});
  CHECK(predict(model, t) == half);
  steps(model, t, 30, 60);
  CHECK(predict(model, t) != half);
  model.prune(Pruning::units, 1, {});
  CHECK(model.size(Pruning::units, {}).parameters == (5 + 1) + (1 + 1) + (1 + 1));
}

TEST_CASE("a pruned training is saved and goes on with the same bits; a saved state too, with a fresh optimiser") {
  Table<float> t = waves();
  const config::Map params = network({16, 8}, {{"optimizer", word("adamw")}, {"dropout", config::Value{0.1}}});
  for (const Pruning method : {Pruning::weights, Pruning::units}) {
    plugin::Model straight = begun(t, params);
    straight.prune(method, 0.5, {});
    steps(straight, t, 30, 40);
    plugin::Model second = make("neural.mlp", params);
    const assay_batch any = t.batch();
    second.train_load(*any.problem, straight.train_save({}), {});
    CHECK(second.train_save({}).hash() == straight.train_save({}).hash());
    for (plugin::Model* model : {&straight, &second}) {
      steps(*model, t, 40, 60);
      model->prune(method, 0.75, {});
      steps(*model, t, 60, 70);
    }
    CHECK(second.save({}).hash() == straight.save({}).hash());

    plugin::Model fresh = make("neural.mlp", params);  // predicts only: it has begun nothing
    fresh.load(straight.save({}), {});
    CHECK(predict(fresh, t) == predict(straight, t));
    CHECK(fresh.size(method, {}).pruned == straight.size(method, {}).pruned);
    CHECK_THROWS(fresh.prune(method, 0.9, {}));
    plugin::Model other = make("neural.mlp", network({16, 1}, {{"dropout", config::Value{0.1}}}));
    CHECK_THROWS(other.load(straight.save({}), {}));
  }
}

TEST_CASE("a training goes back to a saved state and trains on from there, whatever came between") {
  Table<float> t = waves();
  plugin::Model model = begun(t, network({16, 8}));
  const plugin::StateEntries trained = model.save({});
  const auto from_there = [&] {
    model.load(trained, {});
    model.prune(Pruning::units, 0.5, {});
    steps(model, t, 0, 20);
    return model.save({}).hash();
  };
  const std::string first = from_there();
  model.load(trained, {});
  model.prune(Pruning::weights, 0.9, {});
  steps(model, t, 0, 7);
  CHECK(from_there() == first);
}

TEST_CASE("a network without units that could leave refuses to give some, with the reason") {
  Table<float> t = waves();
  plugin::Model linear = begun(t, network({}));
  CHECK_THROWS_WITH(linear.size(Pruning::units, {}), Catch::Contains("no units that could leave"));
  CHECK_THROWS_WITH(linear.prune(Pruning::units, 0.5, {}), Catch::Contains("no units that could leave"));
  linear.prune(Pruning::weights, 0.6, {});
  CHECK(zeros_of(linear, "layer0.weight").size() == 3);
}
