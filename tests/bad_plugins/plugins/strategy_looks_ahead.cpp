// on_bar reads the bar after the last
#include "crosses.hpp"

struct Bad : Crosses {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void on_bar(assay::Market& market) {
    const assay::History h = market[0];
    if (h.has_bar() && h.bars() > 1 && h.close().data()[h.bars()] > h.close().back()) market.target_weight(0, 1);
    Crosses::on_bar(market);
  }
};

ASSAY_PLUGIN(assay::strategy<Bad>("bad.strategy_looks_ahead", "1.0.0", "on_bar reads the bar after the last"))
