// How a model behaves when it is trained and asked: learning, repeatability, odd inputs, threads, stopping.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "checker/gradient_test.hpp"
#include "checker/graph_test.hpp"
#include "checker/horizons_test.hpp"
#include "checker/pruning_test.hpp"
#include "checker/quantiles_test.hpp"
#include "checker/sample_training.hpp"
#include "checker/state_tests.hpp"
#include "checker/thread_watch.hpp"
#include "checker/weights_test.hpp"

namespace assay::checker {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t kRows = 200;
constexpr double kQuickSeconds = 0.1;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

Outcome fits(Subject& subject) {
  for (const std::uint32_t task : tasks_of(subject)) {
    const SampleTable table = sample_for(subject, kRows, subject.seed, task);
    plugin::Model model = make_model(subject);
    train(model, table, {subject.seed});
    const std::vector<double> out = predict(model, table);
    const std::size_t bad = count_not_finite(out);
    expect(bad == 0, fmt::format("{}: {} of {} predictions are not finite (NaN or infinite)", task_name(task), bad, out.size()));
    expect(std::find(out.begin(), out.end(), -12345.0) == out.end(), fmt::format("{}: predict left outputs unfilled", task_name(task)));
    if (task == ASSAY_TASK_REGRESSION) continue;
    expect(std::all_of(out.begin(), out.end(), [](double p) { return p >= 0 && p <= 1; }),
           fmt::format("{}: predictions are not probabilities between 0 and 1", task_name(task)));
  }
  expect(!tasks_of(subject).empty(), "it declares no task that it can learn");
  return {};
}

Outcome learns(Subject& subject) {
  if (subject.component->has(ASSAY_BASELINE)) skip("a baseline need not learn");
  std::string text;
  for (const std::uint32_t task : tasks_of(subject)) {
    const SampleTable table = sample_for(subject, 800, subject.seed, task);
    const SampleTable fresh = linear_sample(task, 400, table.lookback, subject.seed + 1);
    plugin::Model model = make_model(subject);
    Training training{subject.seed, 200};
    training.enough = [&] { return skill(fresh, predict(model, fresh)) >= skill_wanted(task); };
    train(model, table, training);
    const double reached = skill(fresh, predict(model, fresh));
    expect(reached >= skill_wanted(task), fmt::format("{}: does not learn a linear signal: {} {:.2f} on new rows, expected at least {}",
                                                      task_name(task), skill_name(task), reached, skill_wanted(task)));
    text += fmt::format("{}{} {} {:.2f}", text.empty() ? "" : ", ", task_name(task), skill_name(task), reached);
  }
  return {Status::pass, text};
}

Outcome same_seed(Subject& subject) {
  if (!subject.component->has(ASSAY_DETERMINISTIC)) skip("declares itself not deterministic");
  const SampleTable table = sample_for(subject, kRows, subject.seed);
  const auto run = [&] {
    plugin::Model model = make_model(subject);
    train(model, table, {subject.seed});
    return predict(model, table);
  };
  const std::vector<double> first = run(), second = run();
  expect(same_bits(first, second), "two fits with the same data and seed predict different bits, though it is flagged DETERMINISTIC");
  return {};
}

Outcome one_row(Subject& subject) {
  const SampleTable table = sample_for(subject, kRows, subject.seed);
  plugin::Model model = make_model(subject);
  train(model, table, {subject.seed});
  expect(count_not_finite(predict(model, table.first(1))) == 0, "the prediction for a single row is not finite");
  plugin::Model tiny = make_model(subject);
  try {
    train(tiny, table.first(1), {subject.seed});
    predict(tiny, table.first(1));
  } catch (const plugin::ComponentError& error) {
    return {Status::pass, "one row to learn from: refused (" + error.happened() + ")"};
  }
  return {};
}

Outcome zero_rows(Subject& subject) {
  const SampleTable none = sample_for(subject, kRows, subject.seed).first(0);
  plugin::Model model = make_model(subject);
  if (!model.has_step()) {
    try {
      train(model, none, {subject.seed});
    } catch (const plugin::ComponentError&) {
      return {};
    }
    fail("fit takes zero rows as if they taught something: it must be an error (BAD_INPUT)");
  }
  train(model, none, {subject.seed});  // begin and no step
  const SampleBatch batch(none, model.step_dtype(), true);
  try {
    model.step(batch.batch(), {sizeof(assay_step), 0, 0, 0, 1.0}, {});
  } catch (const plugin::ComponentError&) {
    return {};
  }
  fail("step takes a batch of zero rows as if it taught something: it must be an error (BAD_INPUT)");
}

Outcome missing(Subject& subject) {
  const bool accepts = subject.component->has(ASSAY_ACCEPTS_MISSING);
  SampleTable table = sample_for(subject, kRows, subject.seed);
  const SampleTable whole = table;
  const auto width = static_cast<std::size_t>(table.row_width());
  for (std::size_t row = 0; row < table.y.size(); row += 7) table.x[row * width + row % width] = std::numeric_limits<double>::quiet_NaN();
  plugin::Model model = make_model(subject);
  if (accepts) {
    train(model, table, {subject.seed});
    const std::size_t bad = count_not_finite(predict(model, table));
    expect(bad == 0, fmt::format("is flagged ACCEPTS_MISSING, but {} predictions are not finite", bad));
    return {};
  }
  train(model, whole, {subject.seed});
  const std::vector<double> before = predict(model, whole);
  std::vector<double> after;
  try {
    after = predict(model, table);
  } catch (const plugin::ComponentError&) {
    return {Status::pass, "refuses missing inputs"};
  }
  const auto outputs = static_cast<std::size_t>(table.outputs());
  for (std::size_t row = 0; row < table.y.size(); ++row) {
    if (row % 7 == 0) continue;
    for (std::size_t i = row * outputs; i < (row + 1) * outputs; ++i)
      expect(std::abs(before[i] - after[i]) <= 1e-6 * (1 + std::abs(before[i])),
             "a missing value in one row changes other rows' predictions");
  }
  return {};
}

Outcome input_untouched(Subject& subject) {  // a write ends the process; the host knows the exit code
  const SampleTable table = sample_for(subject, kRows, subject.seed);
  plugin::Model model = make_model(subject);
  Training training{subject.seed};
  training.protect = true;
  train(model, table, training);
  predict(model, table, 1, true);
  return {};
}

Outcome batch_equals_single(Subject& subject) {
  const SampleTable table = sample_for(subject, kRows, subject.seed);
  plugin::Model model = make_model(subject);
  train(model, table, {subject.seed});
  const std::vector<double> all = predict(model, table);
  const auto outputs = static_cast<std::size_t>(table.outputs());
  for (std::int64_t row = 0; row < table.rows; row += 13) {
    const std::vector<double> one = predict(model, table.taken(std::span(&row, 1)));
    for (std::size_t i = 0; i < outputs; ++i) {
      const double whole = all[static_cast<std::size_t>(row) * outputs + i];
      expect(std::abs(one[i] - whole) <= 1e-6 * (1 + std::abs(whole)),
             fmt::format("row {} alone is predicted as {:.9g}, among others as {:.9g}: a row's prediction depends on its company", row,
                         one[i], whole));
    }
  }
  return {};
}

Outcome concurrent(Subject& subject) {
  if (!subject.component->has(ASSAY_CONCURRENT_PREDICT)) skip("does not claim CONCURRENT_PREDICT");
  const SampleTable table = sample_for(subject, kRows, subject.seed);
  plugin::Model model = make_model(subject);
  train(model, table, {subject.seed});
  const std::vector<double> alone = predict(model, table);
  on_threads(8, [&](unsigned) {
    for (int i = 0; i < 40; ++i) expect(same_bits(predict(model, table), alone), "predictions differ when 8 threads ask at once");
  });
  return {};
}

Outcome max_threads(Subject& subject) {
  const SampleTable table = sample_for(subject, kRows, subject.seed);
  for (const unsigned allowed : {1u, 2u}) {
    ThreadWatch watch;
    const auto began = Clock::now();
    for (int i = 0; i < 3 || (i < 1000 && seconds_since(began) < 0.1); ++i) {
      plugin::Model model = make_model(subject);
      Training training{subject.seed, 1};
      training.max_threads = allowed;
      train(model, table, training);
      predict(model, table, 1, false, allowed);
    }
    const int used = 1 + watch.peak_beyond_start();
    expect(used <= static_cast<int>(allowed), fmt::format("ran {} threads where max_threads is {}", used, allowed));
  }
  return {};
}

// A call that counts what the plugin asks the host, and wants it to stop from the start on or never.
struct CountingCall {
  assay_call raw{};
  bool stop;
  int callbacks = 0, reports = 0;
  std::string reason;
  std::vector<std::vector<std::max_align_t>> scratch;

