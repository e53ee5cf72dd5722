// declares no warm-up, but has one
#include "moving.hpp"

struct Bad : Moving {
  static void params(assay::Params<Bad>& p) { declare(p); }
  std::int64_t warmup_rows() const { return 0; }
};

ASSAY_PLUGIN(assay::feature<Bad>("bad.wrong_warm_up", "1.0.0", "declares no warm-up, but has one"))
