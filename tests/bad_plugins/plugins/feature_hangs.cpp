// transform never comes back and never asks
#include "faults.hpp"
#include "moving.hpp"

struct Bad : Moving {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void transform(const assay::Frame& frame, assay::Out out) const {
    faults::hangs();
    Moving::transform(frame, out);
  }
};

ASSAY_PLUGIN(assay::feature<Bad>("bad.feature_hangs", "1.0.0", "transform never comes back and never asks"))
