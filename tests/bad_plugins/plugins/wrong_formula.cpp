// calls itself rmse and forgets the root
#include "squared.hpp"

ASSAY_PLUGIN(
    assay::metric<Squared>("bad.rmse", "1.0.0", "A mean squared error under another name").lower_is_better().tasks(assay::Task::regression))
