#include "plugin/quantiles.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"

namespace assay::plugin {

std::optional<QuantileFault> quantile_fault(std::span<const double> levels, std::span<const double> quantile,
                                            std::span<const double> value) {
  const std::size_t n = levels.size();
  for (std::size_t i = 0; i < quantile.size(); ++i) {
    const std::size_t row = i / n, k = i % n;
    if (!value.empty() && std::isnan(value[row])) continue;
    if (!std::isfinite(quantile[i])) return QuantileFault{row, fmt::format("its quantile of level {} is {}", levels[k], quantile[i])};
    if (k > 0 && quantile[i] < quantile[i - 1])
      return QuantileFault{row, fmt::format("its quantiles cross: {} at level {}, but {} at level {}", text::shortest(quantile[i - 1]),
                                            levels[k - 1], text::shortest(quantile[i]), levels[k])};
  }
  return std::nullopt;
}

}  // namespace assay::plugin
