// calls a function that nobody has
#include "linear.hpp"

double nobody_has_this(double x);

struct Bad : Linear {
  void fit(const assay::Batch& batch, assay::Call& call) {
    Linear::fit(batch, call);
    weights.back() = nobody_has_this(weights.back());
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.missing_symbol", "1.0.0", "calls a function that nobody has"))
