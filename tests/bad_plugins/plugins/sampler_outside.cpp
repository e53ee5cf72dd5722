// asks for a little more than the largest value
#include <assay/sampler.hpp>

struct Bad {
  void ask(const assay::Space& space, std::int64_t number, std::span<double> point, assay::Call&) const {
    for (std::uint32_t i = 0; i < space.size(); ++i) point[i] = number == 7 ? space[i].high() + 1 : space[i].high();
  }
};

ASSAY_PLUGIN(assay::sampler<Bad>("bad.sampler_outside", "1.0.0", "leaves the space"))
