// fit throws something that is no std::exception
#include "linear.hpp"

struct Bad : Linear {
  struct Tantrum {};
  void fit(const assay::Batch&, assay::Call&) { throw Tantrum{}; }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.throws_other", "1.0.0", "fit throws something that is no std::exception"))
