// Diagnostics as text for people (file:line:column, the source line, a caret, what the parameter means, the mend) and as JSON.
// Used by cli. It prints nothing itself. Pure functions, thread-safe; print_diagnostics reads source files where `sources` lacks them.
#pragma once

#include <string>

#include "base/diagnostic.hpp"
#include "config/document.hpp"

namespace assay::config {

struct PrintOptions {
  bool color = false;
  const SourceTexts* sources = nullptr;  // texts already read, "--set" among them
};

std::string diagnostics_text(const Diagnostics& diagnostics, const PrintOptions& options = {});
// [{"severity", "file", "line", "column", "length", "key", "message", "doc", "mend"}, ...]
std::string diagnostics_json(const Diagnostics& diagnostics);

}  // namespace assay::config
