// fit throws a std::exception
#include <stdexcept>
#include "linear.hpp"
struct Bad : Linear {
  void fit(const assay::Batch&, assay::Call&) { throw std::runtime_error("the moon is in the wrong house"); }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.throws_std", "1.0.0", "fit throws a std::exception"))
