// transform takes memory without end
#include "faults.hpp"
#include "moving.hpp"

struct Bad : Moving {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void transform(const assay::Frame& frame, assay::Out out) const {
    faults::eats_memory();
    Moving::transform(frame, out);
  }
};

ASSAY_PLUGIN(assay::feature<Bad>("bad.feature_eats_memory", "1.0.0", "transform takes memory without end"))
