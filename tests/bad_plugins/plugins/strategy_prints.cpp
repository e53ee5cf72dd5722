// on_bar prints
#include "crosses.hpp"

#include <cstdio>

struct Bad : Crosses {
  static void params(assay::Params<Bad>& p) { declare(p); }
  void on_bar(assay::Market& market) {
    std::puts("hello from inside a bar");
    Crosses::on_bar(market);
  }
};

ASSAY_PLUGIN(assay::strategy<Bad>("bad.strategy_prints", "1.0.0", "on_bar prints"))
