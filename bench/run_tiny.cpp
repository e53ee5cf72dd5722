// `assay run` of the smallest experiment, a worker process for each fit: from the program's start to its end, the result stored.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "harness.hpp"

using namespace assay;
namespace fs = std::filesystem;

int main(int argc, char** argv) {
  return bench::program(argc, argv, [](bench::Session& session) {
    if (!session.wants("run.tiny")) return;
    const fs::path folder = fs::temp_directory_path() / fmt::format("assay_bench_tiny_{}", ::getpid());
    fs::create_directories(folder);
    const struct Cleanup {
      fs::path path;
      ~Cleanup() { fs::remove_all(path); }
    } cleanup{folder};
    std::ofstream(folder / "tiny.yaml") << R"(assay: 1
name: tiny
seed: 1
data: {source: sim.credit, rows: 200, seed: 1}
target: {column: default, task: binary}
inputs: [income, debt_to_income]
split: {use: holdout, test: 0.2}
prepare: [{use: missing, method: median}, {use: scale, method: standard}]
model: {use: linear.logistic}
evaluate: {metrics: [auc], baselines: [prior]}
resources: {isolation: process, workers: 1}
)";
    session.measure({.name = "run.tiny", .unit = "ms", .goal = 50, .rounds = 15}, [&] {
      for (const char* old : {"assay.db", "assay.db-wal", "assay.db-shm"}) fs::remove(folder / old);
      const double seconds = bench::run_assay({"run", "tiny.yaml"}, folder.string());
      std::ifstream in(folder / "printed.txt");
      const std::string text(std::istreambuf_iterator<char>(in), {});
      bench::require(text.find("run 1 in") != std::string::npos, text);
      return seconds * 1e3;
    });
  });
}
