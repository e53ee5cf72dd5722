#include "plugin/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "plugin/loader.hpp"
#include "plugin/trial_load.hpp"

namespace assay::plugin {

bool is_known_kind(std::string_view kind) {
  return kind == "model" || kind == "feature" || kind == "metric" || kind == "strategy" || kind == "sampler" || kind == "layer";
}

struct LazyHash {
  std::once_flag once;
  std::string hex;
};

const std::string& PluginFile::sha256() const {
  std::call_once(hash->once, [&] { hash->hex = sha256_file(path); });
  return hash->hex;
}

struct Registry::State {
  SearchPath path;
  std::mutex lock;
  bool loaded = false;
  std::exception_ptr error;  // what loading threw: every look-up says it again
  std::deque<PluginFile> files;
  std::deque<LoadedComponent> components;
  std::map<std::string, const LoadedComponent*, std::less<>> by_id;
  std::map<std::pair<std::string, std::string>, std::vector<const LoadedComponent*>> by_short_name;  // (kind, last part of the id)
  std::vector<Unusable> unusable;

  void load_all();
  void load_one(const std::vector<FoundFile>& candidates);
  void add(const FoundFile& found, const Note& note, const assay_plugin* raw);
  void make_short_names();
};

void Registry::State::load_all() {
  for (const auto& candidates : find_plugins(path, this_cpu())) load_one(candidates);
  make_short_names();
}

// The best variant that can be used; where there is none, the best one's reason counts.
void Registry::State::load_one(const std::vector<FoundFile>& candidates) {
  std::optional<Unusable> first;
  for (const FoundFile& found : candidates) {
    std::optional<Note> note;
    Verdict verdict = read_note(found.path, note);
    if (verdict.ok()) verdict = fits(*note, this_cpu());
    LoadResult result;
    if (verdict.ok() && path.foreign_tried_first && !found.ships) verdict = survives_loading(found.path);
    if (verdict.ok()) {
      result = load_plugin(found.path);
      verdict = result.verdict;
    }
    if (verdict.ok()) {
      try {
        add(found, *note, result.raw);
        return;
      } catch (const Error& e) {
        if (e.fault() == Fault::usage) throw;
        verdict = {e.tried() + ": " + e.happened(), e.mend()};
      }
    }
    if (!first) first = Unusable{found.path, verdict.problem, verdict.mend};
  }
  if (!first) return;
  if (candidates.front().named) throw Error(Fault::usage, "plugin " + first->path.string(), first->reason, first->mend);
  unusable.push_back(std::move(*first));
}

void Registry::State::add(const FoundFile& found, const Note& note, const assay_plugin* raw) {
  std::vector<LoadedComponent> fresh;
  for (std::uint32_t i = 0; i < raw->n_components; ++i) {
    const assay_component& component = *raw->components[i];
    if (component.kind && component.id && !is_known_kind(component.kind)) {
      unusable.push_back({found.path, fmt::format("its {} {} is of a kind that this Assay does not know", component.kind, component.id),
                          "A newer Assay may; all else in the file is used"});
      continue;
    }
    fresh.push_back({describe(component), &component, nullptr});
    const std::string& id = fresh.back().spec.id;
    for (std::size_t j = 0; j + 1 < fresh.size(); ++j)
      if (fresh[j].spec.id == id) throw Error(Fault::failed, id, "two components of the file have this id");
    if (const auto it = by_id.find(id); it != by_id.end())
      throw Error(Fault::usage, "loading plugins",
                  fmt::format("two plugins have the id {}: {} and {}", id, it->second->file->path.string(), found.path.string()),
                  "remove one of the files, or give one of them another id");
  }
  PluginFile& file =
      files.emplace_back(PluginFile{found.path, found.variant, note, found.origin, found.ships, raw, {}, std::make_shared<LazyHash>()});
  for (LoadedComponent& component : fresh) {
    component.file = &file;
    const LoadedComponent& kept = components.emplace_back(std::move(component));
    file.components.push_back(&kept);
    by_id.emplace(kept.spec.id, &kept);
  }
}

void Registry::State::make_short_names() {
  for (const auto& [id, component] : by_id) by_short_name[{component->spec.kind, id.substr(id.rfind('.') + 1)}].push_back(component);
}

Registry::Registry(SearchPath path) : state_(std::make_unique<State>()) { state_->path = std::move(path); }
Registry::~Registry() = default;

void Registry::load() const {
  const std::lock_guard hold(state_->lock);
  if (!state_->loaded) {
    state_->loaded = true;
    try {
      state_->load_all();
    } catch (...) {
      state_->error = std::current_exception();
    }
  }
  if (state_->error) std::rethrow_exception(state_->error);
}

const LoadedComponent* Registry::find_component(std::string_view kind, std::string_view id) const {
  load();
  if (const auto it = state_->by_id.find(id); it != state_->by_id.end()) return it->second->spec.kind == kind ? it->second : nullptr;
  const auto it = state_->by_short_name.find({std::string(kind), std::string(id)});
  return it != state_->by_short_name.end() && it->second.size() == 1 ? it->second.front() : nullptr;
}

const config::ComponentSpec* Registry::find(std::string_view kind, std::string_view id) const {
  const LoadedComponent* component = find_component(kind, id);
  return component ? &component->spec : nullptr;
}

std::vector<const config::ComponentSpec*> Registry::all(std::string_view kind) const {
  load();
  std::vector<const config::ComponentSpec*> specs;
  for (const auto& [id, component] : state_->by_id)
    if (component->spec.kind == kind) specs.push_back(&component->spec);
  return specs;
}

const LoadedComponent& Registry::component(std::string_view kind, std::string_view id) const {
  if (const LoadedComponent* found = find_component(kind, id)) return *found;
  std::vector<std::string> known;
  for (const auto& [full, component] : state_->by_id) {
    if (component->spec.kind != kind) continue;
    known.push_back(full);
    known.push_back(full.substr(full.rfind('.') + 1));
  }
  std::string why = fmt::format("no plugin offers it");
  const auto same = state_->by_short_name.find({std::string(kind), std::string(id)});
  if (same != state_->by_short_name.end()) {
    why = "several plugins offer it:";
    for (const LoadedComponent* component : same->second) why += " " + component->spec.id;
  }
  for (const std::string& file : not_used()) why += "; not used: " + file;
  const auto near = text::nearest(id, known);
  throw Error(Fault::usage, fmt::format("{} {}", kind, id), why, near ? fmt::format("did you mean {}?", *near) : "see `assay plugin list`");
}

std::vector<const LoadedComponent*> Registry::components() const {
  load();
  std::vector<const LoadedComponent*> list;
  for (const auto& [id, component] : state_->by_id) list.push_back(component);
  std::stable_sort(list.begin(), list.end(), [](auto* a, auto* b) { return a->spec.kind < b->spec.kind; });
  return list;
}

std::vector<const PluginFile*> Registry::files() const {
  load();
  std::vector<const PluginFile*> list;
  for (const PluginFile& file : state_->files) list.push_back(&file);
  std::sort(list.begin(), list.end(), [](auto* a, auto* b) { return a->path < b->path; });
  return list;
}

const std::vector<Registry::Unusable>& Registry::unusable() const {
  load();
  return state_->unusable;
}

std::vector<std::string> Registry::not_used() const {
  std::vector<std::string> lines;
  for (const Unusable& file : unusable()) lines.push_back(fmt::format("{}: {}", file.path.string(), file.reason));
  return lines;
}

const SearchPath& Registry::search_path() const { return state_->path; }

}  // namespace assay::plugin
