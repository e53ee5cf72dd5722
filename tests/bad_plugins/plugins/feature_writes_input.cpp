// transform writes to its input
#include "faults.hpp"
#include "moving.hpp"

struct Bad : Moving {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void transform(const assay::Frame& frame, assay::Out out) const {
    faults::writes_input(frame.numbers(0).data());
    Moving::transform(frame, out);
  }
};

ASSAY_PLUGIN(assay::feature<Bad>("bad.feature_writes_input", "1.0.0", "transform writes to its input"))
