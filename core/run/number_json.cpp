#include "run/number_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace assay::run {

nlohmann::ordered_json number_json(double value) { return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(); }

}  // namespace assay::run
