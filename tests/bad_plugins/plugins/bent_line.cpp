// is flagged LINEAR, and bends: its slopes are right, but not the same for every row
#include <algorithm>

#include "linear.hpp"

struct BentLine : Linear {
  void predict(const assay::Rows& rows, assay::Out out) const {
    Linear::predict(rows, out);
    for (std::int64_t r = 0; r < rows.size(); ++r) out(r) += 0.1 * rows.x()(r, 0) * rows.x()(r, 0);
  }
  void gradient(const assay::Rows& rows, std::int64_t, assay::Slopes slopes) const {
    const auto x = rows.x();
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      slopes.score(r) = value(weights, x.row(r)) + 0.1 * x(r, 0) * x(r, 0);
      std::copy_n(weights.begin(), rows.inputs(), slopes.of_row(r).begin());
      slopes.of_row(r)[0] += 0.2 * x(r, 0);
    }
  }
};

ASSAY_PLUGIN(assay::model<BentLine>("bad.bent_line", "1.0.0", "Calls itself linear, and bends").linear())
