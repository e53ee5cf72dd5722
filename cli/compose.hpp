// Where stages that may not see each other are joined: a run gets what replays strategies. Used by the verbs that run experiments.
#pragma once

#include "run/stage.hpp"

namespace assay::cli {

// Lives as long as the program; thread-safe.
const run::BacktestStage& backtest_stage();

// What `assay worker KIND` does, by the kind of work; returns the exit code.
int run_worker(const std::string& kind);

}  // namespace assay::cli
