#include "config/quantile_rules.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"

namespace assay::config {

namespace {

constexpr const char* kKey = "evaluate.quantiles";

bool gives_quantiles(const ComponentSpec& model) {
  return std::find(model.abilities.begin(), model.abilities.end(), "model.quantiles/1") != model.abilities.end();
}

class QuantileRules {
 public:
  QuantileRules(const Experiment& e, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics)
      : e_(e), checked_(checked), catalogue_(catalogue), diagnostics_(diagnostics) {}

  void all() {
    if (checked_.is_bad(kKey)) return;
    const bool given = !e_.evaluate.quantiles.empty();
    if (given) {
      levels();
      if (is_of_classes() || is_of_horizons()) return;
      models();
    }
    metrics(given);
  }

 private:
  Place place(const std::string& path) const {
    const Place* at = checked_.place(path);
    return at == nullptr ? Place{e_.file.string(), 0, 0, 1} : *at;
  }

  void levels() {
    const std::vector<double>& levels = e_.evaluate.quantiles;
    for (std::size_t i = 1; i < levels.size(); ++i)
      if (levels[i] <= levels[i - 1]) {
        const std::string path = std::string(kKey) + "." + std::to_string(i);
        diagnostics_.error(place(path), "levels rise from one to the next, and this one does not", "sort them, each once", path);
      }
  }

  void error_at_key(std::string message, std::string mend) {
    const Place* key = checked_.place(std::string("/") + kKey);
    diagnostics_.error(key == nullptr ? place(kKey) : *key, std::move(message), std::move(mend), kKey);
  }

  bool is_of_classes() {
    if (checked_.is_bad("target") || checked_.place("target.task") == nullptr || e_.target.task == Task::regression) return false;
    error_at_key(std::string("quantiles are of numbers, and target.task is ") + to_text(e_.target.task),
                 "remove them: the probability of a class says how sure the model is");
    return true;
  }
  bool is_of_horizons() {
    if (!e_.has_horizons()) return false;
    error_at_key("quantiles are of one horizon, and target.horizons names " + std::to_string(e_.target.horizons.size()),
                 "remove one of both: a run of its own for each horizon has quantiles");
    return true;
  }

  void models() {
    std::vector<std::string> fitting;
    for (const ComponentSpec* model : catalogue_.all("model"))
      if (gives_quantiles(*model) && !model->baseline) fitting.push_back(model->id);
    std::vector<const Component*> without;
    for (const auto& [name, model] : e_.models)
      if (const ComponentSpec* spec = catalogue_.find("model", model.id); spec != nullptr && !gives_quantiles(*spec))
        without.push_back(&model);
    if (without.empty()) return;
    const std::string mend = fitting.empty() ? "" : "models that do: " + text::join(fitting, ", ");
    if (without.size() == e_.models.size()) {
      error_at_key(without.size() == 1 ? "the model " + without.front()->id + " gives no quantiles" : "no model here gives quantiles",
                   fitting.empty() ? "remove the key" : "remove the key, or choose a model that does: " + text::join(fitting, ", "));
      return;
    }
    const ComponentSpec* stops = e_.train.early_stopping ? catalogue_.find("metric", e_.train.early_stopping->metric) : nullptr;
    for (const Component* model : without) {
      const auto& abilities = catalogue_.find("model", model->id)->abilities;
      if (stops != nullptr && stops->needs_quantiles && std::find(abilities.begin(), abilities.end(), "model.step/1") != abilities.end())
        diagnostics_.error(place("train.early_stopping.metric"),
                           "the metric " + as_written(*stops) + " judges quantiles, and " + model->id + " gives none",
                           "name another metric", "train.early_stopping.metric");
      diagnostics_.warning(model->place, model->id + " gives no quantiles: metrics that need them are left out for it", mend, kKey);
    }
  }

  // `path` names a metric that something is judged or chosen by.
  void metric(const std::string& id, const std::string& path) {
    const ComponentSpec* spec = catalogue_.find("metric", id);
    if (spec == nullptr || !spec->needs_quantiles || checked_.is_bad(path)) return;
    diagnostics_.error(place(path), "the metric " + as_written(*spec) + " judges quantiles, and none are asked for",
                       "add evaluate: {quantiles: [0.05, 0.25, 0.5, 0.75, 0.95]}", path);
  }

  void metrics(bool given) {
    if (given) return;
    for (std::size_t i = 0; i < e_.evaluate.metrics.size(); ++i) metric(e_.evaluate.metrics[i].id, "evaluate.metrics." + std::to_string(i));
    if (e_.train.early_stopping) metric(e_.train.early_stopping->metric, "train.early_stopping.metric");
    if (e_.train.network_pruning) metric(e_.train.network_pruning->metric, "train.network_pruning.choose.metric");
    if (e_.search) metric(e_.search->metric, "search.objective.metric");
  }

  const Experiment& e_;
  const Checked& checked_;
  const JoinedCatalogue& catalogue_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_quantile_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue& catalogue,
                          Diagnostics& diagnostics) {
  QuantileRules(experiment, checked, catalogue, diagnostics).all();
}

}  // namespace assay::config
