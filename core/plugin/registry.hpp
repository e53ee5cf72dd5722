// All plugins that can be used here: found on the search path, read, loaded, and looked up by id. Implements config::Catalogue for the
// checker. The work is done at construction (find and read notes) and at the first look-up (load); nothing is ever unloaded.
// Thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.hpp"
#include "config/component_spec.hpp"
#include "plugin/finder.hpp"
#include "plugin/loaded_component.hpp"
#include "plugin/note_reader.hpp"

namespace assay::plugin {

// One plugin file in use.
struct PluginFile {
  std::filesystem::path path;  // of the variant that was chosen
  std::string variant;         // "x86-64-v4", "x86-64-v3", "x86-64-v2" or "plain"
  Note note;
  std::string origin;  // why it was looked at: "named in the experiment", "ASSAY_PLUGIN_PATH", ...
  bool ships = false;  // with this program: what it computes need not be kept apart
  const assay_plugin* raw = nullptr;
  std::vector<const LoadedComponent*> components;

  const std::string& sha256() const;  // of the file; computed at the first call, thread-safe
  mutable std::shared_ptr<struct LazyHash> hash;
};

class Registry : public config::Catalogue {
 public:
  // Finds the files now and loads them at the first look-up. A file that cannot be used is no error by itself (an old plugin must not
  // stop every run): it is listed in unusable(), and named when a component is not found. A file that the user names is: Error (usage).
  explicit Registry(SearchPath path);
  ~Registry() override;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Loads what is not loaded yet. Throws Error (usage): two files with one id (names both), a named file that cannot be used.
  // find, all, component and files do so by themselves.
  void load() const;

  const config::ComponentSpec* find(std::string_view kind, std::string_view id) const override;
  std::vector<const config::ComponentSpec*> all(std::string_view kind) const override;  // by id

  std::vector<std::string> not_used() const override;  // "path: reason" of each unusable()

  // Full or short id. Throws Error (usage) with the nearest id and the files that could not be used.
  const LoadedComponent& component(std::string_view kind, std::string_view id) const;
  const LoadedComponent* find_component(std::string_view kind, std::string_view id) const;
  std::vector<const LoadedComponent*> components() const;  // all, by kind, then id
  std::vector<const PluginFile*> files() const;            // by path

  struct Unusable {  // a file, or a component of a kind that is not known here
    std::filesystem::path path;
    std::string reason, mend;
  };
  const std::vector<Unusable>& unusable() const;
  const SearchPath& search_path() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The kinds of component that this Assay can use. Others may come with a newer one: they are listed as unusable, and the rest of their file
// serves as ever.
bool is_known_kind(std::string_view kind);

// What the plugin's own table says, as the host's values. Throws Error (failed) where it makes no sense (a doubled parameter, a default
// out of range, a kind of parameter that this host does not know).
config::ComponentSpec describe(const assay_component& raw);

}  // namespace assay::plugin
