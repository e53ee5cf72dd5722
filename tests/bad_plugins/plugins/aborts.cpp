// fit calls abort
#include <cstdlib>
#include "linear.hpp"
struct Bad : Linear {
  void fit(const assay::Batch&, assay::Call&) { std::abort(); }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.aborts", "1.0.0", "fit calls abort"))
