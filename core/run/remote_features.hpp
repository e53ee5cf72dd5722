// A feature of a plugin in a worker process of its own, learning included: what it does to its process harms no other. Used by
// remote_components. Several threads may call at once; they take turns.
#pragma once

#include <memory>

#include "plugin/feature.hpp"
#include "worker/tasks.hpp"

namespace assay::run {

// Throws plugin::CallFailure where the process ends, now and in each later call.
std::unique_ptr<plugin::AnyFeature> remote_feature(const plugin::LoadedComponent& component, const config::Map& params,
                                                   const worker::ConversationOptions& options);

worker::Tasks feature_tasks();  // the worker's side

}  // namespace assay::run
