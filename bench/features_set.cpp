// technical.price_volume_160 over a panel of 500 entities x 5,000 days in one call, from the frame's columns to the features': seconds,
// bytes, and how it scales over cores (the program's threads are those that it may run on). The peer computes with pandas what pandas has
// of it; over 50 entities, since it takes that long.
// links: assay::pipeline assay::data
#include <fmt/core.h>
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "data/simulate_market.hpp"
#include "harness.hpp"
#include "pipeline/plugin_features.hpp"

using namespace assay;

namespace {

constexpr std::int64_t kDays = 5'000;
constexpr std::size_t kOutputs = 160;

data::Frame panel(std::int64_t entities) {
  data::MarketOptions options;
  options.entities = entities;
  options.days = kDays;
  return data::simulate_market(options).frame;
}

// The set, computed as an experiment does.
class FeatureSet {
 public:
  FeatureSet()
      : registry_({{std::filesystem::path(bench::assay_program()).parent_path().parent_path() / "plugins"}, {}, {}}),
        factory_(pipeline::plugin_features(registry_, maker_)) {
    const config::ComponentSpec* spec = registry_.find("feature", "technical.price_volume_160");
    bench::require(spec != nullptr, "technical.price_volume_160 is not built");
    component_.id = spec->id;
    for (const config::ParamSpec& param : spec->params) component_.params.emplace_back(param.name, param.fallback);
  }
  pipeline::FeatureColumns operator()(const data::Frame& frame) const { return factory_(component_, frame); }

 private:
  plugin::Registry registry_;
  plugin::ComponentMaker maker_;
  pipeline::FeatureFactory factory_;
  config::Component component_;
};

// The threads of this process may run on so many cores from here on.
class Cores {
 public:
  explicit Cores(int count) {
    sched_getaffinity(0, sizeof all_, &all_);
    cpu_set_t some;
    CPU_ZERO(&some);
    for (int cpu = 0, taken = 0; cpu < CPU_SETSIZE && taken < count; ++cpu) {
      if (!CPU_ISSET(cpu, &all_)) continue;
      CPU_SET(cpu, &some);
      ++taken;
    }
    sched_setaffinity(0, sizeof some, &some);
  }
  ~Cores() { sched_setaffinity(0, sizeof all_, &all_); }
  Cores(const Cores&) = delete;
  Cores& operator=(const Cores&) = delete;

 private:
  cpu_set_t all_;
};

double status_bytes(const char* key) {  // of this process, as the system counts
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == std::string(key) + ":" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

void check(const data::Frame& frame, const pipeline::FeatureColumns& set) {  // by the definition, on one row in the middle
  bench::require(set.values.size() == kOutputs && set.values[0].size() == frame.rows(), "outputs are missing");
  const auto output = [&](const char* name) -> const std::vector<double>& {
    return set.values[static_cast<std::size_t>(std::find(set.names.begin(), set.names.end(), name) - set.names.begin())];
  };
  const auto rows = frame.rows_of_entity(7);
  const auto close = frame.at("close").reals();
  const auto at = [&](std::size_t day) { return static_cast<std::size_t>(rows[day]); };
  double mean = 0, squares = 0, change[20];
  for (std::size_t d = 0; d < 20; ++d) change[d] = close[at(981 + d)] / close[at(980 + d)] - 1;
  for (const double x : change) mean += x / 20;
  for (const double x : change) squares += (x - mean) * (x - mean);
  bench::require(std::fabs(output("vol_20")[at(1000)] - std::sqrt(squares / 19)) < 1e-14, "the deviation of 20 returns differs");
  bench::require(std::fabs(output("ret_60")[at(1000)] - (close[at(1000)] / close[at(940)] - 1)) < 1e-15, "the return of 60 days differs");
  bench::require(std::isfinite(output("vwap_120").back()), "a value is missing");
}

double seconds_of(const FeatureSet& set, const data::Frame& frame) {
  pipeline::FeatureColumns columns;
  const double seconds = bench::time([&] { columns = set(frame); });
  check(frame, columns);
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::program(argc, argv, [](bench::Session& session) {
    const bool panel_wanted = session.wants("features.set_160") || session.wants("features.set_160_bytes");
    if (!panel_wanted && !session.wants("features.set_160_of_50")) return;
    const FeatureSet set;
    if (panel_wanted) {
      const data::Frame frame = panel(500);
      const double before = status_bytes("VmRSS");
      for (const int threads : {1, 2, 4}) {
        const Cores cores(threads);
        session.measure({.name = "features.set_160", .unit = "s", .threads = threads, .rounds = 5}, [&] { return seconds_of(set, frame); });
      }
      session.report({.name = "features.set_160_bytes", .unit = "GB"}, (status_bytes("VmHWM") - before) / 1e9);
      session.report({.name = "features.set_160_columns", .unit = "GB"}, 8e-9 * kOutputs * static_cast<double>(frame.rows()));
    }
    const data::Frame frame = panel(50);
    const Cores one(1);
    session.measure({.name = "features.set_160_of_50", .unit = "s", .peer = "features_set.py", .rounds = 3},
                    [&] { return seconds_of(set, frame); });
  });
}
