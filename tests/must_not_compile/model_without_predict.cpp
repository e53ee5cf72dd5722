// expect: a model needs predict(const assay::Rows&, assay::Out) const
#include <assay/model.hpp>

struct Silent {
  void fit(const assay::Batch&, assay::Call&) {}
#ifdef MENDED
  void predict(const assay::Rows&, assay::Out) const {}
#endif
};
ASSAY_PLUGIN(assay::model<Silent>("test.silent", "1.0.0", "Never forecasts"))
