// Memory of a run with four worker processes on a data set of 1 GB of float64 (1,250,000 x 100, one fold): the sum of Pss over the program
// and its workers, sampled from /proc while it runs, packed train rows included. store.workers_memory is the most that was seen while all
// four workers were alive, store.peak_memory the most at any time (the fold's matrices are built before there are workers).
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "harness.hpp"

extern char** environ;

using namespace assay;
namespace fs = std::filesystem;

namespace {

constexpr int kRows = 1'250'000, kColumns = 100;
constexpr std::size_t kWorkers = 4;

struct Folder {
  fs::path path = fs::temp_directory_path() / fmt::format("assay_bench_memory_{}", ::getpid());
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

// Short numbers, so that the text is small: in memory each is a float64 all the same.
void write_table(const fs::path& folder) {
  std::ofstream out(folder / "table.csv", std::ios::binary);
  std::string text = "y";
  for (int c = 1; c < kColumns; ++c) text += fmt::format(",x{}", c);
  std::uint32_t word = 1;
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kColumns; ++c) {
      word = word * 1664525u + 1013904223u;
      text += c == 0 ? '\n' : ',';
      text += static_cast<char>('0' + (word >> 24) % 10);
      text += '.';
      text += static_cast<char>('1' + (word >> 16) % 9);
    }
    if (text.size() > (1 << 22)) out << text, text.clear();
  }
  out << text << "\n";
  std::ofstream(folder / "memory.yaml") << R"(assay: 1
name: memory
seed: 1
data: {source: csv, path: table.csv}
inputs: all
target: {column: y, task: regression}
split: {use: holdout, test: 0.2}
prepare: [{use: scale, method: standard}]
model: {use: neural.mlp, hidden: [8]}
train: {epochs: 2, batch_size: 1024, repeats: 4}
evaluate: {metrics: [rmse], baselines: [historical_mean]}
resources: {isolation: process, workers: 4}
)";
}

std::vector<long> children_of(long pid) {
  std::vector<long> all;
  std::error_code error;
  for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    std::ifstream in(task.path() / "children");
    for (long child; in >> child;) all.push_back(child);
  }
  return all;
}

double pss_of(long pid) {  // bytes
  std::ifstream in(fmt::format("/proc/{}/smaps_rollup", pid));
  for (std::string line; std::getline(in, line);)
    if (line.rfind("Pss:", 0) == 0) return std::stod(line.substr(4)) * 1024;
  return 0;
}

struct Seen {
  double peak = 0, with_workers = 0;
  std::size_t samples = 0;
};

Seen watch(const fs::path& folder) {
  const std::string program = bench::assay_program(), printed = (folder / "printed.txt").string();
  ::setenv("ASSAY_HOME", folder.c_str(), 1);
  std::vector<const char*> list{program.c_str(), "run", "memory.yaml", "--again", nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, printed.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  pid_t pid = 0;
  const int code = posix_spawn(&pid, program.c_str(), &actions, nullptr, const_cast<char**>(list.data()), environ);
  posix_spawn_file_actions_destroy(&actions);
  bench::require(code == 0, "the program could not be started");
  Seen seen;
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    const std::vector<long> workers = children_of(pid);
    double sum = pss_of(pid);
    for (const long worker : workers) sum += pss_of(worker);
    seen.peak = std::max(seen.peak, sum);
    if (workers.size() >= kWorkers) seen.with_workers = std::max(seen.with_workers, sum), ++seen.samples;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::ifstream in(printed);
  bench::require(status == 0, "the run failed: " + std::string(std::istreambuf_iterator<char>(in), {}));
  return seen;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::program(argc, argv, [](bench::Session& session) {
    if (!session.wants("store.workers_memory") && !session.wants("store.peak_memory")) return;
    const Folder folder;
    write_table(folder.path);
    watch(folder.path);  // reads the CSV into the column cache
    const Seen seen = watch(folder.path);
    bench::require(seen.samples > 5, "the four workers were hardly seen together");
    session.report({.name = "store.workers_memory", .unit = "GB", .threads = 4, .goal = 2.0}, seen.with_workers / 1e9);
    session.report({.name = "store.peak_memory", .unit = "GB", .threads = 4}, seen.peak / 1e9);
  });
}
