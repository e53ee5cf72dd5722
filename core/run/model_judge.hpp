// Answers selections that ask a model what its inputs are worth: fits it as a run does, in a worker where the file says so, and asks it or
// deals its inputs out anew. Used by fold_shelf; check uses one that fits nothing. Thread-safe.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "config/experiment.hpp"
#include "pipeline/input_judge.hpp"
#include "plugin/registry.hpp"

namespace assay::run {

// experiment, registry and cancel must outlive it. Throws plugin::CallFailure where a model's worker did not end well.
std::unique_ptr<const pipeline::InputJudge> model_judge(const config::Experiment& experiment, const plugin::Registry& registry,
                                                        const std::filesystem::path& program, const std::atomic<bool>* cancel);

// Every input is worth the same: for `assay check`, which prepares folds to see that something is left, and trains nothing.
const pipeline::InputJudge& indifferent_judge();

// Whether some selection asks a model: what it keeps then depends on `train`, too.
bool selects_by_model(const config::Experiment& experiment);

// Mean loss of forecasts, its sign changed: squared errors, or minus the logarithm of what the true class was given.
double forecast_score(std::span<const double> truth, std::span<const double> forecasts, std::int64_t outputs, config::Task task);

}  // namespace assay::run
