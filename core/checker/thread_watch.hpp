// How many threads this process has, and the most it had while something ran. Used by the checker's `threads` and `max_threads` tests.
// ThreadWatch runs a thread of its own, which it does not count.
#pragma once

#include <atomic>
#include <thread>

namespace assay::checker {

int thread_count();

class ThreadWatch {
 public:
  ThreadWatch();
  ~ThreadWatch();
  int peak_beyond_start() const { return peak_.load() - start_; }

 private:
  std::atomic<bool> over_ = false;
  std::atomic<int> peak_ = 0, samples_ = 0;
  int start_ = 0;
  std::thread thread_;
};

}  // namespace assay::checker
