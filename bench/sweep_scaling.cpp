// How near a sweep of trials that only compute comes to using all cores: the time of one worker over that of N workers, divided by N.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "harness.hpp"

using namespace assay;
namespace fs = std::filesystem;

int main(int argc, char** argv) {
  return bench::program(argc, argv, [](bench::Session& session) {
    if (!session.wants("sweep.scaling")) return;
    const fs::path folder = fs::temp_directory_path() / fmt::format("assay_bench_scaling_{}", ::getpid());
    fs::create_directories(folder);
    const struct Cleanup {
      fs::path path;
      ~Cleanup() { fs::remove_all(path); }
    } cleanup{folder};
    std::ofstream(folder / "sweep.yaml") << R"(assay: 1
name: sweep
seed: 1
data: {source: sim.credit, rows: 20000, seed: 1}
target: {column: default, task: binary}
inputs: all
split: {use: holdout, test: 0.2, validation: 0.2}
prepare: [{use: one_hot, drop: first}, {use: scale, method: standard}]
model: {use: neural.mlp, hidden: [64, 32]}
train: {epochs: 20, batch_size: 32}
evaluate: {metrics: [auc], baselines: [prior]}
search:
  use: random
  trials: 128
  objective: {metric: auc}
  space: {model.learning_rate: {min: 1.0e-4, max: 1.0e-2, scale: log}}
)";
    const auto cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    const auto seconds = [&](int workers) {
      for (const char* old : {"assay.db", "assay.db-wal", "assay.db-shm"}) fs::remove(folder / old);
      const double taken = bench::run_assay({"run", "sweep.yaml", "--workers", std::to_string(workers)}, folder.string());
      std::ifstream in(folder / "printed.txt");
      const std::string text(std::istreambuf_iterator<char>(in), {});
      bench::require(text.find("128 trials complete") != std::string::npos, text);
      return taken;
    };
    session.measure({.name = "sweep.scaling",
                     .unit = "of linear",
                     .threads = cores,
                     .rate = true,
                     .peer = "sweep_scaling.py",
                     .goal = 0.9,
                     .rounds = 3},
                    [&] { return seconds(1) / seconds(cores) / cores; });
  });
}
