// linked without the version script: template code of the standard library is visible (a warning)
#include "linear.hpp"

template class std::vector<float>;  // certainly emitted

ASSAY_PLUGIN(assay::model<Linear>("bad.exports_std", "1.0.0", "linked without the version script"))
