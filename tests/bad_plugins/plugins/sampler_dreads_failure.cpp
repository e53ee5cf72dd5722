// has never thought of a trial without a value
#include <assay/sampler.hpp>

struct Bad {
  void ask(const assay::Space& space, std::int64_t, std::span<double> point, assay::Call& call) const {
    assay::Random random = call.random();
    for (std::uint32_t i = 0; i < space.size(); ++i) point[i] = space[i].at(random.uniform());
  }
  void tell(const assay::Space&, const assay::Trial& trial) {
    if (std::isnan(trial.value())) throw assay::Error("trial " + std::to_string(trial.number()) + " has no value");
  }
};

ASSAY_PLUGIN(assay::sampler<Bad>("bad.sampler_dreads_failure", "1.0.0", "has never thought of a trial without a value"))
