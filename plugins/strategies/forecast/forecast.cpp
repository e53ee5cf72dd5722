// forecast.threshold: trades a model's out-of-sample forecasts. Long where the forecast is above one value, short where it is below
// another, flat between them and where there is none.
#include <vector>

#include "assay/strategy.hpp"

namespace {

struct Threshold {
  double long_above = 0, short_below = 0, weight = 1;
  bool allow_short = true, rebalance = false;
  std::int64_t hold = 1, output = 0;

  static void params(assay::Params<Threshold>& p) {
    p.real<&Threshold::long_above>("long_above", "Forecast above which to be long (0.5 for a probability)");
    p.real<&Threshold::short_below>("short_below", "Forecast below which to be short");
    p.boolean<&Threshold::allow_short>("short", "Go short below; otherwise flat");
    p.real<&Threshold::weight>("weight", "Share of the equity in all, spread evenly over the instruments").range(0, 10);
    p.integer<&Threshold::hold>("hold", "Times between two decisions").range(1, 100'000).unit("bars");
    p.boolean<&Threshold::rebalance>("rebalance", "Bring the weight back at every decision, not only when the side changes");
    p.integer<&Threshold::output>("output", "Which of the model's outputs (multiclass: the class)").range(0, 10'000);
  }
  void on_start(assay::Market& market) {
    if (short_below > long_above) throw assay::bad_input("short_below must not lie above long_above");
    sides_.assign(market.instruments(), kUnknown);
    if (market.instruments() > 0 && output >= market[0].outputs())
      throw assay::bad_input(market[0].outputs() == 0 ? "it trades a model's forecasts, and here is no model"
                                                      : "the model has no such output");
  }

  void on_bar(assay::Market& market) {
    if (market.bar() % hold != 0) return;
    const double size = weight / market.instruments();
    for (std::uint32_t i = 0; i < market.instruments(); ++i) {
      const assay::History history = market[i];
      if (!history.has_bar()) continue;
      const std::size_t last = static_cast<std::size_t>(history.bars() - 1) * history.outputs() + static_cast<std::size_t>(output);
      const double forecast = history.prediction()[last];  // missing: neither above nor below
      const int side = forecast > long_above ? 1 : forecast < short_below && allow_short ? -1 : 0;
      if (side == sides_[i] && !rebalance) continue;
      if (side != 0 || history.units() != 0 || sides_[i] != kUnknown) market.target_weight(i, side * size);
      sides_[i] = side;
    }
  }

 private:
  static constexpr int kUnknown = 2;  // no decision yet: what is held may be another strategy's
  std::vector<int> sides_;
};

}  // namespace

ASSAY_PLUGIN(assay::strategy<Threshold>("forecast.threshold", "1.0.0", "Long above one forecast, short below another"))
