// What every fit needs, whoever asks for it: what is to be learned, a learner for it here or in a worker, its forecasts beside the truth.
// Used by unit_runner and model_judge. Thread-safe.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "pipeline/fold_data.hpp"
#include "plugin/registry.hpp"
#include "train/forecasts.hpp"
#include "train/learner.hpp"
#include "worker/conversation.hpp"

namespace assay::run {

// labels: of the train rows, for balanced class weights. classes: how many there are; 0 for regression.
train::LearnerSetup learner_setup(const config::Experiment& experiment, const config::Component& model, config::Task task,
                                  std::size_t classes, const std::vector<pipeline::InputColumn>& inputs, std::span<const double> labels,
                                  std::uint64_t seed);

// packed: the train rows for a worker. Else `rows` for a learner in this process, which they must outlive.
std::unique_ptr<train::Learner> worker_learner(const train::LearnerSetup& setup, const plugin::LoadedComponent& model,
                                               const worker::Descriptor& packed, const worker::ConversationOptions& options);
std::unique_ptr<train::Learner> local_learner(const train::LearnerSetup& setup, const plugin::LoadedComponent& model,
                                              const train::Rows& rows, const plugin::CallOptions& options);

// rows x levels; empty where the learner has none. `value`: the rows' forecasts. Throws Error(failed) where quantiles cross or are no
// numbers, naming the row as row_name says.
std::vector<double> checked_quantiles(train::Learner& learner, const train::Rows& rows, std::span<const double> levels,
                                      std::span<const double> value, const std::function<std::int64_t(std::size_t)>& row_name);

// Numbers of a forecast: 1, the class count, or the number of horizons.
std::int64_t outputs_of(const config::Experiment& experiment, config::Task task, std::size_t classes);

// values: rows x outputs. horizon: the place of the one of several horizons that the set is of; of its values where there is one output,
// else its column is taken.
train::ForecastSet forecast_set(const pipeline::FoldPart& part, std::vector<double> values, std::int64_t outputs, double naive_mae,
                                std::int64_t horizon = 0);

}  // namespace assay::run
