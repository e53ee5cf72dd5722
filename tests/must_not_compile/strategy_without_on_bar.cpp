// expect: a strategy needs void on_bar(assay::Market&)
#include <assay/strategy.hpp>

struct Idle {
#ifdef MENDED
  void on_bar(assay::Market&) {}
#endif
  void on_start(assay::Market&) {}
};

ASSAY_PLUGIN(assay::strategy<Idle>("my.idle", "0.1.0", "Never told of a bar"))
