// tells slopes that are not its own: those of one input have the other sign
#include <algorithm>

#include "linear.hpp"

struct WrongSlopes : Linear {
  void gradient(const assay::Rows& rows, std::int64_t, assay::Slopes slopes) const {
    for (std::int64_t r = 0; r < rows.size(); ++r) {
      slopes.score(r) = value(weights, rows.x().row(r));
      std::copy_n(weights.begin(), rows.inputs(), slopes.of_row(r).begin());
      slopes.of_row(r)[2] *= -1;
    }
  }
};

ASSAY_PLUGIN(assay::model<WrongSlopes>("bad.wrong_slopes", "1.0.0", "Tells slopes that are not its own"))
