// two components with the same id
#include "linear.hpp"

struct Other : Linear {};

ASSAY_PLUGIN(assay::model<Linear>("bad.twice", "1.0.0", "the first of two"), assay::model<Other>("bad.twice", "1.0.0", "the second of two"))
