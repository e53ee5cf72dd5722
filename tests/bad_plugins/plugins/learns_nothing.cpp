// predicts a constant, but is no baseline
#include "linear.hpp"

struct Bad : Linear {
  void predict(const assay::Rows&, assay::Out out) const { out.fill(0.25); }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.learns_nothing", "1.0.0", "predicts a constant, but is no baseline"))
