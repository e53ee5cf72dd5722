#include "plugin/metric.hpp"

#include <cmath>

#include "base/error.hpp"
#include "plugin/call_host.hpp"

namespace assay::plugin {

AnyMetric::AnyMetric(const LoadedComponent& component) : table_(component.ability<assay_metric_score>("metric.score/1")) {
  ASSAY_CHECK(component.spec.kind == "metric", component.spec.id);
  if (table_->n_values == 0 || table_->n_values > 10'000 || (table_->n_values > 1 && !table_->value_names))
    throw ComponentError(component.spec.id, "create", ASSAY_FAILED, "it does not say which values it gives");
  for (std::uint32_t i = 0; i < table_->n_values; ++i) value_names_.emplace_back(table_->value_names ? table_->value_names[i] : "");
}

Metric::Metric(const LoadedComponent& component, const config::Map& given, const CallOptions& options)
    : ComponentOwner(component, given, options), AnyMetric(component) {}

std::vector<double> Metric::score(const assay_scored& rows, const CallOptions& options) const {
  std::vector<double> values(value_names().size(), std::nan(""));
  CallHost host(options);
  host.finish(table_->score(self(), host.raw(), &rows, values.data()), *component_, "score");
  for (const double value : values)
    if (std::isinf(value)) throw ComponentError(id(), "score", ASSAY_FAILED, "it gave an infinite value; undefined is NaN");
  return values;
}

}  // namespace assay::plugin
