// takes a third of the weights where half are asked for
#include <algorithm>

#include "stepped.hpp"

struct Bad : Stepped {
  std::vector<double> live;

  double step(const assay::Batch& batch, const assay::Step& at, assay::Call& call) {
    const double loss = Stepped::step(batch, at, call);
    for (std::size_t i = 0; i < live.size(); ++i) weights[i] *= live[i];
    return loss;
  }
  void prune(assay::Pruning, double share) {
    live.resize(weights.size(), 1.0);
    for (std::size_t i = 0; static_cast<double>(3 * i) < 2 * share * static_cast<double>(weights.size()); ++i) weights[i] = live[i] = 0;
  }
  assay::ModelSize size(assay::Pruning) const {
    const auto all = static_cast<std::int64_t>(weights.size());
    const auto zeros = static_cast<std::int64_t>(std::count(weights.begin(), weights.end(), 0.0));
    return {all, zeros, all, zeros};
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.prunes_short", "1.0.0", "takes a third of the weights where half are asked for"))
