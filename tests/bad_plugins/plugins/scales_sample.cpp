// divides by the largest value of the whole sample
#include "moving.hpp"

struct Bad : Moving {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void transform(const assay::Frame& frame, assay::Out out) const {
    Moving::transform(frame, out);
    const auto x = frame.numbers(0);
    double largest = 1e-9;
    for (std::int64_t t = 0; t < frame.rows(); ++t) largest = x[t] > largest ? x[t] : largest;
    for (std::int64_t t = 0; t < frame.rows(); ++t) out(t) /= largest;
  }
};

ASSAY_PLUGIN(assay::feature<Bad>("bad.scales_sample", "1.0.0", "divides by the largest value of the whole sample"))
