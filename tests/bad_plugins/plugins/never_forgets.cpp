// adds up everything since the first row
#include "moving.hpp"

struct Bad : Moving {
  static void params(assay::Params<Bad>& p) { declare(p); }
  std::int64_t warmup_rows() const { return 0; }
  void transform(const assay::Frame& frame, assay::Out out) const {
    double total = 0;
    for (std::int64_t t = 0; t < frame.rows(); ++t) out(t) = total += std::isnan(frame.numbers(0)[t]) ? 0 : frame.numbers(0)[t];
  }
};

ASSAY_PLUGIN(assay::feature<Bad>("bad.never_forgets", "1.0.0", "adds up everything since the first row"))
