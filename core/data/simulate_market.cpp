#include "data/simulate_market.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"

namespace assay::data {
namespace {

constexpr double kDrift = 0.0003;
// GARCH(1,1) of mean 1, driven by the unpredictable part alone, and a factor of 2 in stressed days.
constexpr double kAlpha = 0.08, kBeta = 0.90, kOmega = 1 - kAlpha - kBeta;
constexpr double kStressFactor = 2, kToStress = 0.01, kToCalm = 0.05;
constexpr double kOvernightShare = 0.3;  // of a day's variance, before the open
constexpr double kMomentum = 0.7, kValue = -0.5, kProduct = 0.4;

void check(bool in_range, const char* name, const char* range) {
  if (!in_range)
    throw Error(Fault::usage, "simulating a market", fmt::format("{} is out of range", name), fmt::format("{} must be {}", name, range));
}

TimeNs check(const MarketOptions& o) {
  check(o.entities >= 1 && o.entities <= 100'000, "entities", "1 .. 100000");
  check(o.days >= 2 && o.days <= 1'000'000 && o.entities * o.days <= 500'000'000, "days",
        "2 .. 1000000, and days x entities at most 500 million");
  check(o.signal >= 0 && o.signal <= 0.9, "signal", "0 .. 0.9");
  check(o.correlation >= 0 && o.correlation <= 0.99, "correlation", "0 .. 0.99");
  const auto start = parse_iso(o.start);
  check(start.has_value(), "start", "a date like 2010-01-04");
  constexpr TimeNs kLast = std::numeric_limits<TimeNs>::max() / kNsPerDay;
  check(*start / kNsPerDay + o.days * 7 / 5 + 7 < kLast, "days", "few enough to end before 2262");
  return *start;
}

std::vector<TimeNs> weekdays(TimeNs start, std::int64_t count) {
  std::vector<TimeNs> days;
  std::int64_t day = start / kNsPerDay - (start % kNsPerDay < 0 ? 1 : 0);
  for (; static_cast<std::int64_t>(days.size()) < count; ++day) {
    const std::int64_t weekday = ((day + 3) % 7 + 7) % 7;  // Monday 0
    if (weekday < 5) days.push_back(day * kNsPerDay);
  }
  return days;
}

class StationaryPath {  // AR(1) with variance 1
 public:
  StationaryPath(SeedTree tree, double persistence)
      : random_(tree), persistence_(persistence), shock_(std::sqrt(1 - persistence * persistence)), value_(random_.normal()) {}
  double value() const { return value_; }
  void step() { value_ = persistence_ * value_ + shock_ * random_.normal(); }

 private:
  Random random_;
  double persistence_, shock_, value_;
};

struct Bars {
  std::vector<double> open, high, low, close, momentum, value, flow, noise, expected, volatility;
  std::vector<std::int64_t> volume;
  explicit Bars(std::size_t n) : volume(n) {
    for (auto* column : {&open, &high, &low, &close, &momentum, &value, &flow, &noise, &expected, &volatility}) column->resize(n);
  }
};

struct Market {
  std::vector<double> shocks;          // common to all, one a day
  std::vector<std::uint8_t> stressed;  // known the evening before
};

Market draw_market(SeedTree tree, std::size_t days) {
  Market market{std::vector<double>(days), std::vector<std::uint8_t>(days + 1)};
  Random random(tree.child("market"));
  bool stressed = false;
  for (std::size_t d = 0; d <= days; ++d) {
    stressed = random.uniform() < (stressed ? 1 - kToCalm : kToStress);
    market.stressed[d] = stressed ? 1 : 0;
    if (d < days) market.shocks[d] = random.normal();
  }
  return market;
}

// Row of day d and entity e is d * entities + e.
void draw_entity(const MarketOptions& o, const Market& market, std::size_t e, Bars& bars) {
  const SeedTree tree = SeedTree(o.seed).child("sim.market").child("entity").child(e);
  Random random(tree.child("prices"));
  StationaryPath momentum(tree.child("momentum"), 0.95), value(tree.child("value"), 0.98), flow(tree.child("flow"), 0.80),
      noise(tree.child("noise"), 0.90);
  const double base = 0.01 * std::exp(0.3 * random.normal());  // this entity's daily volatility
  const double usual_volume = std::exp(13 + random.normal());
  double close = std::exp(4 + 0.5 * random.normal()), garch = 1, score = 0;
  const auto days = static_cast<std::size_t>(o.days), entities = static_cast<std::size_t>(o.entities);
  for (std::size_t d = 0; d < days; ++d) {
    const std::size_t row = d * entities + e;
    const double sigma = base * std::sqrt(garch) * (market.stressed[d] != 0 ? kStressFactor : 1.0);
    const double shock = std::sqrt(o.correlation) * market.shocks[d] + std::sqrt(1 - o.correlation) * random.normal();
    const double surprise = std::sqrt(o.signal) * score + std::sqrt(1 - o.signal) * shock;
    const double log_return = std::log1p(std::max(kDrift + sigma * surprise, -0.9));
    const double last = close;
    close = last * std::exp(log_return);
    // The open lies on a bridge between the closes, high and low beyond both open and close.
    bars.open[row] =
        last * std::exp(kOvernightShare * log_return + std::sqrt(kOvernightShare * (1 - kOvernightShare)) * sigma * random.normal());
    bars.high[row] = std::max(bars.open[row], close) * std::exp(0.4 * sigma * std::abs(random.normal()));
    bars.low[row] = std::min(bars.open[row], close) * std::exp(-0.4 * sigma * std::abs(random.normal()));
    bars.close[row] = close;
    bars.volume[row] = static_cast<std::int64_t>(usual_volume * std::exp(0.4 * random.normal() + 0.3 * std::abs(shock)));
    if (d > 0)
      for (StationaryPath* path : {&momentum, &value, &flow, &noise}) path->step();
    score = (kMomentum * momentum.value() + kValue * value.value() + kProduct * momentum.value() * flow.value()) /
            std::sqrt(kMomentum * kMomentum + kValue * kValue + kProduct * kProduct);
    garch = kOmega + garch * (kAlpha * shock * shock + kBeta);
    bars.momentum[row] = momentum.value();
    bars.value[row] = value.value();
    bars.flow[row] = flow.value();
    bars.noise[row] = noise.value();
    bars.volatility[row] = base * std::sqrt(garch) * (market.stressed[d + 1] != 0 ? kStressFactor : 1.0);
    bars.expected[row] = kDrift + bars.volatility[row] * std::sqrt(o.signal) * score;
  }
}

}  // namespace

SimulatedMarket simulate_market(const MarketOptions& options) {
  const TimeNs start = check(options);
  const auto days = static_cast<std::size_t>(options.days), entities = static_cast<std::size_t>(options.entities), n = days * entities;
  Market market = draw_market(SeedTree(options.seed).child("sim.market"), days);
  Bars bars(n);
  for (std::size_t e = 0; e < entities; ++e) draw_entity(options, market, e, bars);
  std::vector<TimeNs> times(n);
  std::vector<std::int32_t> codes(n);
  const auto calendar = weekdays(start, options.days);
  for (std::size_t row = 0; row < n; ++row) {
    times[row] = calendar[row / entities];
    codes[row] = static_cast<std::int32_t>(row % entities);
  }
  std::vector<std::string> symbols(entities);
  const std::size_t width = std::max<std::size_t>(4, std::to_string(entities).size());  // so that the order of names is that of numbers
  for (std::size_t e = 0; e < entities; ++e) symbols[e] = fmt::format("S{:0{}}", e + 1, width);
  std::vector<Column> columns{Column::of_times("date", std::move(times)), Column::of_codes("symbol", std::move(codes), std::move(symbols))};
  for (auto& [name, values] : {std::pair{"open", &bars.open}, {"high", &bars.high}, {"low", &bars.low}, {"close", &bars.close}})
    columns.push_back(Column::of_reals(name, std::move(*values)));
  columns.push_back(Column::of_integers("volume", std::move(bars.volume)));
  for (auto& [name, values] : {std::pair{"momentum", &bars.momentum}, {"value", &bars.value}, {"flow", &bars.flow}, {"noise", &bars.noise}})
    columns.push_back(Column::of_reals(name, std::move(*values)));
  SimulatedMarket result;
  FrameNotes notes;
  TimeRules rules;
  rules.time_column = "date";
  rules.entity_column = "symbol";
  result.frame = Frame::finish(std::move(columns), rules, notes);
  result.expected_return = std::move(bars.expected);
  result.next_volatility = std::move(bars.volatility);
  market.stressed.pop_back();
  result.stressed = std::move(market.stressed);
  result.r_squared = options.signal;
  result.drift = kDrift;
  return result;
}

}  // namespace assay::data
