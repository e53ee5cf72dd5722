// fit never comes back and never asks
#include "linear.hpp"

struct Bad : Linear {
  void fit(const assay::Batch&, assay::Call&) {
    for (volatile bool on = true; on;) {
    }
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.hangs", "1.0.0", "fit never comes back and never asks"))
