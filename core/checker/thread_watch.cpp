#include "checker/thread_watch.hpp"

#include <algorithm>
#include <filesystem>

namespace assay::checker {

int thread_count() {
  return static_cast<int>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator()));
}

ThreadWatch::ThreadWatch() {
  thread_ = std::thread([this] {
    while (!over_) {
      int now = peak_;
      try {
        now = thread_count();
      } catch (const std::filesystem::filesystem_error&) {  // a thread went away while its entry was read
      }
      peak_ = std::max(peak_.load(), now);
      ++samples_;
    }
  });
  while (samples_ == 0) std::this_thread::yield();
  start_ = peak_;
}

ThreadWatch::~ThreadWatch() {
  over_ = true;
  thread_.join();
}

}  // namespace assay::checker
