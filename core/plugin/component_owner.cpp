#include "plugin/component_owner.hpp"

#include "base/error.hpp"
#include "plugin/abi_values.hpp"
#include "plugin/call_host.hpp"

namespace assay::plugin {

config::Map in_schema_order(const LoadedComponent& component, const config::Map& given) {
  config::Map params;
  std::size_t used = 0;
  for (const config::ParamSpec& spec : component.spec.params) {
    const config::Value* value = nullptr;
    for (const auto& [name, candidate] : given)
      if (name == spec.name) value = &candidate;
    if (value) ++used;
    params.emplace_back(spec.name, value ? *value : spec.fallback);
    if (params.back().second.is_none() && spec.required && spec.only_if.empty())
      throw Error(Fault::usage, component.spec.id, "the parameter " + spec.name + " is required");
  }
  if (used != given.size())
    for (const auto& entry : given) {
      bool known = false;
      for (const config::ParamSpec& spec : component.spec.params) known = known || spec.name == entry.first;
      if (!known) throw Error(Fault::usage, component.spec.id, "it has no parameter " + entry.first);
    }
  return params;
}

ComponentOwner::ComponentOwner(const LoadedComponent& component, const config::Map& params, const CallOptions& options)
    : component_(&component), params_(in_schema_order(component, params)), self_(nullptr, component.raw->destroy) {
  const AbiValues values(params_, component.spec.params);
  CallHost host(options);
  self_.reset(component.raw->create(host.raw(), values.data(), values.size()));
  host.finish(self_ ? ASSAY_DONE : ASSAY_FAILED, component, "create");
}

bool ComponentOwner::has_state() const { return component_->ability<assay_state>("state/1") != nullptr; }

StateEntries ComponentOwner::save(const CallOptions& options) const {
  const auto* table = component_->ability<assay_state>("state/1");
  if (!table) throw ComponentError(id(), "save", ASSAY_UNSUPPORTED, "it offers no state/1");
  return collect("save", options, [&](assay_call* call, assay_state_writer* writer) { return table->save(self(), call, writer); });
}

void ComponentOwner::load(const StateEntries& state, const CallOptions& options) {
  const auto* table = component_->ability<assay_state>("state/1");
  if (!table) throw ComponentError(id(), "load", ASSAY_UNSUPPORTED, "it offers no state/1");
  StateReader reader(state);
  CallHost host(options);
  host.finish(table->load(self(), host.raw(), reader.raw()), *component_, "load");
}

StateEntries ComponentOwner::collect(const char* tried, const CallOptions& options,
                                     const std::function<assay_status(assay_call*, assay_state_writer*)>& save) const {
  StateEntries entries;
  StateWriter writer(entries);
  CallHost host(options);
  const assay_status status = save(host.raw(), writer.raw());
  if (!writer.last_error().empty()) throw ComponentError(id(), tried, ASSAY_FAILED, writer.last_error());
  host.finish(status, *component_, tried);
  return entries;
}

}  // namespace assay::plugin
