// A number of a summary: null where it is not finite, since JSON has no word for that. Used by whoever writes one, run and cli. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace assay::run {

nlohmann::ordered_json number_json(double value);

}  // namespace assay::run
