// offers fit beside step, and a train state that forgets the momentum: the host steps it, so that is what counts
#include "stepped.hpp"

struct Bad : Stepped {
  void fit(const assay::Batch& batch, assay::Call& call) {
    Linear linear;
    linear.fit(batch, call);
    weights = linear.weights;
  }
  void train_save(assay::Saver& saver) const {
    saver.put("weights", weights);
    saver.put("velocity", std::vector<double>(velocity.size(), 0.0));
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.fits_and_forgets", "1.0.0", "offers fit too; its train state forgets the momentum"))
