// goes on from its last point, which is not there where a study goes on
#include <assay/sampler.hpp>

struct Bad {
  mutable double last = 0;
  void ask(const assay::Space& space, std::int64_t, std::span<double> point, assay::Call& call) const {
    last = (last + call.random().uniform()) / 2;
    for (std::uint32_t i = 0; i < space.size(); ++i) point[i] = space[i].at(last);
  }
};

ASSAY_PLUGIN(assay::sampler<Bad>("bad.sampler_remembers_asking", "1.0.0", "goes on from its last point"))
