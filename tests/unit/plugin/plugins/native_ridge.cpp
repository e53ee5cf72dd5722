// Eigen code built for this very CPU (-march=native), beside a host that is not: the pair that died with C++ classes across the boundary.
#include "assay/eigen.hpp"
#include "assay/model.hpp"

namespace {
struct Ridge {
  double l2 = 1e-3;
  static void params(assay::Params<Ridge>& p) { p.real<&Ridge::l2>("l2", "Penalty on squared weights").range(0, 1e6).log_scale(); }
  void fit(const assay::Batch& d, assay::Call&) {
    const auto x = assay::matrix(d);
    Eigen::MatrixXd gram = x.transpose() * x;
    gram.diagonal().array() += l2;
    weights = gram.ldlt().solve(x.transpose() * assay::target(d));
  }
  void predict(const assay::Rows& rows, assay::Out out) const { assay::vector(out) = assay::matrix(rows) * weights; }
  void save(assay::Saver& s) const {
    s.put("weights", weights);
    s.put("square", Eigen::MatrixXf(Eigen::MatrixXf::Identity(2, 3) * 2));
  }
  void load(const assay::Saved& s) {
    weights = s.vector("weights");
    const Eigen::MatrixXf square = s.matrix("square");
    if (square.rows() != 2 || square.cols() != 3 || square(1, 1) != 2 || square(0, 1) != 0) throw assay::bad_state("the square is bent");
  }
  Eigen::VectorXd weights;
};
}  // namespace

ASSAY_PLUGIN(assay::model<Ridge>("example.ridge", "1.0.0", "Ridge regression, closed form"))
