// on_bar never comes back
#include "crosses.hpp"
#include "faults.hpp"
struct Bad : Crosses {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void on_bar(assay::Market& market) {
    faults::hangs();
    Crosses::on_bar(market);
  }
};

ASSAY_PLUGIN(assay::strategy<Bad>("bad.strategy_hangs", "1.0.0", "on_bar never comes back"))
