// draws from a generator of the whole process
#include <assay/sampler.hpp>

struct Bad {
  void ask(const assay::Space& space, std::int64_t, std::span<double> point, assay::Call&) const {
    static assay::Random random(1);
    for (std::uint32_t i = 0; i < space.size(); ++i) point[i] = space[i].at(random.uniform());
  }
};

ASSAY_PLUGIN(assay::sampler<Bad>("bad.sampler_counts", "1.0.0", "draws from a generator of the whole process"))
