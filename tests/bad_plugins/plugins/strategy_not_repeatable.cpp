// on_bar counts the bars of all backtests
#include "crosses.hpp"

struct Bad : Crosses {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void on_bar(assay::Market& market) {
    static int bars = 0;
    if (++bars % 97 == 0 && market[0].has_bar()) market.order_units(0, 1);
    Crosses::on_bar(market);
  }
};

ASSAY_PLUGIN(assay::strategy<Bad>("bad.strategy_not_repeatable", "1.0.0", "on_bar counts the bars of all backtests"))
