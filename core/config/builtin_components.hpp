// The host's own components: data sources (csv, sim.credit, sim.market), preparation steps, selections, splits, pruners; and a catalogue of
// them with another behind. Used by the reader, the schema and the reference page; pipeline and run rely on these defaults and ranges
// having been kept. Declares, does nothing. Values, thread-safe.
#pragma once

#include <span>

#include "config/component_spec.hpp"

namespace assay::config {

// Kinds: "source", "step", "selection", "label", "split", "pruner".
std::span<const ComponentSpec> builtin_components();
bool is_builtin_kind(std::string_view kind);

// Looks among the built-in components first, then in `plugins` (may be null). Borrows it.
class JoinedCatalogue final : public Catalogue {
 public:
  explicit JoinedCatalogue(const Catalogue* plugins) : plugins_(plugins) {}
  const ComponentSpec* find(std::string_view kind, std::string_view id) const override;
  std::vector<const ComponentSpec*> all(std::string_view kind) const override;
  std::vector<std::string> not_used() const override { return plugins_ ? plugins_->not_used() : std::vector<std::string>{}; }
  // Without plugins' catalogue nothing can be said about models, metrics, features and plugin sources.
  bool knows(std::string_view kind) const { return plugins_ != nullptr || (is_builtin_kind(kind) && kind != "source"); }

 private:
  const Catalogue* plugins_;
};

// The rule for names, over any list of components: the full id, or the part after the last dot where that is unique.
const ComponentSpec* find_component(std::span<const ComponentSpec* const> components, std::string_view id);

}  // namespace assay::config
