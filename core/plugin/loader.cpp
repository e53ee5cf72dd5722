#include "plugin/loader.hpp"

#include <fmt/format.h>

#include <vector>  // Boost 1.74's library_info.hpp needs it before it under C++20

#include <boost/dll/shared_library.hpp>
#include <cstring>
#include <mutex>
#include <string>

#include "plugin/abi_values.hpp"

namespace assay::plugin {
namespace {

constexpr const char* kEntry = "assay_plugin_entry_v1";

// Boost's text around the linker's own message says nothing that a user needs.
std::string loader_message(std::string text) {
  const std::string begin = "dlerror system message: ";
  if (const auto at = text.find(begin); at != std::string::npos) {
    text = text.substr(at + begin.size());
    if (const auto end = text.rfind("): "); end != std::string::npos) text.resize(end);
  }
  return text;
}

}  // namespace

Verdict check_table(const assay_plugin* raw) {
  if (!raw) return {"its entry gave no table (a component's declaration threw)", "the plugin's author has to mend this"};
  if (std::memcmp(raw->magic, ASSAY_PLUGIN_MAGIC, sizeof(raw->magic)) != 0)
    return {"its table does not begin with the magic text", "build it again with this Assay's SDK"};
  if (raw->abi_major != ASSAY_ABI_MAJOR || raw->needs_minor > ASSAY_ABI_MINOR)
    return {fmt::format("its table needs plugin boundary {}.{}, this Assay has {}.{}", raw->abi_major, raw->needs_minor, ASSAY_ABI_MAJOR,
                        ASSAY_ABI_MINOR),
            "build it again with this Assay's SDK"};
  if (!covers(*raw, raw->n_components)) return {"its table is too short", "build it again with this Assay's SDK"};
  if (raw->n_components == 0 || !raw->components) return {"it holds no component", "the plugin's author has to mend this"};
  return {};
}

LoadResult load_plugin(const std::filesystem::path& file) {
  static std::mutex lock;
  const std::lock_guard hold(lock);
  namespace dll = boost::dll;
  try {
    auto library = std::make_unique<dll::shared_library>(file.string(), dll::load_mode::rtld_now | dll::load_mode::rtld_local);
    static auto& loaded = *new std::vector<std::unique_ptr<dll::shared_library>>;  // never unloaded, on purpose; yet no leak
    dll::shared_library& kept = *loaded.emplace_back(std::move(library));
    if (!kept.has(kEntry)) return {nullptr, {fmt::format("it does not export {}", kEntry), "it lacks ASSAY_PLUGIN(...)"}};
    const assay_plugin* raw = kept.get<const assay_plugin*()>(kEntry)();
    Verdict verdict = check_table(raw);
    return {verdict.ok() ? raw : nullptr, std::move(verdict)};
  } catch (const std::exception& e) {
    const std::string why = loader_message(e.what());
    return {nullptr,
            {"it cannot be loaded: " + why,
             why.find("undefined symbol") != std::string::npos ? "link what it lacks (LINKS of assay_add_plugin)" : ""}};
  } catch (...) {
    return {nullptr, {"its entry threw something that is no std::exception", "the plugin's author has to mend this"}};
  }
}

}  // namespace assay::plugin
