// on_bar aborts
#include "crosses.hpp"
#include "faults.hpp"
struct Bad : Crosses {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void on_bar(assay::Market& market) {
    faults::aborts();
    Crosses::on_bar(market);
  }
};

ASSAY_PLUGIN(assay::strategy<Bad>("bad.strategy_aborts", "1.0.0", "on_bar aborts"))
