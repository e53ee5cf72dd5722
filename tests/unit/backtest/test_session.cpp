#include <thread>

#include "backtest/session.hpp"
#include "base/error.hpp"
#include "small_market.hpp"
#include "support/catch.hpp"

using namespace small_market;
using namespace assay::backtest;
using plugin::CallFailure;

namespace {

plugin::Registry registry(const char* folder) {
  plugin::SearchPath path;
  path.folders.emplace_back(folder, "the build folder");
  return plugin::Registry(std::move(path));
}

const plugin::Registry& test_plugins() {
  static const plugin::Registry all = registry(TEST_PLUGINS);
  return all;
}

SessionOptions in_workers(worker::Milliseconds timeout = worker::Milliseconds{0}) {
  SessionOptions options;
  options.program = BACKTEST_CHILD;
  options.timeout = timeout;
  return options;
}

Job job(const std::string& id, config::Map params = {}) {
  Job job;
  job.legs.push_back({0, {id, std::move(params), {}}});
  job.rules.costs = {3, 0.1, 0.5, 2};
  return job;
}

Job trouble(const char* mode) { return job("test.trouble", {{"mode", {std::string(mode)}}}); }

template <class T, class Same>
void check_same(const std::vector<T>& a, const std::vector<T>& b, Same same) {
  CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end(), same));
}

void check_same(const Outcome& a, const Outcome& b) {
  CHECK(a.times == b.times);
  CHECK(a.equity == b.equity);
  CHECK(a.cash == b.cash);
  CHECK(a.exposure == b.exposure);
  CHECK(a.total_costs == b.total_costs);
  CHECK(a.traded_value == b.traded_value);
  check_same(a.orders, b.orders,
             [](const Order& x, const Order& y) { return x.placed == y.placed && x.wanted == y.wanted && x.filled == y.filled; });
  check_same(a.fills, b.fills,
             [](const Fill& x, const Fill& y) { return x.time == y.time && x.units == y.units && x.costs() == y.costs(); });
  check_same(a.trades, b.trades, [](const Trade& x, const Trade& y) { return x.result == y.result && x.exit_time == y.exit_time; });
}

// A market whose column "hold" and forecasts are whole numbers, different at each row.
Market columns_market() {
  const auto bars = random_bars(5, 3, 80);
  std::size_t rows = 0;
  for (const auto& one : bars) rows += one.size();
  std::vector<double> hold(rows), forecasts(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    hold[i] = static_cast<double>(i % 7);
    forecasts[i] = static_cast<double>(i % 3);
  }
  return make_market(frame(bars, {data::Column::of_reals("hold", hold)}), {}, std::vector<std::string>{"hold"}, {forecasts, 1});
}

CallFailure failure(const Session& session, const Job& job) {
  try {
    session.run(job);
  } catch (const CallFailure& e) {
    return e;
  }
  FAIL("it went well");
  throw std::logic_error("not reached");
}

}  // namespace

TEST_CASE("a worker's replay is the host's, bit for bit, with columns and forecasts") {
  const Market m = columns_market();
  const Session here(m, test_plugins(), {.in_process = true}), there(m, test_plugins(), in_workers());
  const Job follows = job("test.follows", {{"column", {std::string("hold")}}});
  CHECK(columns_of(test_plugins(), std::vector<config::Component>{follows.legs[0].strategy}) == std::vector<std::string>{"hold"});
  const Outcome expected = here.run(follows);
  CHECK(expected.fills.size() > 100);
  check_same(there.run(follows), expected);

  std::vector<double> others(static_cast<std::size_t>(1000), 2.0);
  const Outcome other = here.with_forecasts({others, 1}).run(follows);
  CHECK(other.equity != expected.equity);
  check_same(there.with_forecasts({others, 1}).run(follows), other);
  check_same(there.run(follows), expected);

  Job curve = follows;
  curve.curve_only = true;
  const Outcome only = there.run(curve);
  CHECK(only.equity == expected.equity);
  CHECK(only.trades.size() == expected.trades.size());
  CHECK(only.fills.empty());
}

TEST_CASE("several legs, a period and rules reach the worker") {
  const Market m = columns_market();
  const Session here(m, test_plugins(), {.in_process = true}), there(m, test_plugins(), in_workers());
  Job walk = job("test.follows", {{"column", {std::string("hold")}}});
  walk.legs.push_back({m.times[40], {"test.trouble", {}, {}}});
  walk.period = {m.times[10], m.times[60]};
  walk.rules.fill = FillRule::next_close;
  walk.rules.whole_units = true;
  const Outcome expected = here.run(walk);
  CHECK(expected.times.front() == m.times[10]);
  CHECK(expected.times.back() == m.times[60]);
  check_same(there.run(walk), expected);
}

