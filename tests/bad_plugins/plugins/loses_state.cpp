// save leaves the intercept behind
#include "linear.hpp"

struct Bad : Linear {
  void save(assay::Saver& saver) const {
    std::vector<double> slopes = weights;
    slopes.back() = 0;
    saver.put("weights", slopes);
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.loses_state", "1.0.0", "save leaves the intercept behind"))
