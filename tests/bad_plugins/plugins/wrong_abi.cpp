// built for another major version of the boundary
#include <assay/abi.h>

#include <cstring>

namespace {
[[gnu::used]] const char note[] = "ASSAY-PLUGIN abi=9.0 needs=9.0 sdk=9.0.0 cxx=gcc-12.2 isa=x86-64 features=";
}  // namespace

extern "C" ASSAY_EXPORT const assay_plugin* assay_plugin_entry_v1(void) {
  static assay_plugin plugin{};
  std::memcpy(plugin.magic, ASSAY_PLUGIN_MAGIC, sizeof plugin.magic);
  plugin.struct_size = sizeof plugin;
  plugin.abi_major = 9;
  return &plugin;
}
