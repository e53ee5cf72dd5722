// Calls a function that nobody has: loading must fail at once, and not the process at the first call.
#include "assay/metric.hpp"

double nobody_has_this_function();

namespace {
struct Missing {
  double score(const assay::Scored&) const { return nobody_has_this_function(); }
};
}  // namespace

ASSAY_PLUGIN(assay::metric<Missing>("test.missing", "1.0.0", "Lacks a symbol"))
