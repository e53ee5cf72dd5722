// fit adds noise of its own, though it is flagged deterministic
#include <random>
#include "linear.hpp"
struct Bad : Linear {
  void fit(const assay::Batch& batch, assay::Call& call) {
    Linear::fit(batch, call);
    weights.back() += 1e-3 * (0.5 + static_cast<double>(std::random_device()() % 1000) / 1000);
  }
};

ASSAY_PLUGIN(assay::model<Bad>("bad.not_repeatable", "1.0.0", "fit adds noise of its own, though it is flagged deterministic"))
