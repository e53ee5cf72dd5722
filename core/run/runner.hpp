// A whole experiment: data, folds, fits in parallel, evaluation, all of it stored as it comes; and going on where a killed run left off.
// Used by cli. It prints nothing: progress and notes go through the context. One call at a time per Store; its own threads share the work.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/calendar.hpp"
#include "base/diagnostic.hpp"
#include "config/experiment.hpp"
#include "plugin/registry.hpp"
#include "run/experiment_data.hpp"
#include "store/store.hpp"

namespace assay::run {

class BacktestStage;

struct Progress {
  std::string unit = "fits";         // or trials
  std::int64_t done = 0, total = 0;  // of them
  double share = 0;                  // 0..1 of the whole work, epochs counted
  std::string doing;                 // "model, fold 2 of 5, epoch 3 of 30"
};

struct RunContext {
  const plugin::Registry& registry;
  std::filesystem::path store_file, ledger_file, cache_folder;
  std::filesystem::path program = "/proc/self/exe";  // what workers are started from
  std::function<TimeNs()> now;
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(const Progress&)> progress;  // called from any thread, one at a time; may be empty
  std::function<void(const std::string&)> note;   // one line for the user, the same; may be empty
  data::ReadProgress reading;
  double checkpoint_seconds = 2;
  const BacktestStage* backtest = nullptr;           // what replays strategies; needed for experiments with a backtest
  std::function<void(store::RunId)> began{};         // called once the run has its number, new or gone on with; may be empty
  std::function<void(const Diagnostics&)> warned{};  // called once before the first fit where the checks have warnings; may be empty
};

struct RunRequest {
  std::string original;  // the file's text, kept in the store
  std::string file;      // as the user named it
  bool again = false;    // do not take a stored result
  bool quick = false;
  bool accept_new_build = false;  // go on with a run that another build began
};

struct RunOutcome {
  store::RunId id = 0;
  bool from_store = false;  // an identical finished run was there
  bool accepted = true;
  bool failed = false;    // some fit of a model failed
  bool evaluated = true;  // false: no model could be evaluated, the summary says why under "error"
  std::string summary;    // JSON
};

// Nothing where `diagnostics` has errors (file or data). Throws Error(interrupted) when cancelled: the same call goes on later;
// Error(failed) where the run itself could not go on (disk, lock).
std::optional<RunOutcome> run_experiment(const config::Experiment& experiment, const RunRequest& request, const RunContext& context,
                                         Diagnostics& diagnostics);

// The experiment cut down for --quick: at most 2 epochs and 1 repeat. (Folds and rows are cut while it runs.)
config::Experiment quick_version(config::Experiment experiment);

}  // namespace assay::run
