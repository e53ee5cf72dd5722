// Vectors of 4 lanes.
#include "pipeline/rolling_lanes_body.hpp"

namespace assay::pipeline {

void roll_by_4(const LaneJob& job) { roll<V4>(job); }

}  // namespace assay::pipeline
