// What the fuzzers of the experiment file share: reads a text as an experiment file, prints what was found, and an accepted
// experiment must come back from its resolved text unchanged. No fuzzer itself. One thread.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "config/diagnostics_printer.hpp"
#include "config/experiment_reader.hpp"
#include "unit/config/fake_catalogue.hpp"

namespace assay::fuzz {

inline void there_and_back(const std::string& text, std::vector<std::string> sets = {}) {
  static const test::FakeCatalogue catalogue;
  config::ReadOptions options;
  options.catalogue = &catalogue;
  options.check_paths = false;
  options.environment = [](const std::string& name) { return name.size() < 3 ? std::optional<std::string>("3") : std::nullopt; };
  options.sets = std::move(sets);
  config::SourceTexts sources;
  options.sources = &sources;
  Diagnostics diagnostics;
  const auto experiment = config::read_experiment_text(text, "fuzz/input.yaml", options, diagnostics);
  config::PrintOptions print;
  print.sources = &sources;
  config::diagnostics_text(diagnostics, print);
  config::diagnostics_json(diagnostics);
  ASSAY_CHECK(experiment.has_value() == !diagnostics.has_errors(), "an experiment, or errors");
  if (!experiment) return;
  const auto back = config::experiment_from_resolved(experiment->resolved, experiment->file.parent_path(), experiment->name, &catalogue);
  ASSAY_CHECK(back.resolved == experiment->resolved, "the resolved text must read back");
}

}  // namespace assay::fuzz
