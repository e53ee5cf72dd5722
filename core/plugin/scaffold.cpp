#include "plugin/scaffold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::plugin {
namespace fs = std::filesystem;
namespace {

void check_name(const std::string& name) {
  // Words that would not compile as the name of a struct or a CMake target.
  static const std::set<std::string> kTaken{"assay", "all", "test", "install", "clean", "help", "package", "std"};
  const bool good =
      !name.empty() && name.size() <= 60 && name.front() >= 'a' && name.front() <= 'z' &&
      std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  if (!good)
    throw Error(Fault::usage, fmt::format("the plugin name '{}'", name), "a name has small letters, digits and _, and begins with a letter",
                "my_model, say");
  if (kTaken.count(name))
    throw Error(Fault::usage, fmt::format("the plugin name '{}'", name), "this word has another meaning to CMake or C++", "my_" + name);
}

std::string camel_case(const std::string& name) {
  std::string result;
  bool upper = true;
  for (const char c : name) {
    if (c == '_')
      upper = true;
    else {
      result += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return result;
}

std::string replaced(std::string text, const std::string& name) {
  const std::pair<std::string, std::string> words[] = {{"@NAME@", name}, {"@TYPE@", camel_case(name)}, {"@ID@", "my." + name}};
  for (const auto& [mark, word] : words)
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + word.size()))
      text.replace(at, mark.size(), word);
  return text;
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(Fault::failed, "reading the template " + path.string(), "the file cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::vector<fs::path> write_scaffold(const std::string& kind, const std::string& name, const fs::path& dir, const fs::path& templates_dir) {
  check_name(name);
  std::vector<std::string> kinds;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(templates_dir, error))
    if (entry.is_directory()) kinds.push_back(entry.path().filename().string());
  std::sort(kinds.begin(), kinds.end());
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
    throw Error(Fault::usage, fmt::format("a new plugin of kind '{}'", kind), "there is no template for it",
                fmt::format("one of: {}", text::join(kinds, ", ")));
  if (fs::exists(dir, error) && (!fs::is_directory(dir, error) || !fs::is_empty(dir, error)))
    throw Error(Fault::usage, "creating " + dir.string(), "it exists already and is not an empty folder", "give another folder");

  std::vector<fs::path> sources;
  for (const auto& entry : fs::recursive_directory_iterator(templates_dir / kind))
    if (entry.is_regular_file()) sources.push_back(entry.path());
  std::sort(sources.begin(), sources.end());
  std::vector<fs::path> written;
  for (const fs::path& source : sources) {
    std::string path = replaced(fs::relative(source, templates_dir / kind).string(), name);
    if (path.size() > 3 && path.ends_with(".in")) path.resize(path.size() - 3);
    const fs::path target = dir / path;
    fs::create_directories(target.parent_path(), error);
    std::ofstream file(target, std::ios::binary);
    file << replaced(read_text(source), name);
    file.close();
    if (!file) throw Error(Fault::failed, "writing " + target.string(), "the file cannot be written");
    written.push_back(target);
  }
  return written;
}

fs::path templates_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  fs::path folder = (program.parent_path() / "../share/assay/templates").lexically_normal();
  if (fs::is_directory(folder, error)) return folder;
  throw Error(Fault::failed, "looking for plugin templates", "there is no folder " + folder.string(), "install Assay again");
}

}  // namespace assay::plugin
