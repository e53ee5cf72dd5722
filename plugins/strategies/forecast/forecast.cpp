// forecast.threshold: trades a model's out-of-sample forecasts. Long where the forecast is above one value, short where it is below
// another, flat between them and where there is none.
#include <vector>

#include "assay/strategy.hpp"

namespace {

struct Threshold {
  double long_above = 0, short_below = 0, weight = 1;
  bool allow_short = true, rebalance = false;
  std::int64_t hold = 1;

  static void params(assay::Params<Threshold>& p) {
    p.real<&Threshold::long_above>("long_above", "Forecast above which to be long (0.5 for a probability)");
    p.real<&Threshold::short_below>("short_below", "Forecast below which to be short");
    p.boolean<&Threshold::allow_short>("short", "Go short below; otherwise flat");
    p.real<&Threshold::weight>("weight", "Share of the equity in all, spread evenly over the instruments").range(0, 10);
    p.integer<&Threshold::hold>("hold", "Times between two decisions").range(1, 100'000).unit("bars");
    p.boolean<&Threshold::rebalance>("rebalance", "Bring the weight back at every decision, not only when the side changes");
  }
  void on_start(assay::Market&) {
    if (short_below > long_above) throw assay::bad_input("short_below must not lie above long_above");
  }

  void on_bar(assay::Market& market) {
    if (market.bar() % hold != 0) return;
    const std::uint32_t known = market.instruments();
    decisions_.resize(known);
    for (std::uint32_t i = 0; i < known; ++i) {
      const assay::History history = market[i];
      if (!history.has_bar()) continue;
      if (history.outputs() == 0) throw assay::bad_input("it trades forecasts, and here is no model that gives them");
      const double forecast = history.forecast();  // missing: neither above nor below
      const int side = forecast > long_above ? 1 : forecast < short_below && allow_short ? -1 : 0;
      Decision& last = decisions_[i];
      const bool sized = side == 0 || last.among == known;  // its share has become smaller since others were listed
      if (side == last.side && sized && !rebalance) continue;
      if (side != 0 || history.units() != 0 || last.side != kUnknown) market.target_weight(i, side * weight / known);
      last = {side, known};
    }
  }

 private:
  static constexpr int kUnknown = 2;  // no decision yet: what is held may be another strategy's
  struct Decision {
    int side = kUnknown;
    std::uint32_t among = 0;  // instruments that shared the weight
  };
  std::vector<Decision> decisions_;
};

}  // namespace

ASSAY_PLUGIN(assay::strategy<Threshold>("forecast.threshold", "1.0.0", "Long above one forecast, short below another"))
