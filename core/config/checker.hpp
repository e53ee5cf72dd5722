// A tree of nodes against its declared keys: unknown keys, types, ranges, choices, components and their parameters.
// Used by experiment_reader. Gives typed values with every default filled in, and goes on after each mistake.
// A Checker belongs to one thread.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/diagnostic.hpp"
#include "config/builtin_components.hpp"
#include "config/document.hpp"
#include "config/key_spec.hpp"

namespace assay::config {

struct Checked {
  Value value;                          // objects and dictionaries: Map; components: ComponentValue; absent without default: none
  std::map<std::string, Place> places;  // of values, by dotted path ("data.columns.2"), and of keys, with "/" before the path
  std::set<std::string> bad;            // paths whose value was wrong and is missing from `value`

  bool incomplete = false;  // a base file could not be read: what is absent may stand there

  const Place* place(const std::string& path) const;
  bool is_bad(const std::string& path) const;  // it, something above it or below it
};

// Metrics stand in files by the last part of their ids, all others by whole ids.
std::string as_written(const ComponentSpec& spec);

Checked check_keys(const Node& root, const KeySpec& keys, const JoinedCatalogue& catalogue, Diagnostics& diagnostics);

}  // namespace assay::config
