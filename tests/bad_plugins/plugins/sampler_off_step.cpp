// knows nothing of steps
#include <assay/sampler.hpp>

struct Bad {
  void ask(const assay::Space& space, std::int64_t, std::span<double> point, assay::Call& call) const {
    assay::Random random = call.random();
    for (std::uint32_t i = 0; i < space.size(); ++i) {
      const double x = space[i].low() + random.uniform() * (space[i].high() - space[i].low());
      point[i] = space[i].is_real() ? x : std::floor(x);
    }
  }
};

ASSAY_PLUGIN(assay::sampler<Bad>("bad.sampler_off_step", "1.0.0", "knows nothing of steps"))
