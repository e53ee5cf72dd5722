// fit centres its input where it lies
#include "linear.hpp"

struct Bad : Linear {
  void fit(const assay::Batch& batch, assay::Call& call) {
    auto* first = const_cast<double*>(batch.x().data());
    if (batch.size() > 0) *static_cast<volatile double*>(first) = *first;
    Linear::fit(batch, call);
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.writes_input", "1.0.0", "fit centres its input where it lies"))
