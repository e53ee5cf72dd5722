// shows a second symbol of its own to the world
#include "linear.hpp"

extern "C" __attribute__((visibility("default"))) int assay_stray_symbol(int x) { return x + 1; }

ASSAY_PLUGIN(assay::model<Linear>("bad.exports_stray", "1.0.0", "shows a second symbol of its own to the world"))
