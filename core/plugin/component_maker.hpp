// Makes features, metrics and samplers for whoever computes with them: in this process here; run has a maker whose components compute in
// worker processes. Handed down to pipeline, train and search, which know nothing of processes. Thread-safe.
#pragma once

#include <memory>

#include "plugin/feature.hpp"
#include "plugin/metric.hpp"
#include "plugin/sampler.hpp"

namespace assay::plugin {

class ComponentMaker {
 public:
  virtual ~ComponentMaker() = default;
  virtual std::unique_ptr<AnyFeature> feature(const LoadedComponent& component, const config::Map& params) const {
    return std::make_unique<Feature>(component, params);
  }
  virtual std::shared_ptr<const AnyMetric> metric(const LoadedComponent& component, const config::Map& params) const {
    return std::make_shared<Metric>(component, params);
  }
  // `space` must outlive it.
  virtual std::unique_ptr<AnySampler> sampler(const LoadedComponent& component, const config::Map& params, const assay_space& space,
                                              const CallOptions& options) const {
    return std::make_unique<Sampler>(component, params, space, options);
  }
};

}  // namespace assay::plugin
