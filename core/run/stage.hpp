// What a run asks of the backtest, which it cannot see itself (levels): replays of strategies over one market. Implemented over backtest/
// in cli/compose.cpp, called by the runner and by strategy searches. Interfaces; see each for its thread rule.
#pragma once

#include <atomic>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "data/frame.hpp"
#include "plugin/registry.hpp"
#include "store/records.hpp"

namespace assay::run {

// A strategy from a time on, until the next one's; the account goes on.
struct StrategyLeg {
  TimeNs from = std::numeric_limits<TimeNs>::min() + 1;
  config::Component strategy;
};

struct ReplayJob {
  std::vector<StrategyLeg> legs;  // ascending
  TimeNs first = 0, last = 0;     // when it may trade, both inclusive; earlier bars can be looked at
  std::uint64_t seed = 0;
  bool curve_only = false;  // leave orders and fills away: a trial of a search keeps its curve and figures
};

struct Replayed {
  store::BacktestRecord record;
  double figure(std::string_view name) const;         // NaN where it is undefined
  std::vector<double> returns(double capital) const;  // simple returns of the equity curve, one for each time
};

// Replays over one market: one for each data set and its forecasts. run() may be called from several threads at once. Throws
// plugin::CallFailure (what a strategy did), Error(interrupted).
class BacktestSession {
 public:
  virtual ~BacktestSession() = default;
  virtual Replayed run(const ReplayJob& job) const = 0;
  // The same bars with other forecasts: frame rows x outputs, NaN where there is none.
  virtual std::unique_ptr<BacktestSession> with_forecasts(std::span<const double> forecasts, std::int64_t outputs) const = 0;
};

struct SessionSetup {
  const config::Experiment& experiment;  // backtest and resources count
  const data::Frame& frame;              // columns and features
  const plugin::Registry& registry;
  std::vector<config::Component> strategies;  // all that may run: their columns are put into the market
  std::filesystem::path program = "/proc/self/exe";
  const std::atomic<bool>* cancel = nullptr;
};

class BacktestStage {
 public:
  virtual ~BacktestStage() = default;
  // Throws Error(data) where the frame is no market: a price that is missing or outside low..high.
  virtual std::unique_ptr<BacktestSession> open(const SessionSetup& setup) const = 0;
};

}  // namespace assay::run
