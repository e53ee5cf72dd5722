// expect: save(assay::Saver&) const and load(const assay::Saved&) come together
#include <assay/model.hpp>

struct Keeper {
  void fit(const assay::Batch&, assay::Call&) {}
  void predict(const assay::Rows&, assay::Out) const {}
  void save(assay::Saver&) const {}
#ifdef MENDED
  void load(const assay::Saved&) {}
#endif
};
ASSAY_PLUGIN(assay::model<Keeper>("test.keeper", "1.0.0", "Saves what it cannot load"))