  CountingCall(bool stop_at_once, std::uint64_t seed) : stop(stop_at_once) {
    raw.struct_size = sizeof raw;
    raw.max_threads = 1;
    raw.host = this;
    raw.seed = seed;
    raw.fail = [](assay_call* call, assay_status, assay_text text) { of(call).reason.assign(text.data, text.size); };
    raw.log = [](assay_call*, std::int32_t, assay_text) {};
    raw.report = [](assay_call* call, std::int64_t, assay_text, double) { return ++of(call).reports, of(call).asked(); };
    raw.stopping = [](assay_call* call) { return of(call).asked(); };
    raw.scratch = [](assay_call* call, std::uint64_t bytes, std::uint64_t align) -> void* {
      const std::size_t room = (bytes + align) / sizeof(std::max_align_t) + 2;
      auto at = reinterpret_cast<std::uintptr_t>(of(call).scratch.emplace_back(room).data());
      return reinterpret_cast<void*>((at + align - 1) / align * align);
    };
    raw.parallel = [](assay_call*, std::uint32_t n, assay_status (*task)(void*, std::uint32_t), void* arg) {
      assay_status worst = ASSAY_DONE;
      for (std::uint32_t i = 0; i < n && worst == ASSAY_DONE; ++i) worst = task(arg, i);
      return worst;
    };
  }
  static CountingCall& of(assay_call* call) { return *static_cast<CountingCall*>(call->host); }
  std::int32_t asked() { return ++callbacks, stop ? 1 : 0; }
};

struct OpenModel : plugin::Model {  // the tests below speak to the plugin past the owner, to count what it asks
  using Model::Model;
  using Model::self;
};

assay_status fit_counted(Subject& subject, CountingCall& call) {
  const SampleTable table = sample_for(subject, 2000, subject.seed);
  OpenModel model(*subject.component, subject.params, {});
  const SampleBatch batch(table, model.fit_dtype(), true);
  return subject.component->ability<assay_model_fit>("model.fit/1")->fit(model.self(), &call.raw, &batch.batch());
}

Outcome progress(Subject& subject) {
  if (make_model(subject).has_step()) return {Status::pass, "the host steps it"};
  CountingCall call(false, subject.seed);
  const auto began = Clock::now();
  const assay_status status = fit_counted(subject, call);
  expect(status == ASSAY_DONE, "fit failed: " + call.reason);
  if (call.reports > 0) return {};
  if (seconds_since(began) < kQuickSeconds) return {Status::pass, "reports nothing, but is quick"};
  warn("reports no progress during a fit that takes noticeable time");
}

Outcome stops(Subject& subject) {
  if (make_model(subject).has_step()) return {Status::pass, "the host steps it"};
  CountingCall call(true, subject.seed);
  const assay_status status = fit_counted(subject, call);
  if (status == ASSAY_STOPPED)
    expect(call.callbacks <= 10, fmt::format("stops only after {} callbacks that asked it to", call.callbacks));
  else
    expect(status == ASSAY_DONE && call.callbacks <= 10,
           fmt::format("ignores stop requests: {} callbacks asked it to stop, and it went on to the end", call.callbacks));
  if (call.callbacks == 0) warn("stops by kill: fit never asks whether it should stop (call.report or call.stopping)");
  return {};
}

// Validation rows are on offer: fit may ask for the score of its predictions for them as often as it likes, but of those rows only.
Outcome evaluates(Subject& subject) {
  plugin::Model model = make_model(subject);
  if (model.has_step()) return {Status::pass, "the host steps it"};
  const SampleTable table = sample_for(subject, kRows, subject.seed),
                    held = linear_sample(table.task, 60, table.lookback, subject.seed + 7);
  SampleBatch rows(table, model.fit_dtype(), true), validation(held, model.fit_dtype(), false);
  validation.protect();  // the rows themselves are another test's
  assay_batch batch = rows.batch();
  batch.validation_x = &validation.batch().x;
  batch.validation_rows = held.rows;
  batch.validation_last_known_target = validation.batch().last_known_target;
  int asked = 0;
  for (const bool scored : {true, false}) {  // a score may also be undefined
    plugin::CallOptions options;
    options.seed = subject.seed;
    options.evaluate = [&](const assay_array& p) {
      ++asked;
      expect(p.dtype == ASSAY_F64 && p.rank == 2 && p.shape[0] == held.rows && p.shape[1] == held.outputs(),
             fmt::format("asks for the score of {} x {} predictions, where {} validation rows with {} output(s) are on offer", p.shape[0],
                         p.rank == 2 ? p.shape[1] : 1, held.rows, held.outputs()));
      std::vector<double> values;
      for (std::int64_t r = 0; r < p.shape[0]; ++r)
        for (std::int64_t k = 0; k < p.shape[1]; ++k)
          values.push_back(static_cast<const double*>(p.data)[r * p.stride[0] + k * p.stride[1]]);
      expect(count_not_finite(values) == 0, "asks for the score of predictions that are not finite");
      return scored ? skill(held, values) : std::numeric_limits<double>::quiet_NaN();
    };
    model.fit(batch, options);
    expect(count_not_finite(predict(model, held)) == 0, scored ? "fitted with validation rows it predicts values that are not finite"
                                                               : "an undefined score (NaN) makes its predictions not finite");
  }
  return {Status::pass, asked == 0 ? "asks for no score" : fmt::format("asked for {} score(s)", asked)};
}

Outcome refit_forgets(Subject& subject) {
  if (!subject.component->has(ASSAY_DETERMINISTIC)) skip("declares itself not deterministic");
  const SampleTable one = sample_for(subject, kRows, subject.seed),
                    other = linear_sample(one.task, kRows + 31, one.lookback, subject.seed + 99);
  plugin::Model fresh = make_model(subject);
  train(fresh, one, {subject.seed});
  const std::vector<double> expected = predict(fresh, other);
  plugin::Model used = make_model(subject);
  train(used, other, {subject.seed + 5});
  train(used, one, {subject.seed});
  expect(same_bits(predict(used, other), expected),
         "a second fit remembers the first: what it learned from other rows is still in its predictions");
  return {};
}

Outcome resumes(Subject& subject) {
  plugin::Model straight = make_model(subject);
  if (!straight.has_step()) skip("has no model.step/1: an interrupted fit begins anew");
  if (!straight.has_train_state()) warn("offers model.step/1 without train_state/1: an interrupted fit begins anew");
  const SampleTable table = sample_for(subject, kRows, subject.seed);
  train(straight, table, {subject.seed, 4});
  plugin::Model first = make_model(subject);
  Training half{subject.seed, 4};
  half.last_step = 11;
  train(first, table, half);
  const plugin::StateEntries saved = first.train_save({});
  plugin::Model second = make_model(subject);
  const SampleBatch any(table.first(1), second.step_dtype(), true);
  second.train_load(any.problem(), saved, {});
  Training rest{subject.seed, 4};
  rest.first_step = 11;
  train(second, table, rest);
  expect(same_bits(predict(second, table), predict(straight, table)), "stopped, reloaded and gone on is not the same as straight through");
  expect(second.train_save({}).hash() == straight.train_save({}).hash(), "the train state differs after stopping, reloading and going on");
  return {};
}

StateOfKind model_state() {
  return {[](Subject& s) {
            const SampleTable table = sample_for(s, kRows, s.seed);
            auto model = std::make_shared<plugin::Model>(make_model(s));
            train(*model, table, {s.seed});
            return Stateful{model->has_state(), [=] { return model->save({}); }, [=](const plugin::StateEntries& e) { model->load(e, {}); },
                            [=] { return predict(*model, table); }};
          },
          [](Subject& s) {
            const SampleTable table = sample_for(s, kRows, s.seed);
            auto model = std::make_shared<plugin::Model>(make_model(s));
            return Stateful{model->has_state(), [=] { return model->save({}); }, [=](const plugin::StateEntries& e) { model->load(e, {}); },
                            [=] { return predict(*model, table); }};
          }};
}

}  // namespace

