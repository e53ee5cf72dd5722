#include "stats/stability.hpp"

#include <limits>

namespace assay::stats {

double selection_stability(const std::vector<std::vector<std::uint8_t>>& chosen) {
  if (chosen.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const double times = static_cast<double>(chosen.size()), inputs = static_cast<double>(chosen.front().size());
  double variance = 0, share = 0;
  for (std::size_t f = 0; f < chosen.front().size(); ++f) {
    double p = 0;
    for (const auto& one : chosen) p += one[f] / times;
    variance += times / (times - 1) * p * (1 - p) / inputs;
    share += p / inputs;
  }
  const double by_chance = share * (1 - share);
  return by_chance > 0 ? 1 - variance / by_chance : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace assay::stats
