// fit writes to memory that is not there
#include "linear.hpp"

struct Bad : Linear {
  void fit(const assay::Batch&, assay::Call&) {
    auto* nowhere = reinterpret_cast<volatile int*>(4096);
    *nowhere = 1;
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.segfaults", "1.0.0", "fit writes to memory that is not there"))
