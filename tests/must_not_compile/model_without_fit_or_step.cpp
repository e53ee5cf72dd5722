// expect: a model needs fit(const assay::Batch&, assay::Call&) or double step(
#include <assay/model.hpp>

struct Idle {
#ifdef MENDED
  void fit(const assay::Batch&, assay::Call&) {}
#endif
  void predict(const assay::Rows&, assay::Out) const {}
};
ASSAY_PLUGIN(assay::model<Idle>("test.idle", "1.0.0", "Learns nothing"))
