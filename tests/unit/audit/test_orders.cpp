// Orders before a cut are those of the whole market, unless the strategy looks at what comes.
#include "support/catch.hpp"
#include "unit/audit/planted_subject.hpp"

using namespace assay;
using planted::over_time;
using planted::told;

namespace {

// Buys where the price is above its mean: of the bars so far, or of all that the market has.
class FakeMarket final : public run::BacktestSession {
 public:
  FakeMarket(data::Frame frame, bool looks_ahead, std::vector<double> forecasts = {})
      : frame_(std::move(frame)), looks_ahead_(looks_ahead), forecasts_(std::move(forecasts)) {}

  run::Replayed run(const run::ReplayJob& job) const override {
    run::Replayed out;
    out.record.instruments = {"x"};
    const auto close = frame_.at("close").reals();
    double all = 0, sum = 0;
    for (const double price : close) all += price / static_cast<double>(close.size());
    for (std::size_t row = 0; row < close.size(); ++row) {
      const TimeNs time = frame_.known_at()[row];
      sum += close[row];
      const double mean = looks_ahead_ ? all : sum / static_cast<double>(row + 1);
      if (time < job.first || time > job.last) continue;
      const auto number = static_cast<std::int64_t>(out.record.orders.size());
      out.record.orders.push_back({number, 0, time, time, "target units", (close[row] > mean ? 1 : -1) + 1e-3 * forecasts_.at(row)});
      out.record.fills.push_back({number, 0, time, 1, close[row], 0, 0});
    }
    return out;
  }
  std::unique_ptr<run::BacktestSession> with_forecasts(std::span<const double> forecasts, std::int64_t) const override {
    return std::make_unique<FakeMarket>(frame_, looks_ahead_, std::vector<double>(forecasts.begin(), forecasts.end()));
  }

 private:
  data::Frame frame_;
  bool looks_ahead_;
  std::vector<double> forecasts_;
};

audit::TestResult ordered(bool looks_ahead) {
  const auto audited = over_time();
  audited->experiment.backtest.emplace();
  audited->experiment.backtest->strategy.id = "planted";
  audited->subject->market = [looks_ahead](const data::Frame& frame) { return std::make_unique<FakeMarket>(frame, looks_ahead); };
  audit::Work work = audited->work();
  return audit::orders(*audited->subject, audited->options, audited->seed(), work);
}

}  // namespace

TEST_CASE("orders that hang on later bars are found, with the first of them") {
  const audit::TestResult clean = ordered(false), leak = ordered(true);
  INFO(told(clean) << told(leak));
  CHECK(clean.status == audit::Status::clean);
  CHECK_THAT(clean.looked_at, Catch::Contains("orders and fills, later bars cut away at"));
  REQUIRE(leak.status == audit::Status::found);
  const audit::Finding& finding = leak.findings.at(0);
  CHECK(finding.culprit == "strategy `planted`");
  CHECK(finding.first.row >= 0);
  CHECK_THAT(finding.what, Catch::Contains("first an order of target units"));
  CHECK(finding.before != finding.after);
}
