// Feature plugins as build_dataset wants them: each entity's rows handed over in time order (or the whole panel where the plugin asks for
// it), the outputs put back into the frame's order. Used by run. Registry and maker must outlive the factory; thread-safe if they are.
#pragma once

#include "pipeline/dataset.hpp"
#include "plugin/component_maker.hpp"
#include "plugin/registry.hpp"

namespace assay::pipeline {

// The factory throws Error: a column that is absent, an unknown plugin, or what the plugin itself says. A feature that learns comes back
// without values: the folds fit it.
FeatureFactory plugin_features(const plugin::Registry& registry, const plugin::ComponentMaker& maker);

// Its outputs for all rows of the frame, each entity's in time order.
std::vector<std::vector<double>> feature_values(const plugin::AnyFeature& feature, const data::Frame& frame);

}  // namespace assay::pipeline
