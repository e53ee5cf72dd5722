// A fit of a second that tells how far it got.
#include <assay/model.hpp>

#include <chrono>
#include <thread>

struct Slow {
  double mean = 0;

  void fit(const assay::Batch& batch, assay::Call& call) {
    if (batch.size() == 0) throw assay::bad_input("there are no rows to learn from");
    for (int step = 0; step < 20; ++step) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      call.report(step, "distance", 1.0 / (step + 1));
    }
    for (std::int64_t r = 0; r < batch.size(); ++r) mean += batch.y()[r] / static_cast<double>(batch.size());
  }
  void predict(const assay::Rows&, assay::Out out) const { out.fill(mean); }
};

ASSAY_PLUGIN(assay::model<Slow>("test.slow", "1.0.0", "Takes its time and tells of it").baseline())
