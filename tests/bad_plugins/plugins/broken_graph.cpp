// tells an operator that ONNX has not
#include "linear.hpp"

struct BrokenGraph : Linear {
  void graph(assay::Graph& g) const {
    const std::span<const double> slopes(weights.data(), weights.size() - 1);
    g.predicts(g.node("Matmul", {g.rows(), g.constant(slopes, {g.problem().inputs(), 1})}));
  }
};

ASSAY_PLUGIN(assay::model<BrokenGraph>("bad.broken_graph", "1.0.0", "Tells an operator that there is not"))
