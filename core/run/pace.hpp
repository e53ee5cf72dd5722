// Lets something through once in a fifth of a second: what a fit reports of itself may come a million times a second. Used by worker_loop
// and unit_runner. One thread.
#pragma once

#include <chrono>

namespace assay::run {

class Pace {
 public:
  bool due() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return false;
    next_ = now + std::chrono::milliseconds(200);
    return true;
  }

 private:
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace assay::run
