// All backtests of one run over one market: each in this process, or in a worker process that maps the market's memory, so that a strategy
// that crashes, hangs or takes all memory ends as a CallFailure with its reason and last log lines. Used by the run stage and by searches.
// Thread-safe: replays of several threads run at once, each worker serving one at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
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
  std::vector<Leg> legs;  // ascending; a walk-forward search has one for each fold
  Rules rules;
  Period period;
  std::uint64_t seed = 0;  // leg i's call gets a seed made of this and i
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
  // The registry has to outlive the session.
  Session(Market market, const plugin::Registry& registry, SessionOptions options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Market& market() const;

  // Throws plugin::CallFailure (refused, crashed, timed out, out of memory; in this process only refused), Error(interrupted) on cancel,
  // Error(usage) where a strategy wants a column that the market does not have.
  Outcome run(const Job& job) const;

 private:
  struct Pool;
  Market market_;
  const plugin::Registry& registry_;
  SessionOptions options_;
  std::unique_ptr<Pool> pool_;
};

// What `assay worker --backtest` does until the host closes the channel. Returns the exit code.
int run_worker();

// The columns, beside the prices, that these strategies read: what make_market needs as `features`.
std::vector<std::string> columns_of(const plugin::Registry& registry, std::span<const config::Component> strategies);

}  // namespace assay::backtest
