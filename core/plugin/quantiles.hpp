// Whether forecasts of quantiles can be true. Used by run (what a model gave for rows of a file) and by the checker. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace assay::plugin {

struct QuantileFault {
  std::size_t row = 0;
  std::string what;
};

// The first row whose values (rows x levels) are not finite, or fall from one level to the next. `value`: point forecasts, one a row; rows
// where that is NaN were not forecast and are passed over. Empty: all rows were.
std::optional<QuantileFault> quantile_fault(std::span<const double> levels, std::span<const double> quantile,
                                            std::span<const double> value = {});

}  // namespace assay::plugin
