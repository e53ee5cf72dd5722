// starts a thread as soon as it is loaded
#include <chrono>
#include <thread>

#include "linear.hpp"

namespace {
struct AtLoad {
  AtLoad() {
    std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
  }
} at_load;
}  // namespace

ASSAY_PLUGIN(assay::model<Linear>("bad.starts_thread", "1.0.0", "starts a thread as soon as it is loaded"))
