// fit ends the whole process
#include <cstdlib>
#include "linear.hpp"
struct Bad : Linear {
  void fit(const assay::Batch&, assay::Call&) { std::_Exit(7); }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.exits", "1.0.0", "fit ends the whole process"))
