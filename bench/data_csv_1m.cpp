// Reading a million rows of minute bars (67 MB) from CSV, and from the mapped column file; pandas' C engine is the peer.
// links: assay::data assay::base fmt
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/random.hpp"
#include "data/column_file.hpp"
#include "harness.hpp"

using namespace assay;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kRows = 1'000'000;

double write_bars(const fs::path& path) {  // the sum of all closes
  Random random(SeedTree(1).child("bench.csv"));
  std::string text = "time,open,high,low,close,volume\n";
  double price = 100, sum = 0;
  const TimeNs start = *parse_iso("2018-01-01");
  for (std::size_t i = 0; i < kRows; ++i) {
    const double open = price;
    price *= std::exp(0.0005 * random.normal());
    std::string time = to_iso(start + static_cast<TimeNs>(i) * 60 * kNsPerSecond);
    if (time.size() == 10) time += "T00:00:00Z";
    time.resize(19);
    time[10] = ' ';
    const std::string close = fmt::format("{:.4f}", price);
    sum += std::strtod(close.c_str(), nullptr);
    text += fmt::format("{},{:.4f},{:.4f},{:.4f},{},{}\n", time, open, std::max(open, price) * 1.0002, std::min(open, price) * 0.9998,
                        close, 100'000 + random.below(900'000));
  }
  std::ofstream(path, std::ios::binary) << text;
  return sum;
}

void check(const data::Frame& frame, double sum) {
  double seen = 0;
  for (const double close : frame.at("close").reals()) seen += close;
  bench::require(frame.rows() == kRows && seen == sum, "the rows or the sum of closes differ");
  bench::require(frame.at("volume").type() == data::ColumnType::integer && frame.has_time(), "the types differ");
}

}  // namespace

int main(int argc, char** argv) {
  return bench::program(argc, argv, [](bench::Session& session) {
    if (!session.wants("data.csv_1m") && !session.wants("data.csv_1m_cached")) return;
    const fs::path folder = fs::temp_directory_path() / fmt::format("assay_bench_csv_{}", ::getpid());
    fs::create_directories(folder);
    const struct Cleanup {
      fs::path path;
      ~Cleanup() { fs::remove_all(path); }
    } cleanup{folder};
    data::CsvOptions options;
    options.path = folder / "bars.csv";
    const double sum = write_bars(options.path);
    ::setenv("ASSAY_BENCH_CSV", options.path.c_str(), 1);
    data::TimeRules rules;
    rules.time_column = "time";
    const auto timed = [&](const data::CacheOptions& cache) {
      data::LoadedFrame loaded;
      const double seconds = bench::time([&] { loaded = data::load_csv(options, rules, cache); });
      check(loaded.frame, sum);
      return seconds;
    };
    // The hash of the file is taken beside the parsing, by a second thread.
    session.measure({.name = "data.csv_1m", .unit = "s", .peer = "data_csv_1m.py", .goal = 0.09}, [&] { return timed({}); });
    const data::CacheOptions cache{folder / "cache"};
    session.measure({.name = "data.csv_1m_cached", .unit = "s", .peer = "data_csv_1m.py", .goal = 0.02}, [&] { return timed(cache); });
  });
}
