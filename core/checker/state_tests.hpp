// Saving and loading, the same tests for models and features. In the child process only.
#pragma once

#include <functional>
#include <vector>

#include "checker/subject.hpp"
#include "plugin/state_entries.hpp"

namespace assay::checker {

// One object whose state can be saved.
struct Stateful {
  bool has_state = false;
  std::function<plugin::StateEntries()> save;
  std::function<void(const plugin::StateEntries&)> load;
  std::function<std::vector<double>()> outputs;  // predictions or columns, on fixed rows
};
struct StateOfKind {
  std::function<Stateful(Subject&)> trained, fresh;
};

Outcome save_load_same_bits(Subject& subject, const StateOfKind& kind);
Outcome save_twice_same_bytes(Subject& subject, const StateOfKind& kind);
Outcome broken_state(Subject& subject, const StateOfKind& kind);

}  // namespace assay::checker
