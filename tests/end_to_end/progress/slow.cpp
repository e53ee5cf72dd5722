// A fit of a second that tells how far it got, and a training whose steps take their time.
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

struct SlowSteps {
  double mean = 0, rows = 0;

  void begin(const assay::Problem&, std::int64_t, assay::Call&) { mean = rows = 0; }
  double step(const assay::Batch& batch, const assay::Step&, assay::Call&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    for (std::int64_t r = 0; r < batch.size(); ++r) mean += (batch.y()[r] - mean) / ++rows;
    return 0;
  }
  void predict(const assay::Rows&, assay::Out out) const { out.fill(mean); }
};

ASSAY_PLUGIN(assay::model<Slow>("test.slow", "1.0.0", "Takes its time and tells of it").baseline(),
             assay::model<SlowSteps>("test.slow_steps", "1.0.0", "Takes its time over steps").baseline())
