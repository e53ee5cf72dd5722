// transform depends on what was asked before
#include "moving.hpp"

#include <atomic>

struct Bad : Moving {
  static void params(assay::Params<Bad>& p) { declare(p); }
  mutable std::atomic<int> calls = 0;
  void transform(const assay::Frame& frame, assay::Out out) const {
    if (frame.rows() == 0) return;
    const bool again = frame.numbers(0)[0] == last;
    Moving::transform(frame, out);
    if (!again) ++calls;
    last = frame.numbers(0)[0];
    for (std::int64_t t = 0; t < frame.rows(); ++t) out(t) += calls > 1 ? 1 : 0;
  }
  mutable std::atomic<double> last = assay::kMissing;
};

ASSAY_PLUGIN(assay::feature<Bad>("bad.remembers", "1.0.0", "transform depends on what was asked before"))
