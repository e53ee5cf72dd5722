// uses the next row
#include "moving.hpp"

struct Bad : Moving {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void transform(const assay::Frame& frame, assay::Out out) const {
    Moving::transform(frame, out);
    const auto x = frame.numbers(0);
    for (std::int64_t t = 0; t + 1 < frame.rows(); ++t) out(t) += x[t + 1] - x[t];
  }
};

ASSAY_PLUGIN(assay::feature<Bad>("bad.looks_ahead", "1.0.0", "uses the next row"))
