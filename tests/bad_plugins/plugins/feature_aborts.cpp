// transform calls abort
#include "faults.hpp"
#include "moving.hpp"

struct Bad : Moving {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void transform(const assay::Frame& frame, assay::Out out) const {
    faults::aborts();
    Moving::transform(frame, out);
  }
};

ASSAY_PLUGIN(assay::feature<Bad>("bad.feature_aborts", "1.0.0", "transform calls abort"))
