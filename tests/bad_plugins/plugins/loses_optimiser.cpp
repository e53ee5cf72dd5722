// its train state forgets the momentum: a resumed training is another one
#include "stepped.hpp"

struct Bad : Stepped {
  void train_save(assay::Saver& saver) const {
    saver.put("weights", weights);
    saver.put("velocity", std::vector<double>(velocity.size(), 0.0));
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.loses_optimiser", "1.0.0", "its train state forgets the momentum"))
