// One flag in a page that host and worker share: "stop as soon as you can". Raised by the host, asked by the plugin's callbacks.
// Any thread, any signal handler, both processes.
#pragma once

#include <atomic>

#include "worker/descriptor.hpp"

namespace assay::worker {

class StopPage {
 public:
  static StopPage create();       // throws Error (failed)
  static StopPage map(int file);  // the other side; throws Error (failed)
  StopPage() = default;
  StopPage(StopPage&& other) noexcept;
  StopPage& operator=(StopPage&& other) noexcept;
  ~StopPage();

  void raise() noexcept {
    if (flag_) flag_->store(1, std::memory_order_relaxed);
  }
  void lower() noexcept {
    if (flag_) flag_->store(0, std::memory_order_relaxed);
  }
  bool is_raised() const noexcept { return flag_ && flag_->load(std::memory_order_relaxed) != 0; }
  int file() const { return file_.number(); }

 private:
  using Flag = std::atomic<unsigned>;
  static_assert(Flag::is_always_lock_free);
  explicit StopPage(Descriptor file);

  Descriptor file_;
  Flag* flag_ = nullptr;
};

}  // namespace assay::worker
