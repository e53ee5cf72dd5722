// How a network is pruned and how large it is (abi.h, model.prune/1), for all who do not hold the model itself. Used by plugin, train and
// run. Values.
#pragma once

#include <cstdint>

#include "assay/abi.h"

namespace assay::plugin {

enum class Pruning : std::uint32_t { weights = ASSAY_PRUNE_WEIGHTS, units = ASSAY_PRUNE_UNITS };

struct ModelSize {
  std::int64_t parameters = 0, zeros = 0;  // there are, and zero of them
  std::int64_t prunable = 0, pruned = 0;   // of what the method counts, as training began, and taken away since
  double share() const { return prunable == 0 ? 0 : static_cast<double>(pruned) / static_cast<double>(prunable); }
};

}  // namespace assay::plugin
