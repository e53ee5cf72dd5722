// Model, Feature and Metric: what goes in arrives, what comes out is right, and every way to fail becomes the right exception.
#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "plugin/call_host.hpp"
#include "plugin/feature.hpp"
#include "plugin/metric.hpp"
#include "plugin/model.hpp"
#include "plugin/registry.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::plugin;

namespace {

const Registry& registry() {
  static const Registry all({{}, {{TEST_FILES "/good", "a test"}, {TEST_FILES "/native", "a test"}}, {}});
  return all;
}

template <class T>
assay_array array_of(std::vector<T>& values, std::uint16_t dtype, std::int64_t cols = 0) {
  assay_array a{};
  a.dtype = dtype;
  a.rank = cols ? 2 : 1;
  a.device_kind = ASSAY_CPU;
  a.shape[0] = static_cast<std::int64_t>(values.size()) / std::max<std::int64_t>(cols, 1);
  a.shape[1] = a.stride[0] = cols;
  a.stride[1] = 1;
  if (!cols) a.stride[0] = 1;
  a.data = values.data();
  return a;
}

// Rows x inputs with labels, in one piece.
template <class T>
struct Table {
  std::vector<T> x, y;
  assay_problem problem{};
  assay_batch batch{};
  Table(std::vector<T> x_, std::vector<T> y_, std::uint16_t dtype) : x(std::move(x_)), y(std::move(y_)) {
    problem.struct_size = sizeof problem;
    problem.task = ASSAY_TASK_REGRESSION;
    problem.n_inputs = static_cast<std::int64_t>(x.size() / y.size());
    problem.n_outputs = 1;
    batch.struct_size = sizeof batch;
    batch.rows = static_cast<std::int64_t>(y.size());
    batch.problem = &problem;
    batch.x = array_of(x, dtype, problem.n_inputs);
    batch.y = array_of(y, dtype);
  }
  Table(const Table&) = delete;
};

Model rude(const std::string& how) { return Model(registry().component("model", "rude"), {{"how", {how}}}); }

std::pair<assay_status, std::string> refusal(const std::string& how) {
  Table<double> t({1, 2}, {1, 2}, ASSAY_F64);
  try {
    rude(how).fit(t.batch, {});
  } catch (const ComponentError& e) {
    CHECK(e.component() == "test.rude");
    return {e.status(), e.happened()};
  }
  return {ASSAY_DONE, ""};
}

}  // namespace

TEST_CASE("model: fit, predict, importance, summary, state") {
  Table<double> t({1, 2, 3, 4, 5, 6}, {1, 2, 6}, ASSAY_F64);
  Model model(registry().component("model", "mean"), {{"shift", {std::int64_t{2}}}});  // a whole number for a real
  CHECK((model.has_fit() && !model.has_step() && model.has_state() && model.has_importance() && model.has_summary() && model.concurrent()));
  CHECK(model.fit_dtype() == ASSAY_F64);
  CallOptions options;
  std::string logged;
  options.log = [&](int level, std::string_view line) { logged += std::to_string(level) + std::string(line); };
  model.fit(t.batch, options);
  CHECK(logged == "1fitted");
  std::vector<double> out(3);
  model.predict(t.batch, out, {});
  CHECK(out == std::vector<double>{5, 5, 5});
  std::vector<double> weights{0, 0, 1};
  t.batch.weight = array_of(weights, ASSAY_F64);
  options.evaluate = [](const assay_array& predictions) { return static_cast<double>(predictions.shape[0]); };
  t.batch.validation_x = &t.batch.x;
  t.batch.validation_rows = 3;
  model.fit(t.batch, options);
  model.predict(t.batch, out, {});
  CHECK(out[0] == 6 + 3 + 2);
  CHECK(model.importance(3, {}) == std::vector<double>{0, 1, 2});
  CHECK(model.summary({}).find("mean")->reals()[0] == 9);
  const StateEntries state = model.save({});
  CHECK(state == model.save({}));
  CHECK(state.hash() == model.save({}).hash());
  Model other(registry().component("model", "mean"), {});
  CHECK(other.params()[0].second.as_real() == 0);  // the default
  other.load(state, {});
  other.predict(t.batch, out, {});
  CHECK(out[0] == 9);
  StateEntries wrong;
  CHECK_THROWS_AS(other.load(wrong, {}), ComponentError);
  wrong.put_text("kind", "median");
  try {
    other.load(wrong, {});
    FAIL("read a median");
  } catch (const ComponentError& e) {
    CHECK(e.status() == ASSAY_BAD_STATE);
    CHECK(e.fault() == Fault::data);
    CHECK(e.happened() == "this is no mean");
  }
  CHECK_THROWS_AS(model.train_save({}), ComponentError);
  CHECK_THROWS_AS(Model(registry().component("model", "mean"), {{"shfit", {1.0}}}), Error);
  options.evaluate = [](const assay_array&) -> double { throw std::domain_error("no score"); };
  CHECK_THROWS_AS(model.fit(t.batch, options), std::domain_error);  // the caller's own exception comes back to the caller
}

