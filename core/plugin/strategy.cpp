#include "plugin/strategy.hpp"

#include "base/error.hpp"

namespace assay::plugin {

Strategy::Strategy(const LoadedComponent& component, const config::Map& given, const CallOptions& options)
    : ComponentOwner(component, given, options) {
  ASSAY_CHECK(component.spec.kind == "strategy", component.spec.id);
  events_ = component.ability<assay_strategy_events>("strategy.events/1");
  if (events_->on_bar == nullptr) throw ComponentError(id(), "create", ASSAY_FAILED, "its table has no on_bar");
  for (const config::ParamSpec& param : component.spec.params)
    if (param.kind == config::ParamKind::column) columns_.push_back(find(params(), param.name)->as_text());
}

}  // namespace assay::plugin
