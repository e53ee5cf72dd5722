// plugin.call: one-row prediction through the plugin boundary, host side and plugin side, loading not counted.
// links: assay::plugin
#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "harness.hpp"
#include "plugin/model.hpp"
#include "plugin/registry.hpp"

namespace {

using namespace assay;

void measure_call(bench::Session& session) {
  const plugin::Registry registry(plugin::SearchPath::standard({}));
  plugin::Model model(registry.component("model", "linear.ridge"), {});
  constexpr std::int64_t kRows = 100, kInputs = 8;
  std::vector<double> x(kRows * kInputs), y(kRows), batched(kRows), out(1);
  Random random(1);
  for (double& value : x) value = random.normal();
  for (double& value : y) value = random.normal();
  assay_problem problem{};
  problem.struct_size = sizeof problem;
  problem.task = ASSAY_TASK_REGRESSION;
  problem.n_inputs = kInputs;
  problem.n_outputs = 1;
  assay_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = kRows;
  batch.problem = &problem;
  batch.x = {ASSAY_F64, 2, ASSAY_CPU, 0, 0, {kRows, kInputs}, {kInputs, 1}, x.data(), nullptr};
  batch.y = {ASSAY_F64, 1, ASSAY_CPU, 0, 0, {kRows}, {1}, y.data(), nullptr};
  model.fit(batch, {});
  model.predict(batch, batched, {});
  batch.rows = batch.x.shape[0] = batch.y.shape[0] = 1;
  const plugin::CallOptions options;
  session.measure({.name = "plugin.call", .unit = "ns", .goal = 200}, [&] {
    constexpr int kCalls = 1'000'000;
    double sum = 0;
    const double seconds = bench::time([&] {
      for (int i = 0; i < kCalls; ++i) {
        model.predict(batch, out, options);
        sum += out[0];
      }
    });
    bench::require(std::abs(sum - batched[0] * kCalls) < 1e-6 * kCalls, "the predictions are wrong");
    return seconds * 1e9 / kCalls;
  });
  session.measure({.name = "plugin.load_all", .unit = "ms", .goal = 10}, [&] {
    std::size_t found = 0;
    const double seconds = bench::time([&] {
      const plugin::Registry all(
          plugin::SearchPath::standard({}));  // already in memory after the first round: what is left is our own work
      found = all.files().size();
    });
    bench::require(found > 0, "no plugin was found");
    return seconds * 1e3;
  });
}

}  // namespace

int main(int argc, char** argv) {
  return assay::bench::program(argc, argv, [](assay::bench::Session& session) { measure_call(session); });
}
