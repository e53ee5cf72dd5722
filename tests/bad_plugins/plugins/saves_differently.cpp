// save writes something new each time
#include "linear.hpp"

struct Bad : Linear {
  mutable double saves = 0;
  void save(assay::Saver& saver) const {
    Linear::save(saver);
    saver.put("saves", ++saves);
  }
  void load(const assay::Saved& saved) {
    Linear::load(saved);
    saves = saved.get<double>("saves");
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.saves_differently", "1.0.0", "save writes something new each time"))
