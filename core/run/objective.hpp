// What a search optimises, as the study runner sees it: a trial's experiment in, a value out. For models it is a metric on validation
// rows, for strategies a figure of the backtest over the validation span. Test rows never enter (rules.md 11).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugin/component_maker.hpp"
#include "run/data_variants.hpp"
#include "run/runner.hpp"
#include "search/pruner.hpp"
#include "store/records.hpp"

namespace assay::run {

struct TrialJob {
  const config::Experiment& experiment;  // with the trial's values, and `trial` set
  const search::Values& values;
  std::function<bool(const search::Step& step)> report;  // an intermediate value; true: the trial ends here
  bool by_epochs = false;                                // epochs are reported too, which costs a forecast each
  std::function<void(double share)> progress;            // may be empty
};

struct TrialResult {
  store::TrialStatus status = store::TrialStatus::failed;
  double value = 0;
  std::string error, log;
  std::vector<TimeNs> time;  // strategies: the return of each period
  std::vector<double> returns;
};

class Objective {
 public:
  virtual ~Objective() = default;
  // Whatever the trial's plugins do is a result with its reason. Throws Error(interrupted). Several threads at once.
  virtual TrialResult evaluate(const TrialJob& job) const = 0;
};

struct ObjectiveSetup {
  const config::Experiment& experiment;  // of the run
  const RunContext& context;
  DataVariants& variants;
  const plugin::ComponentMaker& maker;
  const std::atomic<bool>* cancel = nullptr;
};

// The objective that the experiment's `search` or `trial` names.
std::unique_ptr<Objective> objective_of(const ObjectiveSetup& setup);

// Intermediate values of models trained by steps: epoch e of the first fit is step e; the mean after fit k (folds, then their repeats) is
// step kFitStep + k, however many epochs a trial has. Of other models: step k.
inline constexpr std::int64_t kFitStep = 1'000'000;

}  // namespace assay::run
