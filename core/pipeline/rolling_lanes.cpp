#include "pipeline/rolling_lanes.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace assay::pipeline {

namespace {

constexpr std::int64_t kLongestSorted = 256;  // rows

// Lanes of the widest vectors that this processor has.
int lanes_of_processor() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 2;
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") ? 8 : 4;
#else
  return 2;
#endif
}

}  // namespace

bool rolls_in_lanes(const Window& window) {
  const bool order = window.op == Op::median || window.op == Op::quantile || window.op == Op::rank;
  return !order || window.rows <= kLongestSorted;
}

void rolling_lanes(const Window& window, const LaneWork& work, int widest) {
  const Operator& entry = operator_of(window.op);
  ASSAY_CHECK(entry.family == Family::rolling && window.rows > 0 && work.lanes > 1 && rolls_in_lanes(window),
              "a rolling function for lanes");
  static const int kProcessor = lanes_of_processor();
  const LaneJob job{window, work, static_cast<double>(std::max<std::int64_t>(window.min_count, entry.least))};
  const std::int64_t lanes = std::min<std::int64_t>({widest, kProcessor, work.lanes});
  lanes >= 8 ? roll_by_8(job) : lanes >= 4 ? roll_by_4(job) : roll_by_2(job);
}

}  // namespace assay::pipeline
