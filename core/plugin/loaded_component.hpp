// A component that is loaded and can be created: the C table with its checked description and where it came from. Made by Registry, which
// owns it; Model, Feature and Metric are created from it. Immutable and never unloaded; thread-safe for reading.
#pragma once

#include <filesystem>
#include <string>

#include "assay/abi.h"
#include "config/component_spec.hpp"

namespace assay::plugin {

struct PluginFile;  // one file that was loaded

struct LoadedComponent {
  config::ComponentSpec spec;
  const assay_component* raw = nullptr;
  const PluginFile* file = nullptr;

  // The table of an ability ("model.fit/1"), or null.
  template <class Table>
  const Table* ability(const char* id) const {
    return static_cast<const Table*>(raw->ability(id));
  }
  bool has(unsigned flag) const { return (raw->flags & flag) != 0; }
};

}  // namespace assay::plugin
