// says that it takes weights, and learns from all rows alike
#include "linear.hpp"

struct Bad : Linear {};

ASSAY_PLUGIN(assay::model<Bad>("bad.ignores_weights", "1.0.0", "weights of rows change nothing").takes_weights())
