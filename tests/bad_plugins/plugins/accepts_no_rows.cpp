// fit takes zero rows as if they taught something
#include "linear.hpp"

struct Bad : Linear {
  void fit(const assay::Batch& batch, assay::Call& call) {
    if (batch.size() > 0) return Linear::fit(batch, call);
    weights.assign(static_cast<std::size_t>(batch.inputs()) + 1, 0.0);
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.accepts_no_rows", "1.0.0", "fit takes zero rows as if they taught something"))
