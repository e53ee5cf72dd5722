// says that it learns all horizons, and gives each the forecast of the first
#include "linear.hpp"

struct MixesHorizons : Linear {
  static constexpr bool takes_horizons = true;

  void fit(const assay::Batch& batch, assay::Call& call) {
    const auto y = batch.y_by_horizon();
    std::vector<double> first(static_cast<std::size_t>(y.rows()));
    for (std::int64_t r = 0; r < y.rows(); ++r) first[static_cast<std::size_t>(r)] = y(r, 0);
    assay_batch alone = batch.raw();
    alone.y.rank = 1;
    alone.y.stride[0] = 1;
    alone.y.data = first.data();
    Linear::fit(assay::Batch(alone), call);
  }
  void predict(const assay::Rows& rows, assay::Out out) const {
    Linear::predict(rows, out);  // the first column
    for (std::int64_t r = 0; r < rows.size(); ++r)
      for (std::int64_t h = 1; h < out.cols(); ++h) out(r, h) = out(r, 0);
  }
};

ASSAY_PLUGIN(assay::model<MixesHorizons>("bad.mixes_horizons", "1.0.0", "All horizons are the first"))
