// Features that learn from labels or columns (encoders): fitted anew on each fold's train rows. Rows that are not fitted on get what the
// whole fit says; train rows of a feature that cross-fits what other rows' labels say. Used by fold_data, by predict (from the stored
// state) and by whoever shows a run. Pure; several folds may be fitted at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "pipeline/dataset.hpp"
#include "plugin/state_entries.hpp"

namespace assay::pipeline {

struct FeatureState {
  std::string name;  // of the feature
  plugin::StateEntries learned;
  std::string report;  // JSON, or nothing
  friend bool operator==(const FeatureState&, const FeatureState&) = default;
};

// The dataset's frame with the fitted features' columns filled. In a table the train rows are cut into kCrossFolds at random (rows of one
// group together); with time the labels' ends tell what a row may know.
inline constexpr std::int64_t kCrossFolds = 5;
data::Frame fit_features(const Dataset& dataset, std::span<const std::int64_t> train, SeedTree seed, std::vector<FeatureState>& states);

SeedTree feature_seed(std::uint64_t experiment);  // what fit_features draws from in every fold of an experiment

// The same for other rows, from what was learned.
data::Frame apply_features(const data::Frame& frame, const std::vector<FittedFeature>& features, const std::vector<FeatureState>& states);

std::string to_json(const std::vector<FeatureState>& states);            // without the reports
std::vector<FeatureState> feature_states_from(const std::string& json);  // throws Error(data)

}  // namespace assay::pipeline
