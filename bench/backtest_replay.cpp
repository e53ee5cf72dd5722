// backtest.*: moving averages that cross, traded at the next open with costs, through the plugin boundary, with orders and accounting. The
// equity has to be that of a plain loop over the same bars.
// links: assay::backtest assay::plugin assay::data
#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>
#include <vector>

#include "backtest/session.hpp"
#include "base/random.hpp"
#include "harness.hpp"

namespace {

using namespace assay;
using Series = std::vector<double>;

constexpr double kCostBps = 7;  // 5 commission, 2 slippage

struct Prices {  // of one instrument
  Series open, close;
};

Prices walk(std::uint64_t seed, std::size_t bars) {
  Random random(SeedTree(seed).child("walk"));
  Prices p;
  double price = 100;
  for (std::size_t t = 0; t < bars; ++t) {
    p.open.push_back(price * std::exp(0.002 * random.normal()));
    p.close.push_back(price = p.open.back() * std::exp(0.01 * random.normal()));
  }
  return p;
}

backtest::Market market_of(const std::vector<Prices>& panel) {
  const std::size_t n = panel.size(), bars = panel[0].close.size();
  std::vector<TimeNs> time;
  std::vector<std::int32_t> entity;
  std::vector<std::string> names;
  Series open, high, low, close;
  for (std::size_t i = 0; i < n; ++i) names.push_back("I" + std::to_string(i));
  for (std::size_t t = 0; t < bars; ++t)
    for (std::size_t i = 0; i < n; ++i) {
      time.push_back(static_cast<TimeNs>(t) * 60 * kNsPerSecond);
      entity.push_back(static_cast<std::int32_t>(i));
      open.push_back(panel[i].open[t]);
      close.push_back(panel[i].close[t]);
      high.push_back(std::max(open.back(), close.back()));
      low.push_back(std::min(open.back(), close.back()));
    }
  data::TimeRules rules;
  rules.time_column = "time";
  rules.entity_column = "entity";
  data::FrameNotes notes;
  using data::Column;
  return backtest::make_market(
      data::Frame::finish({Column::of_times("time", time), Column::of_codes("entity", entity, names), Column::of_reals("open", open),
                           Column::of_reals("high", high), Column::of_reals("low", low), Column::of_reals("close", close)},
                          rules, notes),
      {});
}

// The plain loop: equity after each bar.
Series plain(const std::vector<Prices>& panel, std::size_t fast, std::size_t slow, double capital) {
  const std::size_t n = panel.size(), bars = panel[0].close.size();
  Series equity, units(n, 0), wanted(n, 0);
  std::vector<int> side(n, 0);
  std::vector<bool> waits(n, false);
  double cash = capital;
  for (std::size_t t = 0; t < bars; ++t) {
    double worth = cash;
    for (std::size_t i = 0; i < n; ++i) worth += units[i] * panel[i].open[t];
    for (std::size_t i = 0; i < n; ++i) {
      if (!waits[i]) continue;
      waits[i] = false;
      const double price = panel[i].open[t], traded = wanted[i] * worth / price - units[i];
      cash -= traded * price + std::abs(traded) * price * kCostBps * 1e-4;
      units[i] += traded;
    }
    worth = cash;
    for (std::size_t i = 0; i < n; ++i) {
      const Series& close = panel[i].close;
      worth += units[i] * close[t];
      if (t + 1 < slow) continue;
      double quick = 0, calm = 0;
      for (std::size_t k = t + 1 - slow; k <= t; ++k) {
        calm += close[k];
        if (k + fast > t) quick += close[k];
      }
      const int now = quick / static_cast<double>(fast) > calm / static_cast<double>(slow) ? 1 : -1;
      if (side[i] != 0 && now != side[i]) {
        waits[i] = true;
        wanted[i] = now / static_cast<double>(n);
      }
      side[i] = now;
    }
    equity.push_back(worth);
  }
  return equity;
}

backtest::Job job(std::int64_t fast, std::int64_t slow) {
  backtest::Job job;
  job.legs.push_back({0, {"trend.sma_cross", {{"fast", {fast}}, {"slow", {slow}}}, {}}});
  job.rules.costs.commission_bps = 5;
  job.rules.costs.slippage_bps = 2;
  job.curve_only = true;
  return job;
}

void require_plain(const backtest::Outcome& out, const std::vector<Prices>& panel, std::size_t fast, std::size_t slow) {
  const Series expected = plain(panel, fast, slow, 1'000'000);
  bench::require(out.equity.size() == expected.size() && out.trades.size() > 20, "the backtest did not trade");
  for (std::size_t t = 0; t < expected.size(); ++t)
    bench::require(std::abs(out.equity[t] / expected[t] - 1) < 1e-9, "the equity is not the plain loop's");
}

// 1,000 pairs of windows: 20 fast ones by 50 slow ones.
void run_grid(const backtest::Session& session, int threads) {
  std::atomic<std::int64_t> next{0};
  const auto work = [&] {
    for (std::int64_t i; (i = next++) < 1000;) bench::keep(session.run(job(2 + i % 20, 30 + 2 * (i / 20))).equity.back());
  };
  std::vector<std::thread> more;
  for (int t = 1; t < threads; ++t) more.emplace_back(work);
  work();
  for (std::thread& thread : more) thread.join();
}

void measure(bench::Session& bench) {
  const plugin::Registry registry(plugin::SearchPath::standard({}));
  const auto here = [&](const std::vector<Prices>& panel) { return backtest::Session(market_of(panel), registry, {.in_process = true}); };
  const std::string peer = "backtest_replay.py";
  if (bench.wants("backtest.sma_event") || bench.wants("backtest.grid_1000")) {
    const std::vector<Prices> prices{walk(1, 5000)};
    const backtest::Session session = here(prices);
    require_plain(session.run(job(10, 30)), prices, 10, 30);
    require_plain(session.run(job(7, 90)), prices, 7, 90);
    bench.measure({.name = "backtest.sma_event", .unit = "us", .peer = peer, .goal = 170}, [&] {
      constexpr int kRuns = 100;
      return bench::time([&] {
               for (int i = 0; i < kRuns; ++i) bench::keep(session.run(job(10, 30)).equity.back());
             }) *
             1e6 / kRuns;
    });
    for (const int threads : {1, 4})
      bench.measure({.name = "backtest.grid_1000", .unit = "s", .threads = threads, .peer = peer, .goal = threads == 1 ? 0.2 : 0.055},
                    [&] { return bench::time([&] { run_grid(session, threads); }); });
  }
  if (bench.wants("backtest.panel_500")) {
    std::vector<Prices> panel;
    for (std::size_t i = 0; i < 500; ++i) panel.push_back(walk(100 + i, 5000));
    const backtest::Session session = here(panel);
    require_plain(session.run(job(10, 30)), panel, 10, 30);
    bench.measure({.name = "backtest.panel_500", .unit = "s", .peer = peer, .goal = 0.1},
                  [&] { return bench::time([&] { bench::keep(session.run(job(10, 30)).equity.back()); }); });
  }
  if (bench.wants("backtest.minute_1m")) {
    const std::vector<Prices> prices{walk(2, 1'000'000)};
    const backtest::Session session = here(prices);
    require_plain(session.run(job(50, 200)), prices, 50, 200);
    bench.measure({.name = "backtest.minute_1m", .unit = "s", .peer = peer, .goal = 0.05},
                  [&] { return bench::time([&] { bench::keep(session.run(job(50, 200)).equity.back()); }); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  return assay::bench::program(argc, argv, [](assay::bench::Session& session) { measure(session); });
}
