// a long fit that never asks whether it should stop (a warning)
#include "linear.hpp"

#include <chrono>
#include <thread>
struct Bad : Linear {
  void fit(const assay::Batch& batch, assay::Call& call) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(150);
    weights.assign(static_cast<std::size_t>(batch.inputs()) + 1, 0.0);
    if (batch.size() == 0) throw assay::bad_input("there are no rows to learn from");
    for (int round = 0; round < 200; ++round) {
      std::vector<double> slope(weights.size(), 0.0);
      for (std::int64_t r = 0; r < batch.size(); ++r) {
        const double miss = value(weights, batch.x().row(r)) - batch.y()[r];
        for (std::size_t i = 0; i + 1 < slope.size(); ++i) slope[i] += miss * batch.x().row(r)[i];
        slope.back() += miss;
      }
      for (std::size_t i = 0; i < slope.size(); ++i) weights[i] -= 0.2 * slope[i] / static_cast<double>(batch.size());
    }
    std::this_thread::sleep_until(until);
    call.log("done");
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.stops_by_kill", "1.0.0", "a long fit that never asks whether it should stop (a warning)"))
