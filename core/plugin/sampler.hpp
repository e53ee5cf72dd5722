// The host's owner of one sampler object of a plugin. Used by search, by workers and by the checker. One thread.
#pragma once

#include <vector>

#include "plugin/component_owner.hpp"

namespace assay::plugin {

// What a study asks of its sampler, wherever that draws: here (Sampler) or in a worker process (run).
class AnySampler {
 public:
  virtual ~AnySampler() = default;
  virtual std::int64_t points() const = 0;  // how many points there are; -1: without end
  // The point of trial `number`, a value for each range; outside the space: ComponentError. options.seed: of this trial.
  virtual std::vector<double> ask(std::int64_t number, const CallOptions& options) const = 0;
  virtual void tell(const assay_trial& trial, const CallOptions& options) = 0;
};

class Sampler : public ComponentOwner, public AnySampler {
 public:
  // `space` must outlive the sampler.
  Sampler(const LoadedComponent& component, const config::Map& params, const assay_space& space, const CallOptions& options = {});

  std::int64_t points() const override;
  std::vector<double> ask(std::int64_t number, const CallOptions& options) const override;
  void tell(const assay_trial& trial, const CallOptions& options) override;

 private:
  const assay_sampler_ask_tell* table_ = nullptr;
  const assay_space* space_;
};

}  // namespace assay::plugin
