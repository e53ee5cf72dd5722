// on_bar orders an instrument that nobody knows yet
#include "crosses.hpp"

struct Bad : Crosses {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void on_bar(assay::Market& market) {
    if (market.bar() == 0) market.target_weight(1, 0.5);
    Crosses::on_bar(market);
  }
};

ASSAY_PLUGIN(assay::strategy<Bad>("bad.strategy_orders_blindly", "1.0.0", "on_bar orders an instrument that nobody knows yet"))
