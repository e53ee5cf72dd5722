// Says for which CPU level it was built: the tests look which variant the host chose.
#include "assay/metric.hpp"

namespace {
struct Level {
  double score(const assay::Scored&) const { return ASSAY_LEVEL; }
};
}  // namespace

ASSAY_PLUGIN(assay::metric<Level>("variant.level", "1.0.0", "The CPU level of this build"))
