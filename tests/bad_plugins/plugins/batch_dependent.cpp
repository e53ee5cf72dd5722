// a prediction depends on the rows beside it
#include "linear.hpp"

struct Bad : Linear {
  void predict(const assay::Rows& rows, assay::Out out) const {
    Linear::predict(rows, out);
    double mean = 0;
    for (std::int64_t r = 0; r < out.rows(); ++r) mean += out(r) / static_cast<double>(out.rows());
    if (std::isnan(mean)) throw assay::bad_input("missing values");
    for (std::int64_t r = 0; r < out.rows(); ++r) out(r) -= mean;
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.batch_dependent", "1.0.0", "a prediction depends on the rows beside it"))
