// libFuzzer: any lines as --set arguments over a sound experiment file.
#include <cstddef>
#include <cstdint>

#include "base/text.hpp"
#include "there_and_back.hpp"

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
  std::vector<std::string> sets;
  for (const std::string_view line : assay::text::split({reinterpret_cast<const char*>(data), size}, '\n')) sets.emplace_back(line);
  assay::fuzz::there_and_back(kBase, std::move(sets));
  return 0;
}
