#include "plugin/finder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::plugin {
namespace fs = std::filesystem;
namespace {

constexpr const char* kNamed = "named by the user";

fs::path canonical_or_same(const fs::path& path) {
  std::error_code error;
  fs::path canonical = fs::canonical(path, error);
  return error ? path : canonical;
}

bool is_variant_folder(const fs::path& folder) { return parse_level(folder.filename().string()) >= 2; }

// One plugin, whatever the variant: the path of its plain build.
fs::path family_of(const fs::path& file) {
  const fs::path path = canonical_or_same(file);
  return is_variant_folder(path.parent_path()) ? path.parent_path().parent_path() / path.filename() : path;
}

// Plugin file names in a folder and its variant folders, each with its levels (1 = plain).
std::map<std::string, std::vector<int>> list_folder(const fs::path& folder) {
  std::map<std::string, std::vector<int>> found;
  for (const int level : {4, 3, 2, 1}) {
    std::error_code error;
    const fs::path place = level == 1 ? folder : folder / level_name(level);
    for (fs::directory_iterator it(place, error), end; !error && it != end; it.increment(error)) {
      std::error_code ignored;
      if (it->path().extension() == ".so" && it->is_regular_file(ignored)) found[it->path().filename().string()].push_back(level);
    }
  }
  return found;
}

// Where the plugins lie that come with this program: beside its bin, or in the build folder that it (or a test) runs from.
std::vector<std::pair<fs::path, std::string>> own_folders() {
  std::vector<std::pair<fs::path, std::string>> folders;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return folders;
  const fs::path installed = (program.parent_path() / "../lib/assay/plugins").lexically_normal();
  folders.emplace_back(installed, "the installed folder");
  if (fs::is_directory(installed, error)) return folders;  // a prefix inside a build folder is a prefix
  fs::path folder = program.parent_path();
  for (int up = 0; up < 5 && folder.has_relative_path(); ++up, folder = folder.parent_path())
    if (fs::exists(folder / "CMakeCache.txt", error)) {
      folders.emplace_back(folder / "plugins", "the build folder");
      break;
    }
  return folders;
}

}  // namespace

SearchPath SearchPath::standard(const fs::path& users, std::vector<fs::path> named, std::string isa) {
  SearchPath path{std::move(named), {}, std::move(isa), true};
  if (const char* folders = std::getenv("ASSAY_PLUGIN_PATH"))
    for (const std::string_view folder : text::split(folders, ':'))
      if (!folder.empty()) path.folders.emplace_back(folder, "ASSAY_PLUGIN_PATH");
  if (!users.empty()) path.folders.emplace_back(users, "the user's data folder");
  for (auto& folder : own_folders()) path.folders.push_back(std::move(folder));
  return path;
}

std::vector<std::vector<FoundFile>> find_plugins(const SearchPath& path, const CpuLevel& cpu) {
  int most = std::max(cpu.level, 1);
  if (!path.isa.empty()) {
    const int wanted = path.isa == "plain" ? 1 : parse_level(path.isa);
    if (wanted < 1) throw Error(Fault::usage, "--isa " + path.isa, "no such CPU level", "plain, x86-64-v2, x86-64-v3 or x86-64-v4");
    if (wanted > most)
      throw Error(Fault::usage, "--isa " + path.isa, fmt::format("this machine offers {} only", level_name(cpu.level)), "leave --isa out");
    most = wanted;
  }
  std::vector<std::vector<FoundFile>> plugins;
  std::set<fs::path> seen;  // families
  std::set<fs::path> own;
  for (const auto& entry : own_folders()) own.insert(canonical_or_same(entry.first));
  const auto ships = [&own](const fs::path& file) { return own.count(family_of(file).parent_path()) > 0; };
  auto add_folder = [&](const fs::path& folder, const std::string& origin, bool named) {
    for (const auto& [name, levels] : list_folder(folder)) {
      if (!seen.insert(family_of(folder / name)).second) continue;
      std::vector<FoundFile> candidates;
      for (const int level : levels) {
        if (level > most && level != levels.back()) continue;  // the last one stays, to say why it cannot run
        const fs::path file = level == 1 ? folder / name : folder / level_name(level) / name;
        candidates.push_back({file, level == 1 ? "plain" : level_name(level), origin, named, ships(file)});
      }
      plugins.push_back(std::move(candidates));
    }
  };
  for (const fs::path& named : path.named) {
    std::error_code error;
    if (fs::is_directory(named, error))
      add_folder(named, kNamed, true);
    else if (!fs::exists(named, error))
      throw Error(Fault::usage, "plugin " + named.string(), "no such file or folder", "");
    else if (seen.insert(family_of(named)).second) {
      const std::string folder = canonical_or_same(named).parent_path().filename().string();
      plugins.push_back({{named, parse_level(folder) >= 2 ? folder : "plain", kNamed, true, ships(named)}});
    }
  }
  for (const auto& [folder, origin] : path.folders) add_folder(folder, origin, false);
  return plugins;
}

}  // namespace assay::plugin
