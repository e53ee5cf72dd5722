// tells a graph that leaves out the intercept
#include "linear.hpp"

struct WrongGraph : Linear {
  void graph(assay::Graph& g) const {
    const std::span<const double> slopes(weights.data(), weights.size() - 1);
    g.predicts(g.node("MatMul", {g.rows(), g.constant(slopes, {g.problem().inputs(), 1})}));
  }
};

ASSAY_PLUGIN(assay::model<WrongGraph>("bad.wrong_graph", "1.0.0", "Tells a graph that is not its own"))
