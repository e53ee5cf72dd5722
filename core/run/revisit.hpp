// Looking again at stored runs: what their file said, the sealed final test. Used by the verbs `reveal`, `rerun` and `predict`. Writes
// nothing but the record of a reveal.
#pragma once

#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "run/runner.hpp"
#include "store/store.hpp"

namespace assay::run {

// The experiment as the run saw it. Throws Error(failed) where a plugin has changed its parameters since.
config::Experiment experiment_of(const store::RunRecord& run, const plugin::Registry& registry);

struct Revealed {
  std::string summary;   // scores of the sealed final test, as JSON like a run's; "reveals": all looks at it, by whichever run
  bool accepted = true;  // every accept criterion holds on the sealed rows
};

// Opens the sealed final test of a finished run. The reveal is recorded first, in the store and in the ledger, then what it came to, in the
// store. Nothing where `diagnostics` has errors. Throws Error(usage) where the file has
// no final_test, Error(data) where the data are no longer those of the run.
std::optional<Revealed> reveal(store::Store& store, store::RunId id, const RunContext& context, Diagnostics& diagnostics);

}  // namespace assay::run
