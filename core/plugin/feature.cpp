#include "plugin/feature.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "plugin/call_host.hpp"

namespace assay::plugin {

AnyFeature::AnyFeature(const LoadedComponent& component, const config::Map& params)
    : has_fit_(component.ability<assay_feature_fit>("feature.fit/1") != nullptr),
      whole_panel_((component.ability<assay_feature_transform>("feature.transform/1")->flags & ASSAY_FEATURE_WHOLE_PANEL) != 0) {
  ASSAY_CHECK(component.spec.kind == "feature", component.spec.id);
  for (std::size_t i = 0; i < component.spec.params.size(); ++i) {
    const config::ParamSpec& spec = component.spec.params[i];
    const config::Value& value = params[i].second;
    if (value.is_none()) continue;
    if (spec.kind == config::ParamKind::column) columns_.push_back(value.as_text());
    if (spec.kind == config::ParamKind::list && spec.item_kind == config::ParamKind::column)
      for (const config::Value& item : value.as_list()) columns_.push_back(item.as_text());
  }
}

Feature::Feature(const LoadedComponent& component, const config::Map& given, const CallOptions& options)
    : ComponentOwner(component, given, options), AnyFeature(component, params()) {
  transform_ = component.ability<assay_feature_transform>("feature.transform/1");
  fit_ = component.ability<assay_feature_fit>("feature.fit/1");
  warmup_rows_ = transform_->warmup_rows(self());
  if (warmup_rows_ < 0) throw ComponentError(id(), "create", ASSAY_FAILED, "its warm-up is negative");
  const std::uint32_t n = transform_->n_outputs(self());
  if (n == 0 || n > 100'000) throw ComponentError(id(), "create", ASSAY_FAILED, "it has no outputs, or too many");
  for (std::uint32_t i = 0; i < n; ++i) {
    const char* name = transform_->output_name(self(), i);
    output_names_.emplace_back(name ? name : "");
    if (n > 1 && (output_names_.back().empty() || std::count(output_names_.begin(), output_names_.end(), output_names_.back()) > 1))
      throw ComponentError(id(), "create", ASSAY_FAILED, "its outputs need names, each its own");
  }
}

void Feature::fit(const assay_frame& train, std::span<const double> target, const CallOptions& options) {
  if (!fit_) throw ComponentError(id(), "fit", ASSAY_UNSUPPORTED, "it offers no feature.fit/1");
  assay_array y{};
  y.dtype = ASSAY_F64;
  y.rank = 1;
  y.device_kind = ASSAY_CPU;
  y.flags = ASSAY_ARRAY_READ_ONLY;
  y.shape[0] = static_cast<std::int64_t>(target.size());
  y.stride[0] = 1;
  y.data = const_cast<double*>(target.data());  // READ_ONLY says that nobody writes
  CallHost host(options);
  host.finish(fit_->fit(self(), host.raw(), &train, &y), *component_, "fit");
}

std::vector<double> Feature::transform(const assay_frame& frame, const CallOptions& options) const {
  const auto rows = static_cast<std::size_t>(frame.n_rows);
  std::vector<double> values(rows * outputs(), std::numeric_limits<double>::quiet_NaN());
  assay_array out{};
  out.dtype = ASSAY_F64;
  out.rank = 2;
  out.device_kind = ASSAY_CPU;
  out.shape[0] = frame.n_rows;
  out.shape[1] = out.stride[0] = static_cast<std::int64_t>(outputs());
  out.stride[1] = 1;
  out.data = values.data();
  CallHost host(options);
  host.finish(transform_->transform(self(), host.raw(), &frame, &out), *component_, "transform");
  if (std::any_of(values.begin(), values.end(), [](double v) { return std::isinf(v); }))
    throw ComponentError(id(), "transform", ASSAY_FAILED, "it gave an infinite value; missing is NaN");
  return values;
}

}  // namespace assay::plugin
