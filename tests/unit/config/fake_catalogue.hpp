// A catalogue of made-up plugins for tests of config: models, metrics and a feature with every kind of parameter.
// Used by tests only. Values.
#pragma once

#include <memory>
#include <vector>

#include "config/builtin_components.hpp"
#include "config/key_spec.hpp"

namespace assay::test {

class FakeCatalogue final : public config::Catalogue {
 public:
  FakeCatalogue() {
    using namespace config::key;
    using config::Value;
    constexpr unsigned kRegression = 1, kBinary = 2, kMulticlass = 4, kAny = 7;
    add("model", "neural.mlp", "A feed-forward network", kAny,
        {list(integer({}, "units").range(1, 65536), "hidden", "Units of each hidden layer")
             .by_default(Value{config::List{Value{std::int64_t{64}}, Value{std::int64_t{32}}}}),
         choice("activation", "What follows each layer", {"relu", "tanh", "sigmoid", "gelu"}).by_default(Value{std::string("relu")}),
         real("learning_rate", "Step size").above(0, 10).by_default(Value{1e-3}),
         choice("optimizer", "How weights move", {"adam", "sgd", "adamw"}).by_default(Value{std::string("adam")}),
         real("momentum", "Share of the last move that goes on").range(0, 1).by_default(Value{0.9}).where("optimizer", "sgd"),
         boolean("bias", "Layers have an offset").by_default(Value{true})});
    specs_.back()->abilities = {"model.step/1", "state/1"};
    add("model", "linear.ridge", "Ridge regression", kRegression,
        {real("l2", "Penalty on squared weights").range(0, 1e6).by_default(Value{1e-3})});
    specs_.back()->abilities = {"model.quantiles/1"};
    add("model", "linear.logistic", "Logistic regression", kBinary,
        {real("l2", "Penalty on squared weights").range(0, 1e6).by_default(Value{0.0})});
    add("model", "baseline.prior", "The classes' shares", kBinary | kMulticlass, {});
    add("model", "baseline.no_change", "The last known value", kRegression, {});
    add("model", "baseline.historical_mean", "The mean so far", kRegression, {});
    add("model", "example.bagged", "The mean of several models", kAny,
        {component("member", "The model that is repeated", "model").needed(), integer("members", "How many").range(2, 1000).needed()});
    for (const char* id : {"classification.auc", "classification.accuracy", "classification.f1"})
      add("metric", id, "A metric", kBinary, {}, 1);
    for (const char* id : {"classification.log_loss", "classification.brier"}) add("metric", id, "A metric", kBinary | kMulticlass, {}, -1);
    add("metric", "classification.confusion", "Counts of truth and decision", kBinary, {}, 0);
    for (const char* id : {"regression.rmse", "regression.mae"}) add("metric", id, "A metric", kRegression, {}, -1);
    for (const char* id : {"regression.r2", "regression.ic", "regression.rank_ic"}) add("metric", id, "A metric", kRegression, {}, 1);
    add("metric", "regression.pinball", "A metric of quantiles", kRegression, {}, -1);
    specs_.back()->needs_quantiles = true;
    add("feature", "technical.rsi", "Relative strength", 0,
        {column("price", "The price").by_default(Value{std::string("close")}),
         integer("window", "Bars").range(2, 1000).by_default(Value{std::int64_t{14}})});
  }

  const config::ComponentSpec* find(std::string_view kind, std::string_view id) const override {
    return config::find_component(all(kind), id);
  }
  std::vector<const config::ComponentSpec*> all(std::string_view kind) const override {
    std::vector<const config::ComponentSpec*> found;
    for (const auto& spec : specs_) {
      if (spec->kind == kind) found.push_back(spec.get());
    }
    return found;
  }

 private:
  void add(const char* kind, const char* id, const char* summary, unsigned tasks, const std::vector<config::KeySpec>& params,
           int direction = 0) {
    auto spec = std::make_unique<config::ComponentSpec>();
    spec->kind = kind;
    spec->id = id;
    spec->version = "1.0.0";
    spec->summary = summary;
    spec->tasks = tasks;
    spec->direction = direction;
    spec->params.assign(params.begin(), params.end());
    specs_.push_back(std::move(spec));
  }
  std::vector<std::unique_ptr<config::ComponentSpec>> specs_;
};

}  // namespace assay::test
