// Small sweeps and what is read of them. Used by the tests of this folder.
#pragma once

#include "../running/program.hpp"

namespace search_test {

using namespace running_test;

// Three folds that choose for themselves, networks with pruning: a second of work.
inline std::string network_sweep(int trials = 20, const std::string& more = "") {
  return "assay: 1\nname: sweep\nseed: 7\ndata: {source: sim.credit, rows: 900, seed: 1}\ninputs: all\n"
         "target: {column: default, task: binary}\nsplit: {use: k_fold, folds: 3, validation: 0.2}\n"
         "prepare: [{use: one_hot, drop: first}, {use: scale, method: standard}]\n"
         "model: {use: neural.mlp, hidden: [16], learning_rate: 1.0e-3}\ntrain: {epochs: 5, repeats: 2}\n"
         "evaluate: {metrics: [auc], baselines: [prior]}\n"
         "search:\n  use: random\n  trials: " +
         std::to_string(trials) +
         "\n  objective: {metric: auc}\n  pruner: {use: median, warmup: 1, min_trials: 2}\n  lag: 4\n  space:\n"
         "    model.hidden: {choices: [[4], [8, 4], [16]]}\n    model.learning_rate: {min: 1.0e-4, max: 1.0e-1, scale: log}\n"
         "    train.batch_size: {min: 16, max: 128, scale: log}\n" +
         more;
}

// A sweep over how a model ends; no fold has another.
inline std::string moody_sweep(const std::string& moods, int trials, const std::string& more = "") {
  return "assay: 1\nname: moods\nseed: 3\ndata: {source: sim.credit, rows: 300, seed: 1}\ninputs: [income]\n"
         "target: {column: loan_amount, task: regression}\nsplit: {use: holdout, test: 0.3, validation: 0.3}\n"
         "model: {use: moody.model}\nevaluate: {metrics: [rmse]}\n"
         "search:\n  use: grid\n  trials: " +
         std::to_string(trials) +
         "\n  lag: 1\n  objective: {metric: rmse}\n  space:\n    model.level: {choices: [0, 1, 2, 3, 4, 5, 6, 7]}\n    model.mood: "
         "{choices: [" +
         moods + "]}\n" + more;
}

// All trials but for their durations.
inline Json trials_of(const Folder& folder, const std::string& store = "assay.db") {
  const Result shown = folder.assay({"runs", "show", "last", "--trials", "--json", "--store", store});
  if (shown.code != 0) return Json::array();
  Json list = shown.json();
  for (Json& trial : list) trial.erase("seconds");
  return list;
}

inline Json without_circumstances(Json json) {
  for (const char* key : {"run", "ledger"}) json.erase(key);
  if (json.contains("search")) json["search"]["luck"].erase("ledger");
  return json;
}

}  // namespace search_test
