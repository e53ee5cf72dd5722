// fills missing values with the next one
#include "moving.hpp"

struct Bad : Moving {
  static void params(assay::Params<Bad>& p) { declare(p); }
  std::int64_t warmup_rows() const { return 0; }
  void transform(const assay::Frame& frame, assay::Out out) const {
    const auto x = frame.numbers(0);
    double next = assay::kMissing;
    for (std::int64_t t = frame.rows(); t-- > 0;) out(t) = next = std::isnan(x[t]) ? next : x[t];
  }
};

ASSAY_PLUGIN(assay::feature<Bad>("bad.fills_back", "1.0.0", "fills missing values with the next one"))