TEST_CASE("model: steps in float, with seed, progress and training state") {
  Table<float> t({1.5f, 2}, {1}, ASSAY_F32);
  Model model(registry().component("model", "test.counter"), {});
  CHECK((model.has_step() && !model.has_fit() && model.has_train_state() && !model.concurrent() && model.accepts_missing()));
  CHECK(model.step_dtype() == ASSAY_F32);
  CallOptions options;
  options.seed = 99;
  model.begin(t.problem, 32, options);
  std::vector<std::string> seen;
  options.report = [&](std::int64_t step, std::string_view metric, double value) {
    seen.push_back(std::to_string(step) + std::string(metric) + std::to_string(static_cast<int>(value)));
    return seen.size() == 3;
  };
  assay_step at{sizeof(assay_step), 0, 0, 0, 0.5};
  CHECK(model.step(t.batch, at, options) == 0.75);
  at.step = 1;
  model.step(t.batch, at, options);
  at.step = 2;
  CHECK_THROWS_AS(model.step(t.batch, at, options), Stopped);
  CHECK(seen == std::vector<std::string>{"0rows1", "1rows2", "2rows3"});
  std::vector<double> out(1);
  model.predict(t.batch, out, {});
  CHECK(out[0] == 3 + Random(99).uniform());  // the SDK's generator and the host's are the same Philox
  Model other(registry().component("model", "counter"), {});
  other.train_load(t.problem, model.train_save({}), {});
  other.predict(t.batch, out, {});
  CHECK(out[0] == 3);
  Table<double> wrong({1, 2}, {1}, ASSAY_F64);
  try {
    model.step(wrong.batch, at, {});
    FAIL("took doubles for floats");
  } catch (const ComponentError& e) {
    CHECK(e.status() == ASSAY_BAD_INPUT);
    CHECK(e.happened().find("x is f64, not f32") != std::string::npos);
  }
}

TEST_CASE("calls: every way to fail has its own status and reason") {
  CHECK(refusal("nothing").first == ASSAY_DONE);
  CHECK(refusal("error") == std::pair<assay_status, std::string>{ASSAY_FAILED, "as told"});
  CHECK(refusal("bad_input") == std::pair<assay_status, std::string>{ASSAY_BAD_INPUT, "do not like it"});
  CHECK(refusal("std_exception") == std::pair<assay_status, std::string>{ASSAY_FAILED, "beyond the end"});
  CHECK(refusal("number") == std::pair<assay_status, std::string>{ASSAY_FAILED, "threw int"});
  CHECK(refusal("memory").first == ASSAY_NO_MEMORY);
  CHECK(refusal("fail_quietly") == std::pair<assay_status, std::string>{ASSAY_FAILED, "said and gone on"});
  CHECK(refusal("stop_unasked").second.find("nobody asked") != std::string::npos);
  CHECK(refusal("host_parallel") == std::pair<assay_status, std::string>{ASSAY_FAILED, "task 2 broke"});
  try {
    rude("wait");
    FAIL("was created");
  } catch (const ComponentError& e) {
    CHECK(e.status() == ASSAY_BAD_INPUT);
    CHECK(e.happened() == "waiting is not allowed");
  }
}

TEST_CASE("calls: the stop flag ends a call, threads do the tasks of parallel") {
  Table<double> t({1, 2}, {1, 2}, ASSAY_F64);
  std::atomic<bool> stop{true};
  CallOptions options;
  options.stop = &stop;
  CHECK_THROWS_AS(rude("stop").fit(t.batch, options), Stopped);
  options.stop = nullptr;
  options.max_threads = 4;
  CHECK_THROWS_AS(rude("host_parallel").fit(t.batch, options), ComponentError);
  options.report = [](std::int64_t, std::string_view, double) -> bool { throw std::length_error("full"); };
  CHECK_THROWS_AS(rude("stop").fit(t.batch, options), std::length_error);
}

TEST_CASE("feature: columns, outputs, warm-up, values, state") {
  const LoadedComponent& all_kinds = registry().component("feature", "all_kinds");
  const config::Map params{{"column", {std::string("open")}}, {"others", {config::List{{std::string("volume")}}}},
                           {"layers", {config::List{}}},      {"real", {0.25}},
                           {"choice", {std::string("a")}},    {"text", {std::string("four")}}};
  Feature feature(all_kinds, params);
  CHECK(feature.columns() == std::vector<std::string>{"open", "volume"});
  CHECK(feature.output_names() == std::vector<std::string>{"sum", "text_size"});
  CHECK(feature.warmup_rows() == 3);
  CHECK((feature.has_fit() && !feature.whole_panel()));
  std::vector<double> values{1, 2};
  assay_column column{};
  column.struct_size = sizeof column;
  column.values = array_of(values, ASSAY_F64);
  const assay_column* columns[] = {&column, &column};
  assay_frame frame{sizeof(assay_frame), 2, 2, columns, nullptr, nullptr};
  const double base = 1 + 3 + 0.25 + 0 + 0.1 + 0.2;  // flag + whole + real + not b + rates
  const auto out = feature.transform(frame, {});
  REQUIRE(out.size() == 4);
  CHECK(out[0] == Approx(base + 1));
  CHECK((out[1] == 4 && out[3] == 4));
  CHECK(out[2] == Approx(base + 2));
  feature.fit(frame, std::vector<double>{10, 20}, {});
  CHECK(feature.transform(frame, {})[0] == Approx(base + 1 + 12));
  Feature other(all_kinds, params);
  other.load(feature.save({}), {});
  CHECK(other.transform(frame, {}) == feature.transform(frame, {}));
  values[1] = INFINITY;
  CHECK_THROWS_AS(feature.transform(frame, {}), ComponentError);
}

