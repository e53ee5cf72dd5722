// The host's owner of one sampler object of a plugin. Used by search and by the checker. One thread.
#pragma once

#include <vector>

#include "plugin/component_owner.hpp"

namespace assay::plugin {

class Sampler : public ComponentOwner {
 public:
  // `space` must outlive the sampler.
  Sampler(const LoadedComponent& component, const config::Map& params, const assay_space& space, const CallOptions& options = {});

  std::int64_t points() const;  // how many points there are; -1: without end
  // The point of trial `number`, a value for each range; outside the space: ComponentError. options.seed: of this trial.
  std::vector<double> ask(std::int64_t number, const CallOptions& options) const;
  void tell(const assay_trial& trial, const CallOptions& options);

 private:
  const assay_sampler_ask_tell* table_ = nullptr;
  const assay_space* space_;
};

}  // namespace assay::plugin
