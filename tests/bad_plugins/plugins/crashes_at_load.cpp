// crashes before its entry is called
#include "linear.hpp"

namespace {
struct AtLoad {
  AtLoad() {
    auto* nowhere = reinterpret_cast<volatile int*>(4096);
    *nowhere = 1;
  }
} at_load;
}  // namespace

ASSAY_PLUGIN(assay::model<Linear>("bad.crashes_at_load", "1.0.0", "crashes before its entry is called"))
