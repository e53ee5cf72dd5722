// What a search costs beside its trials: drawing a point, making the trial's experiment, keeping it. The objective itself is nothing. Each
// trial is one durable commit; the disk's part of it would drown the rest (and changes from minute to minute), so the store lies in memory
// (/dev/shm) here, and what a commit takes on the disk is printed beside it.
// links: assay::run
#include <fmt/format.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/error.hpp"
#include "config/experiment_reader.hpp"
#include "harness.hpp"
#include "run/study_runner.hpp"

using namespace assay;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kTrials = 1000;

constexpr const char* kFile = R"(assay: 1
name: sweep
seed: 1
data: {source: sim.credit, rows: 200, seed: 1}
target: {column: default, task: binary}
inputs: all
split: {use: holdout, test: 0.2, validation: 0.2}
prepare: [{use: one_hot, drop: first}, {use: scale, method: standard}]
model: {use: neural.mlp, hidden: [16]}
evaluate: {metrics: [auc], baselines: [prior]}
search:
  use: random
  trials: 1000
  objective: {metric: auc}
  space:
    model.learning_rate: {min: 1.0e-4, max: 1.0e-1, scale: log}
    model.weight_decay: {min: 0, max: 0.1}
    model.beta1: {min: 0.5, max: 0.99}
    train.batch_size: {min: 16, max: 256, scale: log}
    train.epochs: {min: 1, max: 50}
)";

class Nothing final : public run::Objective {
 public:
  run::TrialResult evaluate(const run::TrialJob& job) const override {
    run::TrialResult result;
    result.status = store::TrialStatus::complete;
    result.value = -std::abs(static_cast<double>(job.experiment.train.epochs) - 25);
    return result;
  }
};

config::Experiment experiment(const plugin::Registry& registry) {
  config::ReadOptions options;
  options.catalogue = &registry;
  Diagnostics diagnostics;
  auto read = config::read_experiment_text(kFile, "sweep.yaml", options, diagnostics);
  bench::require(read.has_value(), diagnostics.items().empty() ? "?" : diagnostics.items()[0].message);
  return std::move(*read);
}

// Microseconds of one small transaction.
double bare_commit(store::Store& store, store::RunId run) {
  constexpr int kCommits = 300;
  return 1e6 / kCommits * bench::time([&] {
           for (int i = 0; i < kCommits; ++i) store.put_reveal(run, i, "bench");
         });
}

}  // namespace

int main(int argc, char** argv) {
  return bench::program(argc, argv, [](bench::Session& session) {
    if (!session.wants("sweep.random_1000")) return;
    plugin::SearchPath path;
    const fs::path plugins = fs::path(bench::assay_program()).parent_path().parent_path() / "plugins";
    for (const char* file : {"samplers.so", "neural_models.so", "baseline_models.so", "metrics.so"}) path.named.push_back(plugins / file);
    const plugin::Registry registry(std::move(path));
    const config::Experiment what = experiment(registry);
    const fs::path memory = fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
    const std::string name = fmt::format("bench_sweep_{}.db", ::getpid());
    const fs::path file = memory / name, on_disk = fs::current_path() / name;
    const struct Cleanup {
      std::vector<fs::path> paths;
      ~Cleanup() {
        for (const fs::path& path : paths)
          for (const char* end : {"", "-wal", "-shm"}) fs::remove(path.string() + end);
      }
    } cleanup{{file, on_disk}};
    store::Store store(file, store::Store::Mode::write);
    run::RunContext context{registry, file, {}, {}, {}, {}, nullptr, {}, {}, {}, 2};
    session.measure({.name = "sweep.random_1000", .unit = "us", .peer = "sweep_random.py", .goal = 50, .rounds = 5}, [&] {
      store::RunRecord record;
      record.name = "sweep";
      const store::RunId id = store.create_run(record);
      const Nothing objective;
      run::SearchOutcome outcome;
      const double seconds = bench::time([&] {
        outcome = run::run_studies({what, context, objective, store, id, std::string(64, '0'), {0}});
      });
      bench::require(outcome.complete == kTrials && outcome.choices.size() == 1, "trials are missing");
      bench::require(outcome.choices[0].value == 0, "1000 random points meet the best of 50 values");
      return seconds * 1e6 / kTrials;
    });
    store::Store disk(on_disk, store::Store::Mode::write);
    const double commit = bare_commit(disk, disk.create_run({}));
    struct statfs system {};
    ::statfs(on_disk.c_str(), &system);
    fmt::print("a bare commit takes {:.0f} us in {} (file system type {:#x})\n", commit, on_disk.parent_path().string(), system.f_type);
  });
}
