// libFuzzer: any lines as --set arguments over a sound file; an accepted experiment must come back from its resolved text.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"
#include "config/diagnostics_printer.hpp"
#include "config/experiment_reader.hpp"
#include "unit/config/fake_catalogue.hpp"

using namespace assay;

namespace {
constexpr const char* kBase = R"(assay: 1
seed: 7
data: {source: csv, path: a.csv, time: {column: t}}
inputs: [a, b]
target: {column: y, task: binary, horizon: 0}
split: {use: stratified, test: 0.2}
prepare: [{use: scale, method: standard}]
models: {one: {use: neural.mlp, hidden: [4, 2]}, two: {use: linear.logistic}}
evaluate: {metrics: [auc, brier], baselines: [prior]}
)";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::FakeCatalogue catalogue;
  config::ReadOptions options;
  options.catalogue = &catalogue;
  options.check_paths = false;
  options.environment = [](const std::string& name) { return name.size() < 3 ? std::optional<std::string>("3") : std::nullopt; };
  for (const std::string_view line : text::split({reinterpret_cast<const char*>(data), size}, '\n')) options.sets.emplace_back(line);
  config::SourceTexts sources;
  options.sources = &sources;
  Diagnostics diagnostics;
  const auto experiment = config::read_experiment_text(kBase, "fuzz/input.yaml", options, diagnostics);
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
