// Features, metrics and samplers of plugins that did not ship with this program compute in worker processes where `resources.isolation` is
// `process`: what they do to their process harms no other. Shipped ones stay in the host, as all do with `thread` and `none`. Used by the
// runner, reveal, predict and check (through prepare_data). Thread-safe.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "config/experiment.hpp"
#include "plugin/component_maker.hpp"
#include "worker/tasks.hpp"

namespace assay::run {

// timeout and memory of the file; `program` is what workers are started from.
worker::ConversationOptions worker_options(const config::ResourcesSpec& resources, const std::filesystem::path& program,
                                           const std::atomic<bool>* cancel);

// What it makes throws plugin::CallFailure where a component's process ends. A feature's timeout is for all rows, a metric's for all calls
// on the object that was made, a sampler's for each call.
std::unique_ptr<const plugin::ComponentMaker> component_maker(const config::ResourcesSpec& resources, const std::filesystem::path& program,
                                                              const std::atomic<bool>* cancel);

// The worker's side, by name: what RemoteFeature and its like call.
worker::Tasks component_tasks();

}  // namespace assay::run
