// a parameter's default lies outside its range
#include "linear.hpp"

struct Bad : Linear {
  double l2 = 2;
  static void params(assay::Params<Bad>& p) { p.real<&Bad::l2>("l2", "Penalty on squared weights").range(0, 1); }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.default_out_of_range", "1.0.0", "a parameter's default lies outside its range"))
