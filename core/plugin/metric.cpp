#include "plugin/metric.hpp"

#include <cmath>

#include "base/error.hpp"
#include "plugin/call_host.hpp"

namespace assay::plugin {

Metric::Metric(const LoadedComponent& component, const config::Map& given, const CallOptions& options)
    : ComponentOwner(component, given, options) {
  ASSAY_CHECK(component.spec.kind == "metric", component.spec.id);
  score_ = component.ability<assay_metric_score>("metric.score/1");
  if (score_->n_values == 0 || score_->n_values > 10'000 || (score_->n_values > 1 && !score_->value_names))
    throw ComponentError(id(), "create", ASSAY_FAILED, "it does not say which values it gives");
  for (std::uint32_t i = 0; i < score_->n_values; ++i) value_names_.emplace_back(score_->value_names ? score_->value_names[i] : "");
}

std::vector<double> Metric::score(const assay_scored& rows, const CallOptions& options) const {
  std::vector<double> values(value_names_.size(), std::nan(""));
  CallHost host(options);
  host.finish(score_->score(self(), host.raw(), &rows, values.data()), *component_, "score");
  for (const double value : values)
    if (std::isinf(value)) throw ComponentError(id(), "score", ASSAY_FAILED, "it gave an infinite value; undefined is NaN");
  return values;
}

}  // namespace assay::plugin
