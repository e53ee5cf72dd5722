// expect: a feature needs transform(const assay::Frame&, assay::Out) const
#include <assay/feature.hpp>

struct Blank {
#ifdef MENDED
  void transform(const assay::Frame&, assay::Out) const {}
#endif
};
ASSAY_PLUGIN(assay::feature<Blank>("test.blank", "1.0.0", "Gives no column"))
