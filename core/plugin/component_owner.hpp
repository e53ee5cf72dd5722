// What Model, Feature and Metric share: the created object, its parameters, its saved state. Used through those three. Moves, does not
// copy. The object belongs to one thread at a time unless the derived class says otherwise.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "assay/abi.h"
#include "config/value.hpp"
#include "plugin/call_options.hpp"
#include "plugin/loaded_component.hpp"
#include "plugin/state_entries.hpp"

namespace assay::plugin {

// All parameters in schema order: those given, the others' defaults. Throws Error (usage): one that is unknown, or required and missing.
config::Map in_schema_order(const LoadedComponent& component, const config::Map& given);

class ComponentOwner {
 public:
  // `params`: values as the checker left them. Missing ones take their default; an unknown or missing required one is an Error (usage).
  // Throws ComponentError where the plugin refuses its parameters.
  ComponentOwner(const LoadedComponent& component, const config::Map& params, const CallOptions& options);

  const LoadedComponent& component() const { return *component_; }
  const std::string& id() const { return component_->spec.id; }
  const config::Map& params() const { return params_; }  // in schema order, all of them
  bool has_state() const;
  bool deterministic() const { return component_->has(ASSAY_DETERMINISTIC); }

  StateEntries save(const CallOptions& options) const;
  void load(const StateEntries& state, const CallOptions& options);  // entries that it cannot read: ComponentError (data)

 protected:
  void* self() const { return self_.get(); }
  StateEntries collect(const char* tried, const CallOptions& options,
                       const std::function<assay_status(assay_call*, assay_state_writer*)>& save) const;

  const LoadedComponent* component_;

 private:
  config::Map params_;
  std::unique_ptr<void, void (*)(void*)> self_;
};

}  // namespace assay::plugin
