// What all kinds of component share: the C table, creation from parameters, the "state/1" ability. Used by model.hpp, feature.hpp and
// metric.hpp, whose builders derive from Definition. Filled once while the plugin's entry runs, then read-only.
#pragma once

#include <concepts>
#include <memory>

#include "assay/abi.h"
#include "assay/detail/call.hpp"
#include "assay/detail/params.hpp"
#include "assay/detail/state.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {
namespace detail {

template <class T>
const Params<T>& params_of() {
  static const Params<T> params;
  return params;
}

// A component with the data that the C tables borrow from it.
template <class T>
struct Held {
  T object;
  std::vector<std::string> output_names;
};
template <class T>
T& object_of(void* self) {
  return static_cast<Held<T>*>(self)->object;
}
template <class T>
const T& object_of(const void* self) {
  return static_cast<const Held<T>*>(self)->object;
}

template <class T>
void* create(assay_call* call, const assay_value* values, std::uint32_t n) noexcept {
  try {
    auto held = std::make_unique<Held<T>>();
    params_of<T>().assign(held->object, values, n);
    if constexpr (requires { held->object.configured(); }) held->object.configured();
    if constexpr (requires { held->object.outputs(); }) held->output_names = held->object.outputs();
    return held.release();
  } catch (...) {
    refuse_current(call);
    return nullptr;
  }
}
template <class T>
void destroy(void* self) noexcept {
  delete static_cast<Held<T>*>(self);
}

template <class T>
concept Saves = requires(const T& t, Saver& s) {
  t.save(s);
};
template <class T>
concept Loads = requires(T& t, const Saved& s) {
  t.load(s);
};

template <class T>
const assay_state* state_table() {
  static_assert(Saves<T> == Loads<T>, "save(assay::Saver&) const and load(const assay::Saved&) come together");
  if constexpr (Saves<T> && Loads<T>) {
    static const assay_state table{sizeof(assay_state),
                                   [](const void* self, assay_call* call, assay_state_writer* writer) {
                                     return guard(call, [&] {
                                       Saver saver(*writer);
                                       object_of<T>(self).save(saver);
                                     });
                                   },
                                   [](void* self, assay_call* call, assay_state_reader* reader) {
                                     return guard(call, [&] { object_of<T>(self).load(Saved(*reader)); });
                                   }};
    return &table;
  } else {
    return nullptr;
  }
}

struct Definition {
  assay_component raw{};
};

template <class T, class Self>
class DefinitionOf : public Definition {
 public:
  static constexpr unsigned kNeedsMinor = 1;  // all abilities so far came with 0.1

  DefinitionOf(const char* kind, const char* id, const char* version, const char* summary) {
    raw.struct_size = sizeof(assay_component);
    raw.flags = ASSAY_DETERMINISTIC | ASSAY_CONCURRENT_PREDICT;
    raw.kind = kind;
    raw.id = id;
    raw.version = version;
    raw.summary = summary;
    raw.state_version = 1;
    raw.params = params_of<T>().raw().data();
    raw.n_params = static_cast<std::uint32_t>(params_of<T>().raw().size());
    raw.create = &create<T>;
    raw.destroy = &destroy<T>;
  }
  Self& state_version(std::uint32_t version) { return raw.state_version = version, self(); }
  Self& not_deterministic() { return raw.flags &= ~ASSAY_DETERMINISTIC, self(); }

 protected:
  Self& self() { return static_cast<Self&>(*this); }
  Self& flag(unsigned flags) { return raw.flags |= flags, self(); }
};

template <class... Tasks>
std::uint32_t task_bits(Tasks... tasks) {
  return (static_cast<std::uint32_t>(tasks) | ...);
}

}  // namespace detail
}  // namespace ASSAY_HIDDEN
}  // namespace assay
