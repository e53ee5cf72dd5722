// on_bar takes memory without end
#include "crosses.hpp"
#include "faults.hpp"
struct Bad : Crosses {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void on_bar(assay::Market& market) {
    faults::eats_memory();
    Crosses::on_bar(market);
  }
};

ASSAY_PLUGIN(assay::strategy<Bad>("bad.strategy_eats_memory", "1.0.0", "on_bar takes memory without end"))
