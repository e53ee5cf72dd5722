// Explanations as people read them: names, numbers and bars. Used by explain. Pure functions of what run/explainer gives as JSON.
#pragma once

#include <string>

#include "cli/text_table.hpp"

namespace assay::cli {

std::string explanation_text(const Json& json, std::size_t top, const Console& console);

}  // namespace assay::cli