TEST_CASE("what a strategy does to its process is a failure with its reason and last words") {
  const Session session(columns_market(), test_plugins(), in_workers(worker::Milliseconds{20'000}));
  CHECK_NOTHROW(session.run(trouble("none")));
  const CallFailure refused = failure(session, trouble("throws"));
  CHECK(refused.how() == CallFailure::How::refused);
  CHECK_THAT(refused.what(), Catch::Contains("the third bar is too much"));
  CHECK_THAT(refused.log(), Catch::Contains("about to try: throws"));
  const CallFailure crashed = failure(session, trouble("aborts"));
  CHECK(crashed.how() == CallFailure::How::crashed);
  CHECK_THAT(crashed.what(), Catch::Contains("SIGABRT"));
  CHECK_THAT(crashed.log(), Catch::Contains("about to try: aborts"));
  CHECK_NOTHROW(session.run(trouble("none")));  // the next one has a worker again
}

TEST_CASE("a strategy that hangs is ended when its time is up") {
  const Session session(columns_market(), test_plugins(), in_workers(worker::Milliseconds{300}));
  CHECK(failure(session, trouble("hangs")).how() == CallFailure::How::timed_out);
  CHECK(failure(session, trouble("sleeps")).how() == CallFailure::How::timed_out);
}

TEST_CASE("a strategy that takes all memory is ended") {
  SessionOptions options = in_workers(worker::Milliseconds{60'000});
  options.memory_bytes = 400'000'000;
  const Session session(columns_market(), test_plugins(), options);
  CHECK(failure(session, trouble("eats")).how() == CallFailure::How::out_of_memory);
}

TEST_CASE("an interrupted replay is an interruption, not a failure") {
  std::atomic<bool> cancel{false};
  SessionOptions options = in_workers();
  options.cancel = &cancel;
  const Session session(columns_market(), test_plugins(), options);
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    cancel = true;
  });
  try {
    session.run(trouble("sleeps"));
    FAIL("it went well");
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::interrupted);
  }
  later.join();
}

TEST_CASE("a worker that ran a third-party plugin serves once, one that ran our own serves on") {
  const auto replays = [](const Session& session) { return session.run(job("test.counts")).orders.at(0).wanted; };
  const Session theirs(columns_market(), test_plugins(), in_workers());
  for (int i = 0; i < 3; ++i) CHECK(replays(theirs) == 1);
  const plugin::Registry as_ours = registry(TEST_PLUGINS);
  for (const plugin::PluginFile* file : as_ours.files()) const_cast<plugin::PluginFile*>(file)->ships = true;
  const Session ours(columns_market(), as_ours, in_workers());
  for (int i = 1; i < 4; ++i) CHECK(replays(ours) == i);
  failure(ours, trouble("throws"));  // that worker is given up
  CHECK(replays(ours) == 1);
  CHECK(replays(ours) == 2);

  // The worker that serves on gets other forecasts where another session has others.
  const Session here(columns_market(), as_ours, {.in_process = true});
  const Job follows = job("test.follows", {{"column", {std::string("hold")}}});
  const std::vector<double> others(1000, 2.0);
  for (int round = 0; round < 2; ++round) {
    check_same(ours.run(follows), here.run(follows));
    check_same(ours.with_forecasts({others, 1}).run(follows), here.with_forecasts({others, 1}).run(follows));
  }
  CHECK(replays(ours) == 3);  // still the same one
}

TEST_CASE("a column that the market does not have is refused, with those that it has") {
  const Market m = columns_market();
  const Session here(m, test_plugins(), {.in_process = true}), there(m, test_plugins(), in_workers());
  for (const Session* session : {&here, &there})
    CHECK_THAT(failure(*session, job("test.follows", {{"column", {std::string("helt")}}})).what(), Catch::Contains("no column 'helt'"));
}

TEST_CASE("replays of several threads run at once") {
  const Market m = columns_market();
  const plugin::Registry shipped = registry(PLUGINS_FOLDER);
  const Session here(m, shipped, {.in_process = true}), there(m, shipped, in_workers());
  const auto sma = [](std::int64_t fast) { return job("trend.sma_cross", {{"fast", {fast}}, {"slow", {std::int64_t{20}}}}); };
  std::vector<std::thread> threads;
  std::vector<Outcome> outcomes(12);
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < outcomes.size(); i += 4) outcomes[i] = there.run(sma(static_cast<std::int64_t>(i) + 2));
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < outcomes.size(); ++i) check_same(outcomes[i], here.run(sma(static_cast<std::int64_t>(i) + 2)));
}
