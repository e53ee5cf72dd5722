// Every way in which two stored runs may differ is told.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "run/differences.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::run;

namespace {

// Whether a difference is told that contains `text`.
bool told(const std::vector<Difference>& all, const std::string& text) {
  return std::any_of(all.begin(), all.end(), [&](const Difference& d) { return d.what.find(text) != std::string::npos; });
}

struct StoreFile {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("assay_test_differences_" + std::to_string(::getpid()) + ".db");
  ~StoreFile() {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + end);
  }
};

}  // namespace

TEST_CASE("differences of two runs: values, truth, parts, times, and metrics of either alone") {
  const StoreFile file;
  store::Store store(file.path, store::Store::Mode::write);
  store::Predictions base;
  base.row = {1, 2};
  base.known_at = {10, 20};
  base.label_end = {11, 21};
  base.truth = {1, 0};
  base.value = {0.5, 0.25};
  const auto run_of = [&](const store::Predictions& predictions, const std::vector<store::MetricRecord>& metrics) {
    const store::RunId id = store.create_run({});
    store::UnitRecord unit;
    unit.key = {"m", 0, 0};
    unit.predictions = {predictions};
    store.put_unit(id, unit);
    store.finish_run(id, store::RunStatus::complete, 1, "{}", "", metrics);
    return id;
  };
  const store::MetricRecord auc{"m", "auc", -1, "pooled", 0.7, 0.6, 0.8, 0}, ks{"m", "ks", -1, "pooled", 0.3, 0.2, 0.4, 0};
  const store::RunId first = run_of(base, {auc, ks});
  CHECK(differences(store, first, run_of(base, {auc, ks})).empty());
  const auto with = [&](auto change) {
    store::Predictions other = base;
    change(other);
    return differences(store, first, run_of(other, {auc, ks}));
  };
  CHECK(told(with([](auto& p) { p.value[1] = 0.26; }), "test: 1 of 2 values differ"));
  CHECK(told(with([](auto& p) { p.truth[0] = 0; }), "test, truth: 1 of 2 values differ"));
  CHECK(told(with([](auto& p) { p.part = "validation"; }), "against validation"));
  CHECK(told(with([](auto& p) { p.label_end[1] = 22; }), "other times"));
  CHECK(told(with([](auto& p) { p.row[1] = 3; }), "other rows"));
  const store::RunId less = run_of(base, {auc});
  CHECK(told(differences(store, first, less), "m ks fold 0: in run 1 only"));
  CHECK(told(differences(store, less, first), "m ks fold 0: in run 1 only"));
}

TEST_CASE("differences of two runs: each number of equity, orders, fills and trades, and of trials; a revealed span is left out") {
  const StoreFile file;
  store::Store store(file.path, store::Store::Mode::write);
  store::BacktestRecord backtest;
  backtest.instruments = {"A"};
  backtest.times = {10, 20, 30};
  backtest.equity = {100, 101, 102};
  backtest.cash = {100, 1, 102};
  backtest.exposure = {0, 0.99, 0};
  backtest.orders = {{0, 0, 10, 20, "units", 1}, {1, 0, 20, 30, "units", -1}};
  backtest.fills = {{0, 0, 20, 1, 100, 0.5, 0.25}, {1, 0, 30, -1, 102, 0.5, 0.25}};
  backtest.trades = {{0, 20, 30, 1, 100, 102, 1.5, 0.5, 0.005, 1, false}};
  store::TrialRecord trial;
  trial.study = 1;
  trial.number = 3;
  trial.value = 0.25;
  trial.values = {{"model.hidden", "8"}};
  trial.step = {0, 1};
  trial.step_value = {0.5, 0.25};
  trial.time = {10, 20};
  trial.returns = {0.01, -0.01};
  const auto run_of = [&](const std::vector<store::BacktestRecord>& backtests, const std::vector<store::TrialRecord>& trials) {
    const store::RunId id = store.create_run({});
    for (const auto& b : backtests) store.put_backtest(id, b);
    for (const auto& t : trials) store.put_trial(id, t);
    return id;
  };
  const store::RunId first = run_of({backtest}, {trial});
  store::BacktestRecord sealed = backtest;
  sealed.name = "final_test";
  CHECK(differences(store, first, run_of({backtest, sealed}, {trial})).empty());

  const auto traded = [&](auto change) {
    store::BacktestRecord other = backtest;
    change(other);
    std::vector<Difference> found = differences(store, first, run_of({other}, {trial}));
    CHECK(found.size() == 1);
    return found;
  };
  const double more = std::nextafter(0.5, 1);  // one bit
  CHECK(told(traded([](auto& b) { b.equity[2] = 103; }), "backtest, strategy, repeat 1, equity: 1 of 3 values differ, by up to 1"));
  CHECK(told(traded([](auto& b) { b.cash[0] = 99; }), "cash: 1 of 3"));
  CHECK(told(traded([](auto& b) { b.exposure[1] = -0.0; }), "exposure: 1 of 3"));
  CHECK(told(traded([](auto& b) { b.orders[1].placed = 10; }), "orders: 1 of 2 differ"));
  CHECK(told(traded([](auto& b) { b.orders[0].kind = "target weight"; }), "orders: 1 of 2 differ"));
  CHECK(told(traded([&](auto& b) { b.fills[1].commission = more; }), "fills: 1 of 2 differ"));
  CHECK(told(traded([](auto& b) { b.fills.pop_back(); }), "fills: 2 against 1"));
  CHECK(told(traded([&](auto& b) { b.trades[0].result = more; }), "trades: 1 of 1 differ"));
  CHECK(told(traded([](auto& b) { b.trades[0].open_at_end = true; }), "trades: 1 of 1 differ"));
  CHECK(told(traded([](auto& b) { b.times[0] = 9; }), "other times"));
  CHECK(told(differences(store, first, run_of({}, {trial})), "backtest, strategy, repeat 1: in run 1 only"));

  const auto tried = [&](auto change) {
    store::TrialRecord other = trial;
    change(other);
    std::vector<Difference> found = differences(store, first, run_of({backtest}, {other}));
    CHECK(found.size() == 1);
    return found;
  };
  CHECK(told(tried([](auto& t) { t.value = 0.26; }), "fold 2, trial 3, value: 1 of 1 values differ"));
  CHECK(told(tried([](auto& t) { t.status = store::TrialStatus::pruned; }), "fold 2, trial 3: complete against pruned"));
  CHECK(told(tried([](auto& t) { t.values[0].second = "16"; }), "other values were tried"));
  CHECK(told(tried([&](auto& t) { t.step_value[0] = more; }), "steps: 1 of 2"));
  CHECK(told(tried([](auto& t) { t.returns[1] = 0; }), "returns: 1 of 2"));
  CHECK(told(differences(store, first, run_of({backtest}, {})), "fold 2, trial 3: in run 1 only"));
}