TEST_CASE("feature: each output has its warm-up; an optional column that the data lack is told") {
  const LoadedComponent& component = registry().component("feature", "two_pasts");
  CHECK((component.spec.params[0].optional && !component.spec.params[0].required && !component.spec.params[1].optional));
  std::vector<double> values{5, 6}, more{7, 8};
  assay_column column{}, volume{};
  column.struct_size = volume.struct_size = sizeof column;
  column.values = array_of(values, ASSAY_F64);
  volume.values = array_of(more, ASSAY_F64);
  const assay_column* columns[] = {&volume, &column};
  assay_frame frame{sizeof(assay_frame), 2, 2, columns, nullptr, nullptr};
  const Feature whole(component, {});
  CHECK(whole.warmups() == std::vector<std::int64_t>{2, 9});
  CHECK(whole.warmup_rows() == 9);
  CHECK(whole.columns() == std::vector<std::string>{"volume", "close"});
  CHECK(whole.transform(frame, {}) == std::vector<double>{5, 7, 6, 8});
  std::vector<double> by_column(4);
  whole.transform_columns(frame, by_column, {});
  CHECK(by_column == std::vector<double>{5, 6, 7, 8});
  const Feature without(component, {{"volume", {std::string()}}});
  columns[0] = nullptr;
  CHECK(without.columns() == std::vector<std::string>{"", "close"});
  CHECK(without.transform(frame, {}) == std::vector<double>{5, -1, 6, -1});
  CHECK_THROWS_AS(whole.transform(assay_frame{sizeof(assay_frame), 1, 2, columns, nullptr, nullptr}, {}), ComponentError);
}

TEST_CASE("metric: values and their names") {
  const Metric metric(registry().component("metric", "counts"), {});
  CHECK(metric.direction() == 1);
  CHECK(metric.value_names() == std::vector<std::string>{"rows", "gap"});
  double truth[] = {3, 4}, value[] = {1, 1};
  assay_scored rows{};
  rows.struct_size = sizeof rows;
  rows.rows = 2;
  rows.n_outputs = 1;
  rows.truth = truth;
  rows.value = value;
  CHECK(metric.score(rows, {}) == std::vector<double>{2, 2});
  truth[0] = INFINITY;
  CHECK_THROWS_AS(metric.score(rows, {}), ComponentError);
}

TEST_CASE("a plugin built with -march=native works beside a plain host, Eigen on its side only") {
  Random random(3);
  std::vector<double> x(200 * 3), y(200);
  for (double& v : x) v = random.normal();
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = 2 * x[3 * i] - x[3 * i + 1] + 0.5 * x[3 * i + 2];
  Table<double> t(x, y, ASSAY_F64);
  Model model(registry().component("model", "ridge"), {{"l2", {0.0}}});
  model.fit(t.batch, {});
  const StateEntries state = model.save({});
  const auto w = state.find("weights")->reals();
  REQUIRE(w.size() == 3);
  CHECK(w[0] == Approx(2));
  CHECK(w[1] == Approx(-1));
  CHECK(w[2] == Approx(0.5));
  Model other(registry().component("model", "ridge"), {});
  other.load(state, {});
  std::vector<double> out(200);
  other.predict(t.batch, out, {});
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(out[i] == Approx(y[i]));
}

TEST_CASE("scratch memory is aligned and each piece its own, small or large, and comes anew once it was freed") {
  const CallOptions options;
  CallHost host(options);
  for (int round = 0; round < 2; ++round) {
    struct Piece {
      unsigned char* at;
      std::size_t size;
    };
    std::vector<Piece> pieces;
    for (const auto& [size, align] : std::vector<std::pair<std::size_t, std::size_t>>{
             {100, 8}, {1, 64}, {0, 64}, {3000, 64}, {64, 4096}, {5000, 64}, {8192, 128}, {40, 16}, {1 << 20, 64}}) {
      auto* at = static_cast<unsigned char*>(host.raw()->scratch(host.raw(), size, align));
      REQUIRE(at != nullptr);
      CHECK(reinterpret_cast<std::uintptr_t>(at) % align == 0);
      std::fill_n(at, size, static_cast<unsigned char>(pieces.size()));
      pieces.push_back({at, size});
    }
    for (std::size_t i = 0; i < pieces.size(); ++i)
      CHECK(std::all_of(pieces[i].at, pieces[i].at + pieces[i].size, [&](unsigned char byte) { return byte == i; }));
    host.free_scratch();
  }
  CHECK(host.raw()->scratch(host.raw(), 8, 3) == nullptr);
}
