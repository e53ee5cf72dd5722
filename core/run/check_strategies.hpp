// Starts the strategy of an experiment and its benchmark as the run would, over the first times that are traded, in a worker process: what
// they refuse there, and a table that is no market, become diagnostics before anything is trained. Used by `assay check`. One thread.
#pragma once

#include "base/diagnostic.hpp"
#include "run/experiment_data.hpp"
#include "run/stage.hpp"

namespace assay::run {

// No model has learned yet: the forecast of each test row is taken as 0. A strategy whose values are searched is left to its trials.
void check_strategies(const config::Experiment& experiment, const ExperimentData& data, const plugin::Registry& registry,
                      const BacktestStage& stage, Diagnostics& diagnostics);

}  // namespace assay::run
