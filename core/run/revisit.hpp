// Looking again at stored runs: what their file said, the sealed final test, whether two runs agree to the bit. Used by the verbs `reveal`,
// `rerun` and `runs compare`. Writes nothing but the record of a reveal.
#pragma once

#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "run/runner.hpp"
#include "store/store.hpp"

namespace assay::run {

// The experiment as the run saw it. Throws Error(failed) where a plugin has changed its parameters since.
config::Experiment experiment_of(const store::RunRecord& run, const plugin::Registry& registry);

// Scores of the sealed final test of a finished run, as JSON like a run's; records the reveal first, in the store and in the ledger.
// "reveals": all looks at this final test, by whichever run. Nothing where `diagnostics` has errors. Throws Error(usage) where the file has
// no final_test, Error(data) where the data are no longer those of the run.
std::optional<std::string> reveal(store::Store& store, store::RunId id, const RunContext& context, Diagnostics& diagnostics);

// Every way in which the forecasts and metrics of two runs differ, one line each; empty: the same bits.
struct Difference {
  std::string what;  // "model, fold 1, repeat 2, test: 17 of 6000 values differ, by up to 1e-7"
  double largest = 0;
};
std::vector<Difference> differences(const store::Store& store, store::RunId a, store::RunId b);

// What was not the same around two runs: build, plugins, data, CPU, machine. One line each.
std::vector<std::string> circumstances(const store::RunRecord& a, const store::RunRecord& b);

}  // namespace assay::run
