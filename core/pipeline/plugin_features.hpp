// Feature plugins as build_dataset wants them: each entity's rows handed over in time order (or the whole panel where the plugin asks for
// it), the outputs put back into the frame's order. Used by run. Registry and maker must outlive the factory; thread-safe if they are.
#pragma once

#include "pipeline/dataset.hpp"
#include "plugin/component_maker.hpp"
#include "plugin/registry.hpp"

namespace assay::pipeline {

// The factory throws Error: a column that is absent, an unknown plugin, one that learns from train rows (feature.fit: those belong inside
// the folds), or what the plugin itself says.
FeatureFactory plugin_features(const plugin::Registry& registry, const plugin::ComponentMaker& maker);

}  // namespace assay::pipeline
