// One training step of the 23-64-32-1 network on 30,000 rows, batch 32, binary cross-entropy, Adam, through the plugin boundary.
// links: assay::plugin
#include <filesystem>
#include <vector>

#include "harness.hpp"
#include "plugin/model.hpp"
#include "plugin/registry.hpp"

namespace {

constexpr std::int64_t kRows = 30'000, kInputs = 23, kBatch = 32, kEpochs = 10;

assay_array view(const std::vector<float>& data, std::int64_t first, std::int64_t rows, std::int64_t cols) {
  assay_array a{};
  a.dtype = ASSAY_F32;
  a.device_kind = ASSAY_CPU;
  a.rank = cols > 1 ? 2 : 1;
  a.shape[0] = rows;
  a.shape[1] = cols;
  a.stride[0] = cols;
  a.stride[1] = 1;
  a.data = const_cast<float*>(data.data()) + first * cols;
  return a;
}

}  // namespace

int main(int argc, char** argv) {
  return assay::bench::program(argc, argv, [](assay::bench::Session& session) {
    assay::plugin::SearchPath path;
    path.folders.emplace_back(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../plugins", "the build folder");
    const assay::plugin::Registry registry(path);
    const auto& component = registry.component("model", "neural.mlp");
    std::vector<float> x(kRows * kInputs), y(kRows);
    std::uint32_t word = 1;
    for (float& v : x) v = static_cast<float>((word = word * 1664525u + 1013904223u) >> 8) / 4194304.0f - 2.0f;
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i * kInputs] + x[i * kInputs + 1] * x[i * kInputs + 2] > 0 ? 1.0f : 0.0f;
    assay_problem problem{};
    problem.struct_size = sizeof(problem);
    problem.task = ASSAY_TASK_BINARY;
    problem.n_inputs = kInputs;
    problem.n_outputs = 1;
    // Forward and weight gradients of three layers, input gradients of two: multiply-adds a row, each two operations.
    const double flops = 2.0 * kBatch * (2 * (23 * 64 + 64 * 32 + 32) + 64 * 32 + 32);
    session.measure({.name = "nn.mlp_step", .unit = "us", .peer = "nn_mlp_step.py", .flops = flops, .goal = 12}, [&] {
      assay::plugin::Model model(component, {});
      assay::plugin::CallOptions options;
      options.seed = 7;
      model.begin(problem, kBatch, options);
      double loss = 0;
      std::int64_t steps = 0;
      const double seconds = assay::bench::time([&] {
        for (std::int64_t epoch = 0; epoch < kEpochs; ++epoch) {
          loss = 0;
          for (std::int64_t first = 0; first + kBatch <= kRows; first += kBatch, ++steps) {
            assay_batch batch{};
            batch.struct_size = sizeof(batch);
            batch.rows = kBatch;
            batch.problem = &problem;
            batch.x = view(x, first, kBatch, kInputs);
            batch.y = view(y, first, kBatch, 1);
            const assay_step at{sizeof(assay_step), 0, epoch, steps, 1.0};
            loss += model.step(batch, at, options);
          }
        }
      });
      assay::bench::require(loss / (kRows / kBatch) < 0.4, "the fit did not learn");
      return seconds * 1e6 / static_cast<double>(steps);
    });
  });
}
