// What a plugin file must be before anything in it is used.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <set>

#include "base/error.hpp"
#include "checker/exported_symbols.hpp"
#include "checker/subject.hpp"
#include "checker/thread_watch.hpp"

namespace assay::checker {
namespace {

constexpr const char* kEntry = "assay_plugin_entry_v1";

Outcome loads(Subject& subject) {
  const auto registry = load_alone(subject.file);
  for (const auto& odd : registry->unusable()) return {Status::warn, odd.reason + ": it was not tested"};
  expect(!registry->components().empty(), "it holds no components");
  return {};
}

Outcome loads_fast(Subject& subject) {
  const auto began = std::chrono::steady_clock::now();
  const auto registry = load_alone(subject.file);
  const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
  const std::string text = fmt::format("takes {:.0f} ms to load", ms);
  expect(ms < 5000, text);
  if (ms > 500) warn(text + "; every worker process pays that");
  return {};
}

Outcome threads(Subject& subject) {
  const int before = thread_count();
  const auto registry = load_alone(subject.file);
  const int after = thread_count();
  expect(after == before,
         fmt::format("loading it started {} thread(s); threads belong into a call, within its max_threads", after - before));
  return {};
}

Outcome exports(Subject& subject) {
  std::ifstream file(subject.file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> names = exported_symbols(bytes), strays, standard;
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (name == kEntry) continue;
    (is_standard_library(name) ? standard : strays).push_back(name);
  }
  constexpr const char* kMend = "link with the version script that assay_add_plugin() uses";
  expect(std::binary_search(names.begin(), names.end(), kEntry), fmt::format("does not export {}", kEntry));
  if (!strays.empty())
    fail(fmt::format("exports {} more symbol(s) than {}, '{}' first: another plugin's may be taken for them; {}", strays.size(), kEntry,
                     strays.front(), kMend));
  if (!standard.empty())
    warn(fmt::format("exports {} symbol(s) of the standard library, '{}' first; {}", standard.size(), standard.front(), kMend));
  return {};
}

bool is_word(std::string_view text) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' && std::all_of(text.begin(), text.end(), good);
}

Outcome ids(Subject& subject) {
  const auto registry = load_alone(subject.file);
  std::set<std::pair<std::string, std::string>> seen;
  for (const plugin::LoadedComponent* component : registry->components()) {
    const config::ComponentSpec& spec = component->spec;
    const auto dot = spec.id.find('.');
    expect(
        dot != std::string::npos && is_word(std::string_view(spec.id).substr(0, dot)) && is_word(std::string_view(spec.id).substr(dot + 1)),
        fmt::format("the id '{}' is not of the form vendor.name in lower case letters, digits and _", spec.id));
    expect(seen.emplace(spec.kind, spec.id).second, fmt::format("two components of kind {} are called '{}'", spec.kind, spec.id));
    expect(!spec.version.empty(), fmt::format("{} has no version", spec.id));
    if (spec.summary.empty()) warn(fmt::format("{} has no summary: `assay plugin list` will show nothing beside it", spec.id));
  }
  return {};
}

}  // namespace

const std::vector<Test>& file_tests() {
  static const std::vector<Test> tests = {
      {"file", "loads", "its note, ABI, CPU level and symbols fit this host, and its tables make sense", nullptr, loads},
      {"file", "loads_fast", "loading takes no noticeable time", "loads", loads_fast},
      {"file", "threads", "loading it starts no threads", "loads", threads},
      {"file", "exports", "it exports one symbol, its entry", "loads", exports},
      {"file", "ids", "ids are valid and unique; versions are given", "loads", ids},
  };
  return tests;
}

}  // namespace assay::checker
