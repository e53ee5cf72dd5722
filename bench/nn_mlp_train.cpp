// A whole training through the host's loop: 30,000 x 23, 64-32-1, batch 32, binary cross-entropy, Adam, 10 epochs in new orders, one
// thread. nn.mlp_step times the step alone; what the host adds (order, gathering, seeds, views) is the difference.

// links: assay::train assay::plugin
#include <filesystem>
#include <vector>

#include "harness.hpp"
#include "plugin/registry.hpp"
#include "train/local_learner.hpp"

using namespace assay;

namespace {

constexpr std::int64_t kRows = 30'000, kInputs = 23, kBatch = 32, kEpochs = 10;

struct Table {
  std::vector<double> x, y;
  Table() : x(kRows * kInputs), y(kRows) {
    std::uint32_t word = 1;
    for (double& v : x) v = static_cast<double>(static_cast<float>((word = word * 1664525u + 1013904223u) >> 8) / 4194304.0f - 2.0f);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i * kInputs] + x[i * kInputs + 1] * x[i * kInputs + 2] > 0 ? 1 : 0;
  }
  train::Rows rows() const {
    train::Rows rows;
    rows.count = kRows;
    rows.columns = kInputs;
    rows.x = x;
    rows.y = y;
    return rows;
  }
};

train::LearnerSetup setup(const plugin::LoadedComponent& component) {
  train::LearnerSetup setup;
  setup.model.id = component.spec.id;
  setup.task = config::Task::binary;
  setup.outputs = 1;
  setup.batch_size = kBatch;
  setup.shuffle = true;
  setup.seed = 7;
  setup.max_threads = 1;
  for (std::int64_t i = 0; i < kInputs; ++i) setup.inputs.push_back({"x" + std::to_string(i), pipeline::InputKind::number, {}});
  return setup;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::program(argc, argv, [](bench::Session& session) {
    if (!session.wants("nn.mlp_train")) return;
    plugin::SearchPath path;
    path.folders.emplace_back(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../plugins", "the build folder");
    const plugin::Registry registry(path);
    const auto& component = registry.component("model", "neural.mlp");
    const Table table;
    const double flops = kEpochs * kRows * 2.0 * (2 * (23 * 64 + 64 * 32 + 32) + 64 * 32 + 32);
    session.measure({.name = "nn.mlp_train", .unit = "s", .peer = "nn_mlp_train.py", .flops = flops, .goal = 0.235, .rounds = 5}, [&] {
      train::LocalLearner learner(component, setup(component), table.rows(), {});
      double loss = 0;
      const double seconds = bench::time([&] {
        learner.begin();
        for (std::int64_t epoch = 0; epoch < kEpochs; ++epoch) loss = learner.epoch(epoch, 1.0);
      });
      bench::require(loss < 0.3, "the fit did not learn");
      return seconds;
    });
  });
}
