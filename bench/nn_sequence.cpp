// Training steps and forecasts of networks that read windows of 30 times x 8 inputs, through the plugin boundary (squared error, Adam,
// batch 64; with four threads the batch is cut into four parts), and forecasts of the 23-64-32-1 network.
//
// links: assay::plugin
#include <filesystem>
#include <vector>

#include "harness.hpp"
#include "plugin/model.hpp"
#include "plugin/registry.hpp"

namespace {

using namespace assay;

constexpr std::int64_t kTime = 30, kInputs = 8, kBatch = 64, kBatches = 20;

struct Windows {
  std::vector<float> x, y;
  assay_problem problem{};

  explicit Windows(std::int64_t time, std::int64_t inputs, std::int64_t rows) : time_(time), inputs_(inputs) {
    const std::int64_t width = std::max<std::int64_t>(1, time) * inputs;
    std::uint32_t word = 1;
    for (std::int64_t i = 0; i < rows * width; ++i)
      x.push_back(static_cast<float>((word = word * 1664525u + 1013904223u) >> 8) / 4194304.0f - 2.0f);
    for (std::int64_t r = 0; r < rows; ++r) y.push_back(x[static_cast<std::size_t>((r + 1) * width - 1)]);  // told by the newest value
    problem.struct_size = sizeof(problem);
    problem.task = ASSAY_TASK_REGRESSION;
    problem.n_inputs = inputs;
    problem.n_outputs = 1;
    problem.lookback = time;
  }
  assay_batch batch(std::int64_t first, std::int64_t rows) {
    assay_batch b{};
    b.struct_size = sizeof(b);
    b.rows = rows;
    b.problem = &problem;
    float* const from = x.data() + first * std::max<std::int64_t>(1, time_) * inputs_;
    if (time_ > 0)
      b.x = {ASSAY_F32, 3, ASSAY_CPU, 0, 0, {rows, time_, inputs_}, {time_ * inputs_, inputs_, 1}, from, nullptr};
    else
      b.x = {ASSAY_F32, 2, ASSAY_CPU, 0, 0, {rows, inputs_}, {inputs_, 1}, from, nullptr};
    b.y = {ASSAY_F32, 1, ASSAY_CPU, 0, 0, {rows}, {1}, y.data() + first, nullptr};
    return b;
  }

 private:
  std::int64_t time_, inputs_;
};

struct Kind {
  const char* name;
  const char* model;
  double flops;  // of a step: products of the forward pass, of the weights' gradients, and of the gradients of states and hidden values
  double step_goal, row_goal;
};

constexpr double kCell = 2.0 * kBatch * kTime;
constexpr Kind kKinds[] = {{"lstm", "neural.lstm", kCell*(2 * 72 * 256 + 64 * 256), 1900, 30},
                           {"gru", "neural.gru", kCell*(2 * 72 * 192 + 64 * 192), 1500, 30},
                           {"cnn", "neural.cnn", kCell*(2 * 24 * 32 + 3 * 96 * 32), 450, 3}};

void measure_steps(bench::Session& session, const plugin::Registry& registry, const Kind& kind, int threads) {
  const std::string name = std::string("nn.") + kind.name + "_step";
  if (!session.wants(name)) return;
  Windows data(kTime, kInputs, kBatch * kBatches);
  const config::Map parts{{"shards", config::Value{std::int64_t{threads}}}};
  session.measure({.name = threads == 1 ? name : name + "_" + std::to_string(threads) + "t",
                   .unit = "us",
                   .threads = threads,
                   .peer = "nn_sequence.py",
                   .flops = kind.flops,
                   .goal = threads == 1                              ? kind.step_goal
                           : kind.model == std::string("neural.cnn") ? 150.0
                                                                     : 700.0},
                  [&] {
                    plugin::Model model(registry.component("model", kind.model), parts);
                    plugin::CallOptions options;
                    options.seed = 7;
                    options.max_threads = static_cast<unsigned>(threads);
                    model.begin(data.problem, kBatch, options);
                    constexpr std::int64_t kSteps = 200;
                    double first = 0, last = 0;
                    const auto step = [&](std::int64_t s) {
                      const assay_step at{sizeof(assay_step), 0, s / kBatches, s, 1.0};
                      return model.step(data.batch(s % kBatches * kBatch, kBatch), at, options);
                    };
                    for (std::int64_t s = 0; s < kBatches; ++s) first += step(s);
                    const double seconds = bench::time([&] {
                      for (std::int64_t s = 0; s < kSteps; ++s) {
                        const double loss = step(kBatches + s);
                        if (s >= kSteps - kBatches) last += loss;
                      }
                    });
                    bench::require(last < first, "the fit did not learn");
                    return seconds * 1e6 / static_cast<double>(kSteps);
                  });
}

// rows at a time; unit us for one row, rows/s for many.
void measure_forecasts(bench::Session& session, const plugin::Registry& registry, const bench::Spec& spec, const char* model_id,
                       Windows& data, std::int64_t rows) {
  if (!session.wants(spec.name)) return;
  plugin::Model model(registry.component("model", model_id), {});
  const plugin::CallOptions options;
  model.begin(data.problem, kBatch, options);
  const assay_batch batch = data.batch(0, rows);
  std::vector<double> out(static_cast<std::size_t>(rows)), again(out.size());
  model.predict(batch, again, options);
  session.measure(spec, [&] {
    const std::int64_t calls = rows == 1 ? 5'000 : 50;
    const double seconds = bench::time([&] {
      for (std::int64_t i = 0; i < calls; ++i) model.predict(batch, out, options);
    });
    bench::require(out == again, "forecasts differ");
    return spec.rate ? static_cast<double>(calls * rows) / seconds : seconds * 1e6 / static_cast<double>(calls);
  });
}

}  // namespace

int main(int argc, char** argv) {
  return assay::bench::program(argc, argv, [](assay::bench::Session& session) {
    plugin::SearchPath path;
    path.folders.emplace_back(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../plugins", "the build folder");
    const plugin::Registry registry(path);
    for (const int threads : {1, 4})
      for (const Kind& kind : kKinds) measure_steps(session, registry, kind, threads);
    Windows windows(kTime, kInputs, kBatch * kBatches), table(0, 23, 10'000);
    for (const Kind& kind : kKinds)
      measure_forecasts(session, registry,
                        {.name = std::string("nn.") + kind.name + "_row", .unit = "us", .peer = "nn_sequence.py", .goal = kind.row_goal},
                        kind.model, windows, 1);
    measure_forecasts(session, registry, {.name = "nn.mlp_row", .unit = "us", .peer = "nn_sequence.py", .goal = 0.3}, "neural.mlp", table,
                      1);
    measure_forecasts(session, registry, {.name = "nn.mlp_batch", .unit = "rows/s", .rate = true, .peer = "nn_sequence.py", .goal = 2e7},
                      "neural.mlp", table, 10'000);
  });
}
