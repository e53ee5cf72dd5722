// predict is not made for several threads, but says it is
#include "linear.hpp"

#include <atomic>
#include <chrono>
#include <thread>
struct Bad : Linear {
  mutable std::atomic<int> inside{0};
  void predict(const assay::Rows& rows, assay::Out out) const {
    const bool alone = ++inside == 1;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    Linear::predict(rows, out);
    if (!alone || inside != 1) out(0) += 1;
    --inside;
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.not_concurrent", "1.0.0", "predict is not made for several threads, but says it is"))
