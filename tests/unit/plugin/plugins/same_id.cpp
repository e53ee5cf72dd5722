// A second plugin with an id that good.cpp has.
#include "assay/metric.hpp"

namespace {
struct Zero {
  double score(const assay::Scored&) const { return 0; }
};
}  // namespace

ASSAY_PLUGIN(assay::metric<Zero>("test.counts", "1.0.0", "Has another's id"))
