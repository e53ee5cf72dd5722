// fit reports, but goes on when it is told to stop
#include "linear.hpp"

struct Bad : Linear {
  void fit(const assay::Batch& batch, assay::Call& call) {
    for (int i = 0; i < 500; ++i) {
      try {
        call.report(i, "loss", 1.0 / (i + 1));
      } catch (const assay::Stop&) {
        continue;
      }
    }
    try {
      Linear::fit(batch, call);
    } catch (const assay::Stop&) {
    }
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.ignores_stop", "1.0.0", "fit reports, but goes on when it is told to stop"))
