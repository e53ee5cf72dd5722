// The published figures of backtesting.py's own test (backtesting/test/_test.py, test_compute_stats, tolerance 1e-8): SMA 10/30 on GOOG,
// long and short, all equity in whole shares, decided on the close, filled at the next open, without costs, from 10,000.
#include "backtest/performance.hpp"
#include "backtest/session.hpp"
#include "data/column_file.hpp"
#include "support/build_plugins.hpp"
#include "support/catch.hpp"
#include "support/real_data.hpp"

using namespace assay;
using namespace assay::backtest;

TEST_CASE("GOOG, SMA 10/30: the published figures", "[real_data]") {
  data::CsvOptions options;
  options.path = test::real_data("goog_daily_2004_2013.csv");
  data::TimeRules time;
  time.time_column = "index";
  const auto loaded = data::load_csv(options, time, {});
  const Session session(make_market(loaded.frame, {"Open", "High", "Low", "Close", "Volume"}), build_plugins(), {.in_process = true});
  Job job;
  job.legs.push_back({0, {"trend.sma_cross", {{"fast", {std::int64_t{10}}}, {"slow", {std::int64_t{30}}}}, {}}});
  job.rules.capital = 10'000;
  job.rules.whole_units = true;
  job.rules.settle_at_last_open = true;
  const Outcome out = session.run(job);
  const Performance p = performance(out, job.rules.capital, {});
  CHECK(p.trades == 66);
  CHECK(p.final_equity == Approx(51422.99).epsilon(1e-12));
  CHECK(p.peak_equity == Approx(75787.44).epsilon(1e-12));
  CHECK(p.total_return == Approx(4.142299).epsilon(1e-9));
  CHECK(p.max_drawdown == Approx(-0.4798012705007589).epsilon(1e-9));
  CHECK(p.hit_rate == Approx(0.4696969697).epsilon(1e-9));
  CHECK(p.best_trade == Approx(0.5359595229).epsilon(1e-9));
  CHECK(p.worst_trade == Approx(-0.1839887354).epsilon(1e-9));
  job.rules.settle_at_last_open = false;
  CHECK(performance(session.run(job), job.rules.capital, {}).final_equity == Approx(51'959.95).epsilon(1e-12));
}
