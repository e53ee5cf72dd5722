// The host's owner of one strategy object of a plugin. Used by backtest and by the checker. One thread, one backtest: it has a memory.
#pragma once

#include <string>
#include <vector>

#include "plugin/component_owner.hpp"

namespace assay::plugin {

class Strategy : public ComponentOwner {
 public:
  Strategy(const LoadedComponent& component, const config::Map& params, const CallOptions& options = {});

  const assay_strategy_events& events() const { return *events_; }
  using ComponentOwner::self;
  // Names of the columns that its histories have to hold, in order: its COLUMN parameters.
  const std::vector<std::string>& columns() const { return columns_; }

 private:
  const assay_strategy_events* events_ = nullptr;
  std::vector<std::string> columns_;
};

}  // namespace assay::plugin
