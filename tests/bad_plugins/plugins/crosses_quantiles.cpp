// says that its outcome is less likely to lie below a higher value: the quantile of level 0.75 falls below the median where x0 is negative
#include "linear.hpp"

struct CrossesQuantiles : Linear {
  void quantiles(const assay::Rows& rows, std::span<const double> levels, assay::Out out) const {
    for (std::int64_t r = 0; r < rows.size(); ++r)
      for (std::size_t k = 0; k < levels.size(); ++k)
        out(r, static_cast<std::int64_t>(k)) = value(weights, rows.x().row(r)) + (levels[k] - 0.5) * rows.x().row(r)[0];
  }
};

ASSAY_PLUGIN(assay::model<CrossesQuantiles>("bad.crosses_quantiles", "1.0.0", "Its quantiles cross"))
