// What `assay data check` found, as a table and paragraphs for people and as JSON. Used by data.cpp. Pure functions, thread-safe.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/console.hpp"
#include "quality/report.hpp"

namespace assay::cli {

// One thing that the check went by: a column's role and why it has it.
struct RoleLine {
  std::string role, column, why;
};

struct CheckedFile {
  std::string file;
  quality::Report report;
  std::vector<RoleLine> roles;
  std::function<std::int64_t(std::int64_t)> line_of;  // the line of a 0-based row; 0: unknown. Empty where there is no file
};

std::string report_text(const CheckedFile& checked, const Console& console);
std::string report_json(const CheckedFile& checked);

}  // namespace assay::cli
