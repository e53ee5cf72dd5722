#include "config/checker.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "config/scalar_values.hpp"

namespace assay::config {

namespace {

constexpr int kMostMistakes = 200;
// What an unchecked plugin's parameter is worth: the plain YAML value.
Value raw_value(const Node& node) {
  if (node.kind == Node::Kind::scalar) return resolve_scalar(node.text, node.quoted);
  if (node.kind == Node::Kind::list) {
    List list;
    for (const Node& item : node.items) list.push_back(raw_value(item));
    return Value{std::move(list)};
  }
  const Entry* use = node.find("use");
  Map map;
  for (const Entry& entry : node.entries) {
    if (&entry != use) map.emplace_back(entry.key, raw_value(entry.value));
  }
  if (use != nullptr && use->value.kind == Node::Kind::scalar) return Value{ComponentValue{use->value.text, std::move(map)}};
  return Value{std::move(map)};
}

class Checker {
 public:
  Checker(const KeySpec& root, const JoinedCatalogue& catalogue, Diagnostics& diagnostics, Checked& out, bool incomplete)
      : root_(root), catalogue_(catalogue), diagnostics_(diagnostics), out_(out), incomplete_(incomplete) {}

  // Nothing where the value is wrong, and said so.
  std::optional<Value> check(const Node& node, const KeySpec& key, const std::string& path);

 private:
  std::optional<Value> scalar(const Node& node, const KeySpec& key, const std::string& path);
  std::optional<Value> list(const Node& node, const KeySpec& key, const std::string& path);
  std::optional<Value> dictionary(const Node& node, const KeySpec& key, const std::string& path);
  std::optional<Value> either(const Node& node, const KeySpec& key, const std::string& path);
  std::optional<Value> component(const Node& node, const KeySpec& key, const std::string& path);
  std::optional<Value> unchecked_component(const Node& node, const KeySpec& key, const std::string& id, const std::string& path);
  // The keys of an object or a component; `own` names the key that holds the component's id, empty for an object.
  Map keys(const Node& node, const std::vector<KeySpec>& keys, const std::string& path, const std::string& own, const std::string& of_what,
           bool& sound);
  void key_value(const Node& node, const KeySpec& key, const std::string& path, const std::string& of_what, Map& map, bool& sound);
  void unknown_key(const Entry& entry, const std::vector<KeySpec>& keys, const std::string& path, const std::string& own,
                   const std::string& of_what);
  void unknown_component(const Node& id, const KeySpec& key, const std::string& path);
  bool counts(const KeySpec& key, const Map& so_far) const;
  bool fits(const Node& node, const KeySpec& key) const;
  std::nullopt_t wrong(const Node& node, const KeySpec& key, const std::string& path, std::string message, std::string mend = {});
  std::nullopt_t wrong_type(const Node& node, const KeySpec& key, const std::string& path, std::string mend = {});
  void report(const Place& place, std::string message, std::string mend, const std::string& path, std::string doc = {});
  bool enough() const { return reported_ > kMostMistakes; }
  void mark(const std::string& path, const Place& place) { out_.places.emplace(path, place); }

