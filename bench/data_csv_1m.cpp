// Reading a million rows of minute bars (67 MB) from CSV, and from the mapped column file. Peers: pandas' C engine, data.table's fread.
// One thread means one processor: the hash of the file, which a second thread takes, waits for its turn there.
// links: assay::data assay::base fmt
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/hash.hpp"
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

// Every value of every column, read once: a mapped column costs nothing until then.
std::uint64_t all_bits(const data::Frame& frame) {
  std::uint64_t bits = 0;
  const auto add = [&](const auto& values) {
    for (const auto value : values) bits ^= std::bit_cast<std::uint64_t>(value);
  };
  for (const char* name : {"open", "high", "low", "close"}) add(frame.at(name).reals());
  add(frame.at("volume").integers());
  add(frame.bar_time());
  add(frame.known_at());
  return bits;
}

// The calling thread, and those that it starts, on one processor; back to all when it goes.
class OneProcessor {
 public:
  OneProcessor() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  ~OneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t before_;
};

void measure_reading(bench::Session& session, data::CsvOptions options, const data::TimeRules& rules, double sum) {
  const int all = static_cast<int>(std::thread::hardware_concurrency());
  const auto timed = [&] {
    data::LoadedFrame loaded;
    const double seconds = bench::time([&] { loaded = data::load_csv(options, rules, {}); });
    check(loaded.frame, sum);
    return seconds;
  };
  for (const char* name : {"data.csv_1m", "data.csv_1m_fread"}) {
    options.threads = 1;
    session.measure({.name = name, .unit = "s", .peer = "data_csv_1m.py"}, [&] {
      const OneProcessor one;
      return timed();
    });
    options.threads = 0;
    session.measure({.name = name, .unit = "s", .threads = all, .peer = "data_csv_1m.py", .goal = 0.09}, timed);
  }
}

// What is part of reading it, and of no peer's.
void measure_hash(bench::Session& session, const fs::path& path) {
  session.measure({.name = "data.csv_1m_hash", .unit = "s"}, [&] {
    std::string digest;
    const double seconds = bench::time([&] { digest = sha256_file(path); });
    bench::require(digest.size() == 64, "the hash is short");
    return seconds;
  });
}

// The file is left alone for a while first: only then may it be known as whole (docs/benchmarks.md).
void measure_cache(bench::Session& session, const data::CsvOptions& options, const data::TimeRules& rules, const fs::path& folder,
                   double sum) {
  const data::CacheOptions cache{folder / "cache"};
  const auto timed = [&](bool all_values) {
    data::LoadedFrame loaded;
    std::uint64_t bits = 0;
    const double seconds = bench::time([&] {
      loaded = data::load_csv(options, rules, cache);
      if (all_values) bits = all_bits(loaded.frame);
    });
    bench::keep(bits);
    bench::require(loaded.from_cache, "the cache was not used");
    check(loaded.frame, sum);
    return seconds;
  };
  data::load_csv(options, rules, cache);
  std::this_thread::sleep_for(std::chrono::seconds(3));
  session.measure({.name = "data.csv_1m_cached", .unit = "s", .peer = "data_csv_1m.py", .goal = 0.02}, [&] { return timed(false); });
  session.measure({.name = "data.csv_1m_cached_all_read", .unit = "s", .peer = "data_csv_1m.py"}, [&] { return timed(true); });
  session.measure({.name = "data.csv_1m_cached_first", .unit = "s", .peer = "data_csv_1m.py"}, [&] {
    for (const auto& item : fs::directory_iterator(cache.folder))
      if (item.path().extension() == ".whole") fs::remove(item.path());
    return timed(false);
  });
}

}  // namespace

int main(int argc, char** argv) {
  return bench::program(argc, argv, [](bench::Session& session) {
    const bool reads = session.wants("data.csv_1m") || session.wants("data.csv_1m_fread");
    const bool hashes = session.wants("data.csv_1m_hash");
    bool caches = false;
    for (const char* name : {"data.csv_1m_cached", "data.csv_1m_cached_all_read", "data.csv_1m_cached_first"})
      caches = caches || session.wants(name);
    if (!reads && !hashes && !caches) return;
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
    if (reads) measure_reading(session, options, rules, sum);
    if (hashes) measure_hash(session, options.path);
    if (caches) measure_cache(session, options, rules, folder, sum);
  });
}
