// What Model, Feature and Metric share: the created object, the reusable assay_call, and turning a status into an exception. Used by those
// three only. Moves, does not copy. One owner serves one thread at a time unless the class says otherwise.
#pragma once

#include <memory>
#include <string>

#include "assay/abi.h"
#include "config/value.hpp"
#include "plugin/call_options.hpp"
#include "plugin/loaded_component.hpp"

namespace assay::plugin {

class CallHost;  // the C callbacks of one call over CallOptions

class ComponentOwner {
 public:
  // `params` as the checker left them: schema order, defaults filled in. Missing ones take their default, unknown names throw.
  ComponentOwner(const LoadedComponent& component, const config::Map& params, const CallOptions& options);
  ~ComponentOwner();
  ComponentOwner(ComponentOwner&&) noexcept;
  ComponentOwner& operator=(ComponentOwner&&) noexcept;

  const LoadedComponent& component() const { return *component_; }
  const std::string& id() const { return component_->spec.id; }
  const config::Map& params() const { return params_; }
  void* self() const { return self_.get(); }
  bool has_state() const;
  bool deterministic() const { return component_->has(ASSAY_DETERMINISTIC); }

 protected:
  const LoadedComponent* component_;
  config::Map params_;
  std::unique_ptr<void, void (*)(void*)> self_;
};

}  // namespace assay::plugin
