#include "plugin/strategy.hpp"

#include "base/error.hpp"
#include "plugin/call_host.hpp"

namespace assay::plugin {

std::vector<std::string> Strategy::columns_of(const LoadedComponent& component, const config::Map& given) {
  const config::Map params = in_schema_order(component, given);
  std::vector<std::string> columns;
  const auto add = [&](const config::Value& value) { columns.push_back(value.is_none() ? "" : value.as_text()); };
  for (std::size_t i = 0; i < params.size(); ++i) {
    const config::ParamSpec& spec = component.spec.params[i];
    const config::Value& value = params[i].second;
    if (spec.kind == config::ParamKind::column) add(value);
    if (spec.kind == config::ParamKind::list && spec.item_kind == config::ParamKind::column && !value.is_none())
      for (const config::Value& item : value.as_list()) add(item);
  }
  return columns;
}

struct Strategy::Hand {
  explicit Hand(const CallOptions& given) : options(given), call(options) {}
  CallOptions options;
  CallHost call;
};

Strategy::Strategy(const LoadedComponent& component, const config::Map& given, const CallOptions& options)
    : ComponentOwner(component, given, options), hand_(std::make_unique<Hand>(options)) {
  ASSAY_CHECK(component.spec.kind == "strategy", component.spec.id);
  events_ = component.ability<assay_strategy_events>("strategy.events/1");
  if (events_ == nullptr || events_->on_bar == nullptr) throw ComponentError(id(), "create", ASSAY_FAILED, "it offers no on_bar");
  columns_ = columns_of(component, params());
}

Strategy::Strategy(Strategy&&) noexcept = default;
Strategy::~Strategy() = default;

void Strategy::event(assay_status (*function)(void*, assay_call*, assay_market*), assay_market& market, const char* name) {
  if (function == nullptr) return;
  hand_->call.finish(function(self(), hand_->call.raw(), &market), component(), name);
  hand_->call.free_scratch();
}

void Strategy::on_fill(assay_market& market, const assay_fill& fill) {
  hand_->call.finish(events_->on_fill(self(), hand_->call.raw(), &market, &fill), component(), "on_fill");
  hand_->call.free_scratch();
}

void Strategy::refuse(std::string_view reason) {
  hand_->call.raw()->fail(hand_->call.raw(), ASSAY_BAD_INPUT, {reason.data(), reason.size()});
}

}  // namespace assay::plugin
