// on_bar writes to its input
#include "crosses.hpp"
#include "faults.hpp"
struct Bad : Crosses {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void on_bar(assay::Market& market) {
    if (market[0].bars() > 0) faults::writes_input(market[0].close().data());
    Crosses::on_bar(market);
  }
};

ASSAY_PLUGIN(assay::strategy<Bad>("bad.strategy_writes_input", "1.0.0", "on_bar writes to its input"))
