// All backtests of one run over one market: each in this process, or in a worker process that maps the market's memory, so that a strategy
// that crashes, hangs or takes all memory ends as a CallFailure with its reason and last log lines. Used by the run stage and by searches.
// Thread-safe: replays of several threads run at once, each worker serving one at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backtest/engine.hpp"
#include "config/experiment.hpp"
#include "plugin/registry.hpp"
#include "worker/worker_process.hpp"

namespace assay::backtest {

struct Leg {
  TimeNs from = std::numeric_limits<TimeNs>::min() + 1;
  config::Component strategy;
};

struct Job {
  std::vector<Leg> legs;  // ascending, at least one; a walk-forward search has one for each fold
  Rules rules;
  Period period{};
  std::uint64_t seed = 0;   // leg i's calls get a seed made of this and i
  bool curve_only = false;  // without orders and fills: what a trial of a search keeps
};

struct SessionOptions {
  bool in_process = false;  // isolation: thread or none
  std::filesystem::path program = "/proc/self/exe";
  worker::Milliseconds timeout{0};  // of one replay; 0 = none
  std::uint64_t memory_bytes = 0;   // of a worker; 0 = no limit
  const std::atomic<bool>* cancel = nullptr;
};

class Session {
 public:
  // The registry has to outlive the session. A worker that ran a third-party plugin serves once.
  Session(Market market, const plugin::Registry& registry, SessionOptions options);
  ~Session();
  Session(Session&&) noexcept;

  // The same bars with other forecasts (or none), and the same workers.
  Session with_forecasts(const Forecasts& forecasts) const;
  const Market& market() const { return market_; }

  // Throws plugin::CallFailure (refused, crashed, timed out, out of memory; in this process only refused), Error (interrupted) on cancel.
  // A column that a strategy wants and the market does not have is a refusal too.
  Outcome run(const Job& job) const;

 private:
  class Workers;
  Session(Market market, const Session& other);
  Outcome run_here(const Job& job) const;

  Market market_;
  const plugin::Registry* registry_;
  SessionOptions options_;
  std::shared_ptr<Workers> workers_;
};

// What `assay worker --backtest` does until the host closes the channel. Returns the exit code.
int run_worker();

// The columns, beside the prices, that these strategies read: what make_market needs as `features`.
std::vector<std::string> columns_of(const plugin::Registry& registry, std::span<const config::Component> strategies);

}  // namespace assay::backtest