  const KeySpec& root_;
  const JoinedCatalogue& catalogue_;
  Diagnostics& diagnostics_;
  Checked& out_;
  bool incomplete_;
  int reported_ = 0;
};

void Checker::report(const Place& place, std::string message, std::string mend, const std::string& path, std::string doc) {
  if (++reported_ <= kMostMistakes) diagnostics_.error(place, std::move(message), std::move(mend), path, std::move(doc));
  if (reported_ == kMostMistakes + 1)
    diagnostics_.note({}, "more than " + std::to_string(kMostMistakes) + " mistakes: the rest is not shown", "is this an experiment file?");
}

std::string below(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

std::nullopt_t Checker::wrong(const Node& node, const KeySpec& key, const std::string& path, std::string message, std::string mend) {
  out_.bad.insert(path);
  report(node.place, std::move(message), std::move(mend), path, about(key));
  return std::nullopt;
}

std::nullopt_t Checker::wrong_type(const Node& node, const KeySpec& key, const std::string& path, std::string mend) {
  Refusal refused = config::wrong_type(node, key, path, std::move(mend));
  return wrong(node, key, path, std::move(refused.message), std::move(refused.mend));
}

std::optional<Value> Checker::scalar(const Node& node, const KeySpec& key, const std::string& path) {
  auto read = read_scalar(node, key, path);
  if (auto* refused = std::get_if<Refusal>(&read)) return wrong(node, key, path, std::move(refused->message), std::move(refused->mend));
  return std::move(std::get<Value>(read));
}

std::optional<Value> Checker::list(const Node& node, const KeySpec& key, const std::string& path) {
  if (node.kind != Node::Kind::list) {
    const bool one = fits(node, key.inside.front());
    return wrong_type(node, key, path,
                      one ? "put it in brackets: [" + (node.kind == Node::Kind::scalar ? shortened(node.text) : "{...}") + "]" : "");
  }
  if (node.items.size() < key.min_items || node.items.size() > key.max_items) {
    const bool few = node.items.size() < key.min_items;
    return wrong(node, key, path,
                 "'" + path + "' has " + std::to_string(node.items.size()) + " items, it must have at " +
                     (few ? "least " + std::to_string(key.min_items) : "most " + std::to_string(key.max_items)));
  }
  List list;
  bool sound = true;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    auto item = check(node.items[i], key.inside.front(), below(path, std::to_string(i)));
    if (item)
      list.push_back(std::move(*item));
    else
      sound = false;
  }
  if (!sound) return std::nullopt;
  return Value{std::move(list)};
}

std::optional<Value> Checker::dictionary(const Node& node, const KeySpec& key, const std::string& path) {
  if (node.kind != Node::Kind::map) return wrong_type(node, key, path);
  Map map;
  for (const Entry& entry : node.entries) {
    const std::string inner = below(path, entry.key);
    mark("/" + inner, entry.key_place);
    if (entry.key.empty()) {
      report(entry.key_place, "a name in '" + path + "' is empty", "give it a name", path);
    } else if (entry.value.is_null() && entry.value.text.empty()) {
      out_.bad.insert(inner);
      report(entry.key_place, "'" + inner + "' has no value", "write one after the colon, or remove the line", inner,
             about(key.inside.front()));
    } else if (!entry.value.is_null()) {
      if (auto value = check(entry.value, key.inside.front(), inner)) map.emplace_back(entry.key, std::move(*value));
    }
  }
  return Value{std::move(map)};
}

// Whether a node is of an alternative's kind; its value may still be wrong.
bool Checker::fits(const Node& node, const KeySpec& key) const {
  switch (key.shape) {
    case Shape::list:
      return node.kind == Node::Kind::list;
    case Shape::object:
    case Shape::dictionary:
      return node.kind == Node::Kind::map;
    case Shape::component:
      return node.kind == Node::Kind::map || (key.short_form && node.kind == Node::Kind::scalar && !node.is_null());
    case Shape::either:
      return std::any_of(key.inside.begin(), key.inside.end(), [&](const KeySpec& one) { return fits(node, one); });
    case Shape::value:
      break;
  }
  if (node.kind != Node::Kind::scalar || node.is_null()) return false;
  const Value value = resolve_scalar(node.text, node.quoted && !node.from_variable);
  if (key.kind == ParamKind::integer) return std::holds_alternative<std::int64_t>(value.data);
  if (key.kind == ParamKind::real) return std::holds_alternative<std::int64_t>(value.data) || std::holds_alternative<double>(value.data);
  if (key.kind == ParamKind::boolean) return std::holds_alternative<bool>(value.data);
  return true;
}

std::optional<Value> Checker::either(const Node& node, const KeySpec& key, const std::string& path) {
  for (const KeySpec& alternative : key.inside) {
    if (!fits(node, alternative)) continue;
    KeySpec named = alternative;
    named.doc = key.doc;
    return check(node, named, path);
  }
  return wrong_type(node, key, path);
}

bool Checker::counts(const KeySpec& key, const Map& so_far) const {
  if (key.only_if.empty()) return true;
  const Value* other = find(so_far, key.only_if);
  return other == nullptr || *other == key.only_if_value;
}

void Checker::unknown_key(const Entry& entry, const std::vector<KeySpec>& keys, const std::string& path, const std::string& own,
                          const std::string& of_what) {
  if (enough()) return;
  std::vector<std::string> names;
  if (!own.empty()) names.push_back(own);
  for (const KeySpec& key : keys) names.push_back(key.name);
  std::string mend;
  const auto holds = [&](const KeySpec& section) {
    return section.shape == Shape::object &&
           std::any_of(section.inside.begin(), section.inside.end(), [&](const KeySpec& k) { return k.name == entry.key; });
  };
  const bool at_root = std::any_of(root_.inside.begin(), root_.inside.end(), [&](const KeySpec& k) { return k.name == entry.key; });
  const auto section = std::find_if(root_.inside.begin(), root_.inside.end(), holds);
  if (entry.key == "<<")
    mend = "merge keys are not used here; share values with `extends: base.yaml`";
  else if (const auto near = guess(entry.key, names))
    mend = "did you mean '" + *near + "'?";
  else if (!path.empty() && at_root)
    mend = "'" + entry.key + "' belongs to the top level: move it to the left margin";
  else if (section != root_.inside.end() && section->name != path)
    mend = "'" + entry.key + "' belongs under '" + section->name + ":'";
  else
    mend = names.empty() ? of_what + " takes no keys" : "known here: " + text::join(names, ", ");
  report(entry.key_place, "unknown key '" + shortened(entry.key) + "'" + (path.empty() ? "" : " in " + of_what), mend,
         below(path, entry.key));
}

void Checker::key_value(const Node& node, const KeySpec& key, const std::string& path, const std::string& of_what, Map& map, bool& sound) {
  const std::string inner = below(path, key.name);
  const Entry* entry = node.find(key.name);
  if (entry != nullptr) mark("/" + inner, entry->key_place);
  if (entry != nullptr && !key.comes_later.empty()) {
    report(entry->key_place, "'" + inner + "' needs " + key.comes_later + ", which this build of assay does not have yet",
           "remove '" + inner + "'", inner, key.doc);
    return;
  }
  if (entry != nullptr && entry->value.is_null() && entry->value.text.empty() && !entry->value.broken) {
    out_.bad.insert(inner);
    sound = false;
    report(entry->key_place, "'" + inner + "' has no value", "write one after the colon, or remove the line", inner, about(key));
    return;
  }
  const bool active = counts(key, map);
  if (entry == nullptr || entry->value.is_null()) {
    if (key.always) {
      Node empty;
      empty.kind = Node::Kind::map;
      empty.place = node.place;
      if (auto value = check(empty, key, inner)) map.emplace_back(key.name, std::move(*value));
      return;
    }
    const bool missing = key.required && active && !incomplete_;
    if (missing) {
      const std::string what = path.empty() ? "the file" : of_what;
      out_.bad.insert(inner);
      sound = false;
      report(node.place, what + " needs the key '" + key.name + "'", "add `" + key.name + ": ...`", inner, about(key));
    }
    if (!(key.required && key.shape == Shape::component)) map.emplace_back(key.name, key.fallback);
    return;
  }
  auto value = check(entry->value, key, inner);
  if (!value) {
    sound = false;
    return;
  }
  if (!active && !(*value == key.fallback)) {
    sound = false;
    out_.bad.insert(inner);
    report(entry->key_place, "'" + inner + "' counts only with " + key.only_if + ": " + to_text(key.only_if_value),
           "remove it, or set " + key.only_if, inner, about(key));
    return;
  }
  map.emplace_back(key.name, std::move(*value));
}

// An object with a wrong key still gives its others: later checks go on with them.
Map Checker::keys(const Node& node, const std::vector<KeySpec>& specs, const std::string& path, const std::string& own,
                  const std::string& of_what, bool& sound) {
  for (const Entry& entry : node.entries) {
    const bool known =
        entry.key == own || std::any_of(specs.begin(), specs.end(), [&](const KeySpec& key) { return key.name == entry.key; });
    if (known) continue;
    unknown_key(entry, specs, path, own, of_what);
    sound = false;
  }
  Map map;
  for (const KeySpec& key : specs) key_value(node, key, path, of_what, map, sound);
  return map;
}

void Checker::unknown_component(const Node& id, const KeySpec& key, const std::string& path) {
  std::vector<std::string> names;
  const auto known = catalogue_.all(key.component_kind);
  for (const ComponentSpec* spec : known) {
    names.push_back(spec->id);
    if (const std::size_t dot = spec->id.rfind('.'); dot != std::string::npos) names.push_back(spec->id.substr(dot + 1));
  }
  std::string mend;
  for (const char* kind : {"model", "metric", "feature", "step", "label", "split", "source", "strategy", "sampler", "pruner", "layer"}) {
    if (key.component_kind != kind && catalogue_.find(kind, id.text) != nullptr) mend = "'" + id.text + "' is a " + kind;
  }
  const bool ambiguous = std::count(names.begin(), names.end(), id.text) > 1;
  if (ambiguous)
    mend = "several plugins have a " + key.component_kind + " of that name: write its full id";
  else if (mend.empty()) {
    if (const auto near = guess(id.text, names))
      mend = "did you mean '" + *near + "'?";
    else if (known.empty())
      mend = "no plugin with a " + key.component_kind + " is loaded: see `assay plugin list`";
    else
      mend = "known: " + text::join(
                             [&] {
                               std::vector<std::string> ids;
                               for (const ComponentSpec* spec : known) ids.push_back(as_written(*spec));
                               return ids;
                             }(),
                             ", ");
  }
  for (const std::string& file : catalogue_.not_used()) mend += "; not used: " + file;
  out_.bad.insert(path);
  report(id.place, "there is no " + key.component_kind + " '" + shortened(id.text) + "'", mend, below(path, key.use_key), key.doc);
}

std::optional<Value> Checker::unchecked_component(const Node& node, const KeySpec& key, const std::string& id, const std::string& path) {
  Map params;
  if (node.kind == Node::Kind::map) {
    Node common = node;
    std::erase_if(common.entries, [&](const Entry& entry) {
      return std::none_of(key.inside.begin(), key.inside.end(), [&](const KeySpec& k) { return k.name == entry.key; });
    });
    bool sound = true;
    params = keys(common, key.inside, path, key.use_key, "'" + path + "'", sound);
    for (const Entry& entry : node.entries) {
      mark(below(path, entry.key), entry.value.place);
      if (entry.key != key.use_key && common.find(entry.key) == nullptr) params.emplace_back(entry.key, raw_value(entry.value));
    }
  }
  return Value{ComponentValue{id, std::move(params)}};
}

std::optional<Value> Checker::component(const Node& node, const KeySpec& key, const std::string& path) {
  if (node.kind == Node::Kind::scalar && !key.short_form && !node.is_null() && !node.text.empty())
    return wrong_type(node, key, path, "write {" + key.use_key + ": " + shortened(node.text) + "}");
  if (!fits(node, key)) return wrong_type(node, key, path);
  const Node* id = &node;
  Node fallback;
  if (node.kind == Node::Kind::map) {
    const Entry* use = node.find(key.use_key);
    if (use != nullptr) mark("/" + below(path, key.use_key), use->key_place);
    if (use == nullptr && key.fallback.is_none()) {
      if (incomplete_) return std::nullopt;
      return wrong(node, key, path, "'" + path + "' needs the key '" + key.use_key + "'",
                   "name the " + key.component_kind + ": " + key.use_key + ": ...");
    }
    if (use == nullptr) fallback.text = key.fallback.as_text();
    id = use == nullptr ? &fallback : &use->value;
  }
  if (id->broken) return std::nullopt;
  if (id->kind != Node::Kind::scalar || id->is_null() || id->text.empty())
    return wrong(*id, key, path, "'" + below(path, key.use_key) + "' must name a " + key.component_kind);
  const ComponentSpec* spec = catalogue_.find(key.component_kind, id->text);
  if (spec == nullptr && !catalogue_.knows(key.component_kind)) return unchecked_component(node, key, id->text, path);
  if (spec == nullptr) {
    unknown_component(*id, key, path);
    return std::nullopt;
  }
  std::vector<KeySpec> all = key.inside;
  for (const ParamSpec& param : spec->params) all.push_back(key_of(param));
  Node no_keys;
  no_keys.kind = Node::Kind::map;
  no_keys.place = node.place;
  bool sound = true;
  const std::string of_what = "the " + spec->kind + " " + spec->id;
  Map params = keys(node.kind == Node::Kind::map ? node : no_keys, all, path, key.use_key, of_what, sound);
  if (!sound && key.inside.empty()) {  // a plugin gets all of its parameters or none
    out_.bad.insert(path);
    return std::nullopt;
  }
  return Value{ComponentValue{spec->id, std::move(params)}};
}

std::optional<Value> Checker::check(const Node& node, const KeySpec& key, const std::string& path) {
  mark(path, node.place);
  if (node.broken && !path.empty()) {
    out_.bad.insert(path);
    return std::nullopt;
  }
  switch (key.shape) {
    case Shape::value:
      return scalar(node, key, path);
    case Shape::component:
      return component(node, key, path);
    case Shape::list:
      return list(node, key, path);
    case Shape::dictionary:
      return dictionary(node, key, path);
    case Shape::either:
      return either(node, key, path);
    case Shape::object: {
      if (node.kind != Node::Kind::map) return wrong_type(node, key, path);
      bool sound = true;
      return Value{keys(node, key.inside, path, "", path.empty() ? "the file" : "'" + path + "'", sound)};
    }
  }
  return std::nullopt;
}

}  // namespace

const Place* Checked::place(const std::string& path) const {
  const auto at = places.find(path);
  return at == places.end() ? nullptr : &at->second;
}

bool Checked::is_bad(const std::string& path) const {
  for (const std::string& one : bad) {
    if (one == path || one.starts_with(path + ".") || path.starts_with(one + ".")) return true;
  }
  return false;
}

std::string as_written(const ComponentSpec& spec) { return spec.kind == "metric" ? spec.id.substr(spec.id.rfind('.') + 1) : spec.id; }

Checked check_keys(const Node& root, const KeySpec& keys, const JoinedCatalogue& catalogue, Diagnostics& diagnostics) {
  Checked out;
  out.incomplete = root.broken;
  Checker checker(keys, catalogue, diagnostics, out, root.broken);
  if (auto value = checker.check(root, keys, "")) out.value = std::move(*value);
  return out;
}

}  // namespace assay::config
