// Vectors of 8 lanes.
#include "pipeline/rolling_lanes_body.hpp"

namespace assay::pipeline {

void roll_by_8(const LaneJob& job) { roll<V8>(job); }

}  // namespace assay::pipeline
