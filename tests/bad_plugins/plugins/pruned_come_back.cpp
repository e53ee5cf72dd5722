// prunes, and lets the next step bring the weights back
#include <algorithm>

#include "stepped.hpp"

struct Bad : Stepped {
  void prune(assay::Pruning, double share) {
    for (std::size_t i = 0; static_cast<double>(i) < share * static_cast<double>(weights.size()); ++i) weights[i] = 0;
  }
  assay::ModelSize size(assay::Pruning method) const {
    if (method == assay::Pruning::units) throw assay::Error("it has no units", ASSAY_UNSUPPORTED);
    const auto all = static_cast<std::int64_t>(weights.size());
    const auto zeros = static_cast<std::int64_t>(std::count(weights.begin(), weights.end(), 0.0));
    return {all, zeros, all, zeros};
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.pruned_come_back", "1.0.0", "lets the next step bring pruned weights back"))
