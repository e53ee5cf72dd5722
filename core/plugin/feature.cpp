#include "plugin/feature.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "plugin/abi_values.hpp"
#include "plugin/call_host.hpp"

namespace assay::plugin {

AnyFeature::AnyFeature(const LoadedComponent& component, const config::Map& params)
    : has_fit_(component.ability<assay_feature_fit>("feature.fit/1") != nullptr),
      cross_fits_(component.ability<assay_feature_fit_transform>("feature.fit_transform/1") != nullptr),
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
  fit_transform_ = component.ability<assay_feature_fit_transform>("feature.fit_transform/1");
  const std::uint32_t n = transform_->n_outputs(self());
  if (n == 0 || n > 100'000) throw ComponentError(id(), "create", ASSAY_FAILED, "it has no outputs, or too many");
  for (std::uint32_t i = 0; i < n; ++i) {
    const char* name = transform_->output_name(self(), i);
    output_names_.emplace_back(name ? name : "");
    if (n > 1 && (output_names_.back().empty() || std::count(output_names_.begin(), output_names_.end(), output_names_.back()) > 1))
      throw ComponentError(id(), "create", ASSAY_FAILED, "its outputs need names, each its own");
    const bool own = covers(*transform_, transform_->output_warmup) && transform_->output_warmup != nullptr;
    warmups_.push_back(own ? transform_->output_warmup(self(), i) : transform_->warmup_rows(self()));
    if (warmups_.back() < 0) throw ComponentError(id(), "create", ASSAY_FAILED, "its warm-up is negative");
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

std::vector<double> Feature::learn(const assay_frame& train, const assay_fit_rows& rows, const CallOptions& options) {
  const auto n = static_cast<std::size_t>(train.n_rows);
  if (!fit_transform_) {
    fit(train, {rows.target, n}, options);
    return {};
  }
  std::vector<double> values(n * outputs(), std::numeric_limits<double>::quiet_NaN());
  assay_array out = matrix_of(values, train.n_rows, true);
  CallHost host(options);
  host.finish(fit_transform_->fit_transform(self(), host.raw(), &train, &rows, &out), *component_, "fit_transform");
  refuse_infinite(values, "fit_transform");
  return values;
}

std::string Feature::report() const {
  const auto* table = component_->ability<assay_feature_report>("feature.report/1");
  if (table == nullptr) return {};
  const StateEntries told =
      collect("report", {}, [&](assay_call* call, assay_state_writer* writer) { return table->report(self(), call, writer); });
  const StateEntry* entry = told.find("report");
  return entry == nullptr || !entry->is_text ? std::string() : entry->text;
}

assay_array Feature::matrix_of(std::span<double> values, std::int64_t rows, bool by_column) const {
  const auto width = static_cast<std::int64_t>(outputs());
  assay_array out{};
  out.dtype = ASSAY_F64;
  out.rank = 2;
  out.device_kind = ASSAY_CPU;
  out.shape[0] = rows;
  out.shape[1] = width;
  out.stride[0] = by_column ? 1 : width;
  out.stride[1] = by_column ? rows : 1;
  out.data = values.data();
  return out;
}

void Feature::refuse_infinite(std::span<const double> values, const char* tried) const {
  bool infinite = false;
  for (const double v : values) infinite |= std::isinf(v);
  if (infinite) throw ComponentError(id(), tried, ASSAY_FAILED, "it gave an infinite value; missing is NaN");
}

void AnyFeature::transform_columns(const assay_frame& frame, std::span<double> values, const CallOptions& options) const {
  const auto rows = static_cast<std::size_t>(frame.n_rows);
  const std::vector<double> by_row = transform(frame, options);
  ASSAY_CHECK(by_row.size() == values.size() && values.size() == rows * outputs(), "a feature's values have another size");
  for (std::size_t o = 0; o < outputs(); ++o) {
    for (std::size_t t = 0; t < rows; ++t) values[o * rows + t] = by_row[t * outputs() + o];
  }
}

std::vector<double> Feature::transform(const assay_frame& frame, const CallOptions& options) const {
  std::vector<double> values(static_cast<std::size_t>(frame.n_rows) * outputs());
  transform_into(frame, values, false, options);
  return values;
}

void Feature::transform_columns(const assay_frame& frame, std::span<double> values, const CallOptions& options) const {
  transform_into(frame, values, true, options);
}

void Feature::transform_into(const assay_frame& frame, std::span<double> values, bool by_column, const CallOptions& options) const {
  ASSAY_CHECK(values.size() == static_cast<std::size_t>(frame.n_rows) * outputs(), "a feature's values have another size");
  std::fill(values.begin(), values.end(), std::numeric_limits<double>::quiet_NaN());  // what it leaves out is missing
  assay_array out = matrix_of(values, frame.n_rows, by_column);
  CallHost host(options);
  host.finish(transform_->transform(self(), host.raw(), &frame, &out), *component_, "transform");
  refuse_infinite(values, "transform");
}

}  // namespace assay::plugin
