// refuses a value that its own range allows
#include "linear.hpp"

struct Bad : Linear {
  double l2 = 0.5;
  static void params(assay::Params<Bad>& p) { p.real<&Bad::l2>("l2", "Penalty on squared weights").range(0, 1); }
  void configured() const {
    if (l2 == 1) throw assay::bad_input("l2 has to be less than 1");
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.refuses_bound", "1.0.0", "refuses a value that its own range allows"))