const std::vector<Test>& model_tests() {
  static const std::vector<Test> tests = {
      {"model", "fits", "it learns from 200 rows and gives finite predictions", "param_defaults", fits},
      {"model", "quiet", "it prints nothing", "fits", fits},
      {"model", "learns", "it finds a linear signal (a baseline is excused)", "fits", learns},
      {"model", "same_seed_same_bits", "same data and seed, same bits", "fits", same_seed},
      {"model", "one_row", "one row can be predicted, and learned from or refused", "fits", one_row},
      {"model", "zero_rows", "zero rows to learn from are an error", "fits", zero_rows},
      {"model", "missing_values", "missing inputs harm no other row, and none where it accepts them", "fits", missing},
      {"model", "input_untouched", "it does not write to its inputs", "fits", input_untouched},
      {"model", "batch_equals_single", "a row is predicted alone as among others", "fits", batch_equals_single},
      {"model", "concurrent_predict", "8 threads may predict at once", "fits", concurrent},
      {"model", "weights", "weights of rows count as it says", "fits", weights},
      {"model", "slopes", "the slopes that it tells are those of its forecasts", "fits", slopes_of_forecasts},
      {"model", "graph", "the graph that it tells computes its forecasts", "fits", graph_of_forecasts},
      {"model", "horizons", "several horizons learned in one fit keep apart", "fits", horizons_apart},
      {"model", "quantiles", "its quantiles never cross, and are the same however they are asked for", "fits", quantiles_of_forecasts},
      {"model", "max_threads", "it keeps to max_threads", "fits", max_threads},
      {"model", "progress", "it reports progress", "fits", progress},
      {"model", "evaluates", "with validation rows on offer it learns as well, and asks for scores of those rows only", "fits", evaluates},
      {"model", "stops", "it stops within a few callbacks when asked to", "fits", stops},
      {"model", "resumes", "training from a saved state is as straight training", "fits", resumes},
      {"model", "prunes", "pruned it reaches its share, keeps it and goes on from it", "fits", prunes},
      {"model", "refit_forgets", "a second fit forgets the first", "same_seed_same_bits", refit_forgets},
      {"model", "save_load_same_bits", "saved and loaded, it predicts the same bits", "fits",
       [](Subject& s) { return save_load_same_bits(s, model_state()); }},
      {"model", "save_twice_same_bytes", "saving twice gives the same bytes", "fits",
       [](Subject& s) { return save_twice_same_bytes(s, model_state()); }},
      {"model", "broken_state", "empty, cut or random state is an error and no crash", "fits",
       [](Subject& s) { return broken_state(s, model_state()); }},
  };
  return tests;
}

}  // namespace assay::checker
