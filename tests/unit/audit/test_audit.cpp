// The whole audit: clean experiments of every kind give no finding, the same report each time, and what is not covered.
#include "planted_subject.hpp"

using namespace planted;
using audit::Status;

namespace {
std::string told(const audit::Report& report) {
  std::string text;
  for (const audit::TestResult& test : report.tests) text += planted::told(test);
  return text;
}
}  // namespace

TEST_CASE("A clean series has no finding, the same report twice, and what is not covered") {
  const auto subject = over_time("lead(close, 3) / close - 1", {}, "{columns: [ret, f, x], lookback: 3}",
                                 "{use: walk_forward, train: 200, validation: 60, test: 60, step: 60, final_test: 60}");
  std::int64_t steps = 0;
  subject->options.progress = [&](std::int64_t done, std::int64_t all, const std::string&) {
    ++steps;
    CHECK(done <= all);
  };
  const audit::Report report = audit::audit(*subject->subject, subject->options);
  INFO(told(report));
  CHECK_FALSE(report.found());
  CHECK(steps > 20);
  CHECK(report.tests.size() == 11);
  for (const audit::TestResult& test : report.tests) CHECK(test.status == Status::clean);
  CHECK(told(report) == told(audit::audit(*subject->subject, subject->options)));
  CHECK(report.not_covered.size() >= 4);
}

TEST_CASE("Clean panels and tables have no finding") {
  const std::string rest =
      "split: {use: walk_forward, train: 150, test: 60}\nmodel: {use: linear.ridge}\n"
      "prepare: [{use: missing, method: forward_fill}, {use: missing, method: mean}, {use: scale, by: time}]\n"
      "evaluate: {metrics: [rank_ic], baselines: [no_change]}\n";
  const auto panel = audited("",
                             "data: {source: sim.market, entities: 6, days: 400, signal: 0.02, seed: 1}\n"
                             "features: {r: \"cs_rank(close / lag(close, 5))\", v: \"std(close / lag(close, 1), 10)\"}\n"
                             "inputs: [r, v, momentum]\ntarget: {expr: \"lead(close, 2) / close - 1\", task: regression}\n" +
                                 rest);
  const audit::Report of_panel = audit::audit(*panel->subject, panel->options);
  INFO(told(of_panel));
  CHECK_FALSE(of_panel.found());

  const auto credit = audited("",
                              "data: {source: sim.credit, rows: 800, seed: 1}\nfeatures: {u: \"utilisation * 2\"}\n"
                              "inputs: all\ntarget: {column: default, task: binary}\nsplit: {use: stratified, test: 0.3}\n"
                              "prepare: [{use: missing, method: mean}, {use: one_hot}, {use: scale, method: standard}]\n"
                              "model: {use: linear.logistic}\nevaluate: {metrics: [auc], baselines: [prior]}\n");
  const audit::Report of_table = audit::audit(*credit->subject, credit->options);
  INFO(told(of_table));
  CHECK_FALSE(of_table.found());
}

TEST_CASE("A class that comes up late, and labels of a column that end after the data, are no finding") {
  Random random(3);
  std::string text = "day,x,regime\n";
  for (std::int64_t d = 0; d < 700; ++d) {
    const char* regime = d > 450 && random.uniform() < 0.2 ? "crash" : random.uniform() < 0.4 ? "up" : "down";
    text += fmt::format("{},{:.17g},{}\n", to_iso(d * kNsPerDay), random.normal(), regime);
  }
  const auto subject = audited(text,
                               "data: {source: csv, path: data.csv, time: {column: day}}\nfeatures: {r: \"x - lag(x, 1)\"}\n"
                               "inputs: [r, x]\ntarget: {column: regime, task: multiclass, horizon: 2}\n"
                               "split: {use: walk_forward, train: 200, test: 100}\nprepare: [{use: missing, method: mean}]\n"
                               "model: {use: baseline.prior}\nevaluate: {metrics: [accuracy], baselines: [prior]}\n");
  const audit::Report report = audit::audit(*subject->subject, subject->options);
  INFO(told(report));
  CHECK_FALSE(report.found());
}

TEST_CASE("An audit ends when it is cancelled") {
  const auto subject = over_time();
  const std::atomic<bool> cancel{true};
  subject->options.cancel = &cancel;
  try {
    audit::audit(*subject->subject, subject->options);
    FAIL("it went on");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::interrupted);
  }
}
