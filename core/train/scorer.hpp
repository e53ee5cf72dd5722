// A metric plugin bound to the task: gives its numbers for a set of forecasts. Used by evaluation, the verdict and early stopping.
// It decides nothing: thresholds are set before (decide()). Thread-safe: metric plugins are const.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "plugin/metric.hpp"
#include "train/forecasts.hpp"

namespace assay::train {

class Scorer {
 public:
  Scorer(std::string name, std::shared_ptr<const plugin::AnyMetric> metric, config::Task task, std::int64_t classes);

  const std::string& name() const { return name_; }
  int direction() const;
  bool needs_decision() const;
  bool applies() const;  // the metric knows this task
  bool needs_quantiles() const;
  bool is_table() const;  // more than one value
  std::vector<std::string> value_names() const;

  // The metric's number; metrics by date on a panel give the mean over dates where it is defined. NaN: undefined, no rows,
  // or no quantiles where it needs them.
  double value(const ForecastSet& set) const;
  std::vector<double> values(const ForecastSet& set) const;  // all numbers; by-date metrics: the one

  // For panels and metrics by date: one number for each distinct time (ascending), NaN where undefined. Empty otherwise.
  struct ByDate {
    std::vector<TimeNs> time;
    std::vector<double> value;
  };
  ByDate by_date(const ForecastSet& set) const;
  bool is_by_date(const ForecastSet& set) const;  // the metric wants dates and some date has more than one row

 private:
  std::string name_;
  std::shared_ptr<const plugin::AnyMetric> metric_;
  config::Task task_;
  std::int64_t classes_;
};

double mean_value(const Scorer& scorer, std::span<const ForecastSet> horizons);  // over a fold's horizons

}  // namespace assay::train
