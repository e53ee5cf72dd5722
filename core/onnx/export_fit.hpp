// A fit of a stored run as an ONNX file: the preparation that was fitted on its train rows, the graph that its model tells, and the way
// back of drawn classes. The file takes the columns that stand before the preparation (features included) and gives what `assay predict`
// gives. Used by cli. One thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "run/stored_fit.hpp"

namespace assay::onnx {

struct ExportRequest {
  run::FitChoice fit;
  std::string version;  // of the program, for the file
};

struct ExportedFit {
  std::string bytes;
  store::UnitKey key;
  std::string component;                      // "neural.mlp 2.0.0"
  std::vector<pipeline::InputColumn> inputs;  // the columns of the file's input, in order
  std::int64_t lookback = 0, outputs = 1;     // lookback 0: the input is rows x inputs, else rows x lookback x inputs
  std::size_t nodes = 0, numbers = 0;         // numbers: of the model, in its constants
  std::vector<std::string> classes, notes;
  std::vector<std::pair<std::string, std::string>> metadata;  // of the file
};

inline constexpr const char *kInput = "inputs", *kOutput = "forecast", *kQuantiles = "quantiles";

// Throws Error(usage) where the run has no such fit or where something in it cannot be expressed: which step, feature or model, and why.
ExportedFit export_fit(const store::Store& store, const ExportRequest& request, const run::RunContext& context);

}  // namespace assay::onnx
