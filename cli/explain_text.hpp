// Explanations as people read them: names, numbers and bars. Used by explain. Pure functions of what run/explainer gives as JSON.
#pragma once

#include <optional>
#include <string>

#include "cli/text_table.hpp"

namespace assay::cli {

// top: features, charts or rows of reasons that are shown; none: as many as are easily read.
std::string explanation_text(const Json& json, std::optional<std::size_t> top, const Console& console);

}  // namespace assay::cli
