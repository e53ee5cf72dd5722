// fit starts threads of its own, whatever max_threads says
#include "linear.hpp"

#include <chrono>
#include <thread>
struct Bad : Linear {
  void fit(const assay::Batch& batch, assay::Call& call) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([] { std::this_thread::sleep_for(std::chrono::milliseconds(30)); });
    Linear::fit(batch, call);
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.too_many_threads", "1.0.0", "fit starts threads of its own, whatever max_threads says"))
