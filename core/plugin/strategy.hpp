// The host's owner of one strategy object of a plugin, and the hand that it is called with. Used by backtest and by the checker. One
// thread, one backtest: it has a memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/component_owner.hpp"

namespace assay::plugin {

class Strategy : public ComponentOwner {
 public:
  Strategy(const LoadedComponent& component, const config::Map& params, const CallOptions& options = {});
  Strategy(Strategy&&) noexcept;
  ~Strategy();

  // Names of the columns that its histories have to hold, in order: what its COLUMN parameters and lists of them name ("": one that is not
  // given).
  const std::vector<std::string>& columns() const { return columns_; }
  static std::vector<std::string> columns_of(const LoadedComponent& component, const config::Map& params);

  // Events, in order of time. Each throws Stopped, or ComponentError where the strategy fails; those that it does not have do nothing.
  void on_start(assay_market& market) { event(events_->on_start, market, "on_start"); }
  void on_bar(assay_market& market) { event(events_->on_bar, market, "on_bar"); }
  void on_end(assay_market& market) { event(events_->on_end, market, "on_end"); }
  bool hears_fills() const { return events_->on_fill != nullptr; }
  void on_fill(assay_market& market, const assay_fill& fill);
  // Called from within one of its events: that event fails with this reason.
  void refuse(std::string_view reason);

 private:
  struct Hand;  // the options and callbacks, the same for all of its events
  void event(assay_status (*function)(void*, assay_call*, assay_market*), assay_market& market, const char* name);

  const assay_strategy_events* events_ = nullptr;
  std::vector<std::string> columns_;
  std::unique_ptr<Hand> hand_;
};

}  // namespace assay::plugin
