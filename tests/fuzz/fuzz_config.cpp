// libFuzzer: any bytes as an experiment file, printed too; a file that is accepted must come back from its resolved text unchanged.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "config/diagnostics_printer.hpp"
#include "config/experiment_reader.hpp"
#include "unit/config/fake_catalogue.hpp"

using namespace assay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::FakeCatalogue catalogue;
  config::ReadOptions options;
  options.catalogue = &catalogue;
  options.check_paths = false;
  options.environment = [](const std::string& name) { return name.size() < 3 ? std::optional<std::string>("3") : std::nullopt; };
  config::SourceTexts sources;
  options.sources = &sources;
  Diagnostics diagnostics;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto experiment = config::read_experiment_text(text, "fuzz/input.yaml", options, diagnostics);
  config::PrintOptions print;
  print.sources = &sources;
  config::diagnostics_text(diagnostics, print);
  config::diagnostics_json(diagnostics);
  ASSAY_CHECK(experiment.has_value() == !diagnostics.has_errors(), "an experiment, or errors");
  if (!experiment) return 0;
  const auto back = config::experiment_from_resolved(experiment->resolved, experiment->file.parent_path(), experiment->name, &catalogue);
  ASSAY_CHECK(back.resolved == experiment->resolved, "the resolved text must read back");
  return 0;
}
