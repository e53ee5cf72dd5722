// The owner of one metric object of a plugin. Used by train (scoring), by workers and by the checker. score() may be called from several
// threads.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "plugin/component_owner.hpp"

namespace assay::plugin {

// What a scorer asks of a metric, wherever it computes: here (Metric) or in a worker process (run). What needs no object of the plugin is
// answered from its table.
class AnyMetric {
 public:
  virtual ~AnyMetric() = default;
  int direction() const { return table_->direction; }  // +1 higher is better, -1 lower, 0 neither
  unsigned tasks() const { return table_->tasks; }
  unsigned needs() const { return table_->needs; }  // ASSAY_METRIC_*
  bool needs(unsigned flag) const { return (table_->needs & flag) != 0; }
  const std::vector<std::string>& value_names() const { return value_names_; }  // {""} for a plain metric

  // One value for each of value_names(); the first is the metric's. NaN = undefined on these rows; infinite becomes ComponentError.
  virtual std::vector<double> score(const assay_scored& rows, const CallOptions& options) const = 0;

 protected:
  explicit AnyMetric(const LoadedComponent& component);
  AnyMetric(AnyMetric&&) = default;
  AnyMetric& operator=(AnyMetric&&) = default;

  const assay_metric_score* table_;

 private:
  std::vector<std::string> value_names_;
};

class Metric : public ComponentOwner, public AnyMetric {
 public:
  Metric(const LoadedComponent& component, const config::Map& params, const CallOptions& options = {});
  std::vector<double> score(const assay_scored& rows, const CallOptions& options) const override;
};

}  // namespace assay::plugin
