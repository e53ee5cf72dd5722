// A checked experiment on 400 simulated applicants with its folds. Used by the tests of this folder.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/experiment_reader.hpp"
#include "run/experiment_data.hpp"
#include "support/build_plugins.hpp"
#include "support/catch.hpp"

namespace small_experiment {

struct Prepared {
  assay::config::Experiment experiment;
  assay::run::ExperimentData data;
};

// more: the file's split and whatever else it is to say.
inline Prepared prepared(const std::string& more, const std::string& model = "{use: linear.logistic}") {
  const auto file = std::filesystem::temp_directory_path() / ("assay_test_run_" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(file) << "assay: 1\nname: shelf\nseed: 3\ndata: {source: sim.credit, rows: 400, seed: 1}\ninputs: [income, utilisation]\n"
                         "target: {column: default, task: binary}\nprepare: [{use: missing, method: mean}]\nmodel: "
                      << model << "\nevaluate: {metrics: [auc]}\n"
                      << more;
  assay::config::ReadOptions options;
  options.catalogue = &build_plugins();
  assay::Diagnostics diagnostics;
  auto experiment = assay::config::read_experiment(file, options, diagnostics);
  std::filesystem::remove(file);
  std::string problems;
  for (const assay::Diagnostic& d : diagnostics.items()) problems += d.message + "\n";
  INFO(problems);
  REQUIRE(experiment);
  auto data = assay::run::prepare_data(*experiment, build_plugins(), {}, diagnostics);
  REQUIRE(data);
  return {std::move(*experiment), std::move(*data)};
}

}  // namespace small_experiment
