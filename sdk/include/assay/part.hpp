// For authors of components that are put together from parts in the experiment file, as a network is from layers:
//   layers: [{use: dense, units: 64}, {use: dropout, rate: 0.2}]
// A part is a plain struct with params() and default values, offered by a plugin under a kind of its own: assay::part<Dense>("layer",
// "layer.dense", ...). Whoever takes parts has a parameter p.components<&T::layers>("layers", "...", "layer") and asks each for what it is:
// as<Dense>(component). The host checks names, types and ranges of parts as it does those of any component. Values; thread-safe.
#pragma once

#include <deque>

#include "assay/plugin.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {
namespace detail {

template <class T>
class PartDefinition : public DefinitionOf<T, PartDefinition<T>> {
 public:
  PartDefinition(const char* kind, const char* id, const char* version, const char* summary)
      : DefinitionOf<T, PartDefinition<T>>(kind, id, version, summary) {
    this->raw.ability = [](const char*) -> const void* { return nullptr; };
  }
};

// Values as the boundary has them; texts and lists point into `values`.
class BorrowedValues {
 public:
  assay_value of(const Value& value) {
    assay_value raw{};
    raw.kind = value.kind;
    raw.i64 = value.integer;
    raw.f64 = value.real;
    raw.text = to_text(value.text);
    const bool pairs = value.kind == ASSAY_VALUE_MAP || value.kind == ASSAY_VALUE_COMPONENT;
    raw.n = static_cast<std::uint32_t>(pairs ? value.items.size() / 2 : value.items.size());
    std::vector<assay_value> items;
    for (const Value& item : value.items) items.push_back(of(item));
    raw.items = kept_.emplace_back(std::move(items)).data();
    return raw;
  }

 private:
  std::deque<std::vector<assay_value>> kept_;
};

}  // namespace detail

template <class T>
detail::PartDefinition<T> part(const char* kind, const char* id, const char* version, const char* summary) {
  return {kind, id, version, summary};
}

// The part that a component says, with its parameters.
template <class T>
T as(const Component& component) {
  detail::BorrowedValues kept;
  std::vector<assay_value> values;
  for (const auto& [name, value] : component.params) values.push_back(kept.of(value));
  T part;
  detail::params_of<T>().assign(part, values.data(), static_cast<std::uint32_t>(values.size()));
  if constexpr (requires { part.configured(); }) part.configured();
  return part;
}

}  // namespace ASSAY_HIDDEN
}  // namespace assay
