// Vectors of 2 lanes.
#include "pipeline/rolling_lanes_body.hpp"

namespace assay::pipeline {

void roll_by_2(const LaneJob& job) { roll<V2>(job); }

}  // namespace assay::pipeline
