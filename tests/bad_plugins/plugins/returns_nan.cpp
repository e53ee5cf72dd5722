// predict gives NaN
#include "linear.hpp"

struct Bad : Linear {
  void predict(const assay::Rows&, assay::Out out) const { out.fill(assay::kMissing); }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.returns_nan", "1.0.0", "predict gives NaN"))
