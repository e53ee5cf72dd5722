// A number of a summary: null where it is not finite, since JSON has no word for that. Used by whoever writes one, run and cli. Pure.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace assay::run {

inline nlohmann::ordered_json number_json(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

}  // namespace assay::run
