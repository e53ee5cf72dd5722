// The host's owner of one metric object of a plugin. Used by train (scoring) and by the checker. score() may be called from several
// threads.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "plugin/component_owner.hpp"

namespace assay::plugin {

class Metric : public ComponentOwner {
 public:
  Metric(const LoadedComponent& component, const config::Map& params, const CallOptions& options = {});

  int direction() const { return score_->direction; }  // +1 higher is better, -1 lower, 0 neither
  unsigned tasks() const { return score_->tasks; }
  unsigned needs() const { return score_->needs; }  // ASSAY_METRIC_*
  bool needs(unsigned flag) const { return (score_->needs & flag) != 0; }
  const std::vector<std::string>& value_names() const { return value_names_; }  // {""} for a plain metric

  // One value for each of value_names(); the first is the metric's. NaN = undefined on these rows; infinite becomes ComponentError.
  std::vector<double> score(const assay_scored& rows, const CallOptions& options) const;

 private:
  const assay_metric_score* score_ = nullptr;
  std::vector<std::string> value_names_;
};

}  // namespace assay::plugin
