// Whether a trial has fallen behind at a step, by the values that others had there. Used by Study. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/experiment.hpp"

namespace assay::search {

struct Step {  // an intermediate value of the objective
  std::int64_t step = 0;
  double value = 0;
  friend bool operator==(const Step&, const Step&) = default;
};

// The median stopping rule (Golovin et al. 2017, "Google Vizier", section 3.2.2, in the form of Optuna's MedianPruner): the trial ends
// where its best value so far is worse than the median of the values that complete trials had at this step.
struct MedianPruner {
  std::int64_t warmup = 0;      // steps that every trial may take
  std::int64_t min_trials = 5;  // complete trials that must have a value at the step
  bool maximize = true;

  static MedianPruner of(const config::Component& component, bool maximize);
  // mine: in order of step, the last one is now. A trial whose every value so far is undefined falls behind.
  bool falls_behind(std::span<const Step> mine, std::span<const std::vector<Step>* const> complete) const;
};

}  // namespace assay::search
