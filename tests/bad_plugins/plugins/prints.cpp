// fit prints to stdout
#include <cstdio>
#include "linear.hpp"
struct Bad : Linear {
  void fit(const assay::Batch& batch, assay::Call& call) {
    std::puts("hello from inside the fit");
    Linear::fit(batch, call);
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.prints", "1.0.0", "fit prints to stdout"))
