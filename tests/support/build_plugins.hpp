// The plugins that the build made, for tests of rooms that need real ones. The test's target defines PLUGINS_FOLDER.
#pragma once

#include "plugin/registry.hpp"

inline const assay::plugin::Registry& build_plugins() {
  static const assay::plugin::Registry all{[] {
    assay::plugin::SearchPath path;
    path.folders.emplace_back(PLUGINS_FOLDER, "the build folder");
    return path;
  }()};
  return all;
}
