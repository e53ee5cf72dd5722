// What the store keeps of a run before anything is fitted: which plugins, which data, which folds; and runs that never got there. Used by
// the runner. Thread-safe (no state).
#pragma once

#include <string>
#include <vector>

#include "run/fold_shelf.hpp"
#include "run/runner.hpp"

namespace assay::run {

std::vector<store::PluginRecord> plugins_in_use(const config::Experiment& experiment, const plugin::Registry& registry);

store::RunRecord new_record(const config::Experiment& experiment, const RunRequest& request, const RunContext& context,
                            const LoadedData& loaded, const std::string& identity, const std::vector<store::PluginRecord>& plugins);
std::vector<store::FoldRecord> fold_records(const FoldShelf& shelf);
// Which fold's forecasts make which path, as JSON: groups of times with their first and last, and for each path a fold a group (from 1).
std::string paths_json(const ExperimentData& data);

// A run that ended before any fit, or in all of them.
RunOutcome failed_outcome(store::RunId id, const std::string& name, const std::vector<std::string>& failures);
// A feature's worker did not end well: there is nothing to train on, and the run says so. The same command tries again.
RunOutcome record_failed_feature(const config::Experiment& experiment, const RunRequest& request, const RunContext& context,
                                 const LoadedData& loaded, const std::string& why);

}  // namespace assay::run
