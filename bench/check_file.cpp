// `assay check` of a file whose data lie in the column cache, from the program's start to its end: a credit table of 30,000 x 24 (as large
// as the Taiwan set), and a million minute bars with three features. The first check, which reads the CSV, is thrown away.
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <thread>

#include "harness.hpp"

using namespace assay;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / fmt::format("assay_bench_check_{}", ::getpid());
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

std::uint32_t next(std::uint32_t& word) { return (word = word * 1664525u + 1013904223u) >> 8; }

void write_credit(const fs::path& folder) {
  std::string text = "class";
  for (int c = 0; c < 23; ++c) text += fmt::format(",x{}", c);
  std::uint32_t word = 1;
  for (int r = 0; r < 30'000; ++r) {
    text += fmt::format("\n{}", next(word) % 5 == 0 ? 1 : 0);
    for (int c = 0; c < 23; ++c) text += fmt::format(",{}", next(word) % 100'000);
  }
  std::ofstream(folder / "credit.csv") << text << "\n";
  std::ofstream(folder / "credit.yaml") << R"text(assay: 1
name: credit
seed: 1
data: {source: csv, path: credit.csv}
features: {share: x0 / (x1 + 1)}
inputs: all
target: {column: class, task: binary}
split: {use: by_rule, test: "row % 5 == 4"}
prepare: [{use: scale, method: standard}]
model: {use: neural.mlp, hidden: [64, 32]}
evaluate: {metrics: [auc, ks], baselines: [prior]}
)text";
}

void write_bars(const fs::path& folder) {
  std::string text = "time,close,volume\n";
  std::uint32_t word = 1;
  double price = 100;
  for (int i = 0; i < 1'000'000; ++i) {
    price *= std::exp((static_cast<double>(next(word)) / 8388608.0 - 1.0) * 1e-3);
    text += fmt::format("{:04}-{:02}-{:02} {:02}:{:02},{:.4f},{}\n", 2000 + i / 1440 / 28 / 12, 1 + i / 1440 / 28 % 12, 1 + i / 1440 % 28,
                        i / 60 % 24, i % 60, price, next(word) % 1'000'000);
  }
  std::ofstream(folder / "bars.csv") << text;
  std::ofstream(folder / "bars.yaml") << R"text(assay: 1
name: bars
seed: 1
data: {source: csv, path: bars.csv, time: {column: time, format: "%Y-%m-%d %H:%M"}}
features:
  ret: "close / lag(close, 1) - 1"
  vol: "std(ret, 20)"
  mom: "close / lag(close, 60) - 1"
target: {expr: "lead(close, 1) / close - 1", task: regression}
split: {use: holdout, test: 0.2}
model: {use: linear.ridge}
evaluate: {metrics: [rmse], baselines: [historical_mean]}
)text";
}

double checked(const Folder& folder, const char* file, const char* expected) {
  const double seconds = bench::run_assay({"check", file}, folder.path.string());
  std::ifstream in(folder.path / "printed.txt");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  bench::require(text.find("sound") != std::string::npos && text.find(expected) != std::string::npos, text);
  return seconds * 1e3;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::program(argc, argv, [](bench::Session& session) {
    const bool credit = session.wants("check.file_cached"), bars = session.wants("check.file_cached_1m");
    if (!credit && !bars) return;
    const Folder folder;
    if (credit) write_credit(folder.path);
    if (bars) write_bars(folder.path);
    if (credit) checked(folder, "credit.yaml", "30000 rows, 24 inputs");
    if (bars) checked(folder, "bars.yaml", "1000000 rows, 3 inputs");
    std::this_thread::sleep_for(std::chrono::milliseconds(3100));  // a cache file that has just been written is read whole once more
    session.measure({.name = "check.file_cached", .unit = "ms", .goal = 20, .rounds = 15},
                    [&] { return checked(folder, "credit.yaml", "30000 rows, 24 inputs"); });
    session.measure({.name = "check.file_cached_1m", .unit = "ms", .rounds = 9},
                    [&] { return checked(folder, "bars.yaml", "1000000 rows, 3 inputs"); });
  });
}
