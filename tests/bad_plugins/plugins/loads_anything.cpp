// load takes any state, an empty one too
#include "linear.hpp"

struct Bad : Linear {
  void load(const assay::Saved& saved) {
    weights.assign(6, 0.0);
    try {
      Linear::load(saved);
    } catch (const assay::Error&) {
    }
    weights.resize(6);
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.loads_anything", "1.0.0", "load takes any state, an empty one too"))
