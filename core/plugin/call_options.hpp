// What the host grants to one call of a plugin: seed, threads, where log lines and progress go, the stop flag, validation scores.
// Used by everyone who calls a component. Values; the callbacks run on the calling thread (log and report) and have to outlive the call.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "assay/abi.h"
#include "base/error.hpp"

namespace assay::plugin {

struct CallOptions {
  std::uint64_t seed = 0;
  unsigned max_threads = 1;
  const std::atomic<bool>* stop = nullptr;  // true: the component is asked to leave
  // Each may be null.
  std::function<void(int level, std::string_view line)> log;                             // 0 debug, 1 note, 2 warning
  std::function<bool(std::int64_t step, std::string_view metric, double value)> report;  // true: stop
  std::function<double(const assay_array& predictions)> evaluate;                        // higher is better; may throw
};

// A component left because it was asked to.
class Stopped : public Error {
 public:
  explicit Stopped(const std::string& component);
};

// A component said why it cannot go on (or broke a rule of the boundary). fault() is failed; data for BAD_STATE.
class ComponentError : public Error {
 public:
  ComponentError(std::string component, const std::string& tried, assay_status status, const std::string& reason);
  const std::string& component() const { return component_; }
  assay_status status() const { return status_; }

 private:
  std::string component_;
  assay_status status_;
};

// A call into a component that lives in a worker process did not end well. `refused`: the component said why, as ComponentError would have
// it here; else its process ended, or had to be ended.
class CallFailure : public Error {
 public:
  enum class How { refused, crashed, timed_out, out_of_memory };
  CallFailure(How how, const std::string& tried, const std::string& happened, std::string log)
      : Error(Fault::failed, tried, happened), how_(how), log_(std::move(log)) {}
  How how() const { return how_; }
  const std::string& log() const { return log_; }  // its last lines
  std::string with_log() const;                    // what(), then the very last of them

 private:
  How how_;
  std::string log_;
};

const char* status_text(assay_status status);  // "bad input", "out of memory" ...

}  // namespace assay::plugin
