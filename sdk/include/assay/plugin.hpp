// ASSAY_PLUGIN(component, ...): the one entry of a plugin file and its note. Authors include model.hpp, feature.hpp or metric.hpp, which
// include this. Once in each plugin, outside any namespace. The table is built at the first call and never changes.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>
#include <utility>

#include "assay/abi.h"
#include "assay/detail/call.hpp"
#include "assay/detail/definition.hpp"
#include "assay/detail/note.hpp"
#include "assay/detail/params.hpp"
#include "assay/detail/random.hpp"
#include "assay/detail/state.hpp"
#include "assay/detail/views.hpp"

namespace assay {
inline namespace ASSAY_SDK_NAMESPACE ASSAY_HIDDEN {
namespace detail {

template <class... D>
struct Pack {
  static constexpr unsigned kNeedsMinor = std::max({std::remove_cvref_t<D>::kNeedsMinor...});
};
template <class... D>
Pack<D...> pack(D&&...);  // only its type counts

template <std::size_t N>
class PluginTable {
 public:
  template <class... D>
  PluginTable(unsigned needs_minor, const char* note, const D&... definitions) : components_{definitions.raw...} {
    for (std::size_t i = 0; i < N; ++i) pointers_[i] = &components_[i];
    std::memcpy(raw_.magic, ASSAY_PLUGIN_MAGIC, sizeof(raw_.magic));
    raw_.struct_size = sizeof(assay_plugin);
    raw_.abi_major = ASSAY_ABI_MAJOR;
    raw_.abi_minor = ASSAY_ABI_MINOR;
    raw_.needs_minor = needs_minor;
    raw_.sdk_version = ASSAY_SDK_VERSION;
    raw_.build = note;
    raw_.components = pointers_.data();
    raw_.n_components = N;
  }
  PluginTable(const PluginTable&) = delete;
  PluginTable& operator=(const PluginTable&) = delete;
  const assay_plugin* raw() const { return &raw_; }

 private:
  std::array<assay_component, N> components_;
  std::array<const assay_component*, N> pointers_{};
  assay_plugin raw_{};
};

template <class... D>
PluginTable<sizeof...(D)> make_table(unsigned needs_minor, const char* note, const D&... definitions) {
  return PluginTable<sizeof...(D)>(needs_minor, note, definitions...);
}

}  // namespace detail
}  // namespace ASSAY_HIDDEN
}  // namespace assay

#define ASSAY_PLUGIN(...)                                                                                                 \
  namespace {                                                                                                             \
  using AssayPack = decltype(assay::detail::pack(__VA_ARGS__));                                                           \
  [[gnu::used]] constinit const auto assay_plugin_note = assay::detail::make_note(AssayPack::kNeedsMinor);                \
  }                                                                                                                       \
  extern "C" ASSAY_EXPORT const assay_plugin* assay_plugin_entry_v1(void) {                                               \
    try {                                                                                                                 \
      static const auto table = assay::detail::make_table(AssayPack::kNeedsMinor, assay_plugin_note.data(), __VA_ARGS__); \
      return table.raw();                                                                                                 \
    } catch (...) {                                                                                                       \
      return nullptr;                                                                                                     \
    }                                                                                                                     \
  }
