// A run's stored summary as the short table that people read. Used by run, runs show, rerun and reveal.
#pragma once

#include <string>

#include "cli/console.hpp"

namespace assay::cli {

using Row = std::vector<std::string>;
// Columns as wide as their widest cell; the first is left-aligned, the others right-aligned. Where the line would be too long, columns go
// into a block below, under the first column again; `group` of them stay together from column `from` on. The first row is the header.
std::string table(const std::vector<Row>& rows, std::size_t from, std::size_t group, const Console& console);

// `summary` is the JSON that the runner stored.
std::string result_text(const std::string& summary, const Console& console);

}  // namespace assay::cli
