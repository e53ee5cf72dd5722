#include "config/layers.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace assay::config {

namespace {

constexpr std::size_t kMaxChain = 16;

bool is_name_char(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
}

class Loader {
 public:
  Loader(const Layering& layering, SourceTexts& sources, Diagnostics& diagnostics)
      : layering_(layering), sources_(sources), diagnostics_(diagnostics) {}

  std::optional<Node> load(const std::string& text, const std::filesystem::path& file);
  void apply_sets(Node& root);

 private:
  void substitute(Node& node);
  void substitute_scalar(Node& scalar);
  bool variable(const Node& scalar, std::size_t& at, std::string& out);
  std::optional<Node> inherited(const Entry& extends, const std::filesystem::path& file);
  void apply_set(Node& root, const std::string& argument, std::int64_t number);
  void assign(Node& root, const std::vector<std::string>& path, const Place& at, Node value);
  Node* step_into(Node& node, const std::string& segment, const Place& at, const std::string& so_far);

  const Layering& layering_;
  SourceTexts& sources_;
  Diagnostics& diagnostics_;
  std::vector<std::filesystem::path> chain_;
};

std::string use_of(const Node& map) {
  for (const char* key : {"use", "source"}) {
    if (const Entry* entry = map.find(key); entry != nullptr && entry->value.kind == Node::Kind::scalar) return entry->value.text;
  }
  return {};
}

void merge(Node& below, Node&& above) {
  const bool maps = below.kind == Node::Kind::map && above.kind == Node::Kind::map;
  if (!maps || (!use_of(above).empty() && use_of(above) != use_of(below))) {
    below = std::move(above);
    return;
  }
  for (Entry& entry : above.entries) {
    Entry* mine = below.find(entry.key);
    if (mine == nullptr) {
      below.entries.push_back(std::move(entry));
      continue;
    }
    mine->key_place = entry.key_place;
    merge(mine->value, std::move(entry.value));
  }
  below.place = above.place;
}

// ---- ${NAME} ------------------------------------------------------------------------------------------------------------------------

// scalar.text[at] begins "${". Moves `at` past the closing brace.
bool Loader::variable(const Node& scalar, std::size_t& at, std::string& out) {
  const std::size_t end = scalar.text.find('}', at);
  const auto fail = [&](std::string message, std::string mend) {
    diagnostics_.error(scalar.place, std::move(message), std::move(mend));
    return false;
  };
  if (end == std::string::npos) {
    at = scalar.text.size();
    return fail("a '${' without its '}'", "write ${NAME} or ${NAME:-default}; $${ stands for a plain ${");
  }
  std::string_view inside = std::string_view(scalar.text).substr(at + 2, end - at - 2);
  at = end + 1;
  std::optional<std::string> fallback;
  if (const std::size_t mark = inside.find(":-"); mark != std::string_view::npos) {
    fallback = std::string(inside.substr(mark + 2));
    inside = inside.substr(0, mark);
  }
  const std::string name(inside);
  bool sound = !name.empty();
  for (std::size_t i = 0; i < name.size(); ++i) sound = sound && is_name_char(name[i], i == 0);
  if (!sound)
    return fail("'" + name + "' is no name of an environment variable", "write ${NAME} or ${NAME:-default}; $${ stands for a plain ${");
  const auto value = layering_.environment(name);
  if (value && !(value->empty() && fallback)) {
    if (text::first_invalid_utf8(*value))
      return fail("the environment variable " + name + " does not hold UTF-8", "set it to a UTF-8 text");
    out += *value;
    return true;
  }
  if (!fallback) return fail("the environment variable " + name + " is not set", "set it, or give a default: ${" + name + ":-value}");
  out += *fallback;
  return true;
}

void Loader::substitute_scalar(Node& scalar) {
  if (scalar.broken || scalar.text.find("${") == std::string::npos) return;
  std::string out;
  for (std::size_t at = 0; at < scalar.text.size();) {
    const std::string_view rest = std::string_view(scalar.text).substr(at);
    if (rest.starts_with("$${")) {
      out += "${";
      at += 3;
    } else if (rest.starts_with("${")) {
      if (!variable(scalar, at, out)) scalar.broken = true;
      scalar.from_variable = true;
    } else {
      out += scalar.text[at++];
    }
  }
  if (!scalar.broken) scalar.text = std::move(out);
}

void Loader::substitute(Node& node) {
  if (node.kind == Node::Kind::scalar) substitute_scalar(node);
  for (Node& item : node.items) substitute(item);
  for (Entry& entry : node.entries) substitute(entry.value);
}

// ---- extends ------------------------------------------------------------------------------------------------------------------------

std::optional<Node> Loader::inherited(const Entry& extends, const std::filesystem::path& file) {
  const Node& value = extends.value;
  if (value.broken) return std::nullopt;
  if (value.kind != Node::Kind::scalar || value.text.empty()) {
    diagnostics_.error(value.place, "'extends' must be the path of one experiment file", "write `extends: base.yaml`", "extends");
    return std::nullopt;
  }
  const std::filesystem::path base = (file.parent_path() / value.text).lexically_normal();
  const auto same = [&](const std::filesystem::path& seen) {
    std::error_code code;
    return seen == base || std::filesystem::equivalent(seen, base, code);
  };
  if (std::any_of(chain_.begin(), chain_.end(), same)) {
    std::string circle;
    for (const auto& seen : chain_) circle += seen.string() + " -> ";
    diagnostics_.error(value.place, "'extends' runs in a circle: " + circle + base.string(), "take out one of these lines", "extends");
    return std::nullopt;
  }
  if (chain_.size() >= kMaxChain) {
    diagnostics_.error(value.place, "more than " + std::to_string(kMaxChain) + " files extend each other", "join some of them", "extends");
    return std::nullopt;
  }
  const auto text = read_text_file(base, value.place, diagnostics_);
  if (!text) return std::nullopt;
  return load(*text, base);
}

std::optional<Node> Loader::load(const std::string& text, const std::filesystem::path& file) {
  sources_[file.string()] = text;
  auto root = parse_document(text, file.string(), diagnostics_);
  if (!root) return std::nullopt;
  if (root->kind != Node::Kind::map) {
    diagnostics_.error(root->place,
                       "an experiment file is a map of keys, this is a " + std::string(root->kind == Node::Kind::list ? "list" : "text"),
                       "begin with `assay: 1`");
    return std::nullopt;
  }
  if (!layering_.expand) return root;
  substitute(*root);
  const Entry* extends = root->find("extends");
  if (extends == nullptr) return root;
  chain_.push_back(file);
  auto base = inherited(*extends, file);
  chain_.pop_back();
  std::erase_if(root->entries, [](const Entry& entry) { return entry.key == "extends"; });
  if (!base) {  // go on, so that the other mistakes show; what is absent may stand in the base
    root->broken = true;
    return root;
  }
  merge(*base, std::move(*root));
  return base;
}

// ---- --set --------------------------------------------------------------------------------------------------------------------------

Node* Loader::step_into(Node& node, const std::string& segment, const Place& at, const std::string& so_far) {
  if (node.kind == Node::Kind::list) {
    const auto index = text::to_integer(segment);
    if (!index || *index < 0 || *index >= static_cast<std::int64_t>(node.items.size())) {
      diagnostics_.error(at, "'" + so_far + "' is a list of " + std::to_string(node.items.size()) + ": '" + segment + "' is no place in it",
                         node.items.empty() ? "set the whole list" : "write a number from 0 to " + std::to_string(node.items.size() - 1));
      return nullptr;
    }
    return &node.items[static_cast<std::size_t>(*index)];
  }
  if (node.kind == Node::Kind::scalar) {  // a key without value, or a value that gives way to a map
    if (!node.is_null()) {
      diagnostics_.error(at, "'" + so_far + "' holds the value '" + node.text + "' and no keys", "set '" + so_far + "' itself");
      return nullptr;
    }
    node = Node{};
    node.kind = Node::Kind::map;
    node.place = at;
  }
  if (Entry* entry = node.find(segment)) return &entry->value;
  Entry fresh;
  fresh.key = segment;
  fresh.key_place = fresh.value.place = at;
  node.entries.push_back(std::move(fresh));
  return &node.entries.back().value;
}

void Loader::assign(Node& root, const std::vector<std::string>& path, const Place& at, Node value) {
  Node* node = &root;
  std::string so_far;
  Place place = at;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    place.length = static_cast<std::int64_t>(text::utf8_length(path[i]));
    node = step_into(*node, path[i], place, so_far);
    if (node == nullptr) return;
    so_far += (so_far.empty() ? "" : ".") + path[i];
    place.column += place.length + 1;
  }
  place.length = static_cast<std::int64_t>(text::utf8_length(path.back()));
  if (path.back() == "use" || path.back() == "source") {  // another component: the old one's parameters go
    Node choice;
    choice.kind = Node::Kind::map;
    choice.place = place;
    choice.entries.push_back({path.back(), place, std::move(value)});
    if (node->kind == Node::Kind::map) return merge(*node, std::move(choice));
    value = std::move(choice.entries.front().value);
  }
  node = step_into(*node, path.back(), place, so_far);
  if (node != nullptr) merge(*node, std::move(value));
}

void Loader::apply_set(Node& root, const std::string& argument, std::int64_t number) {
  Place at{kSetSource, number, 1, 1};
  const std::size_t equals = argument.find('=');
  if (text::first_invalid_utf8(argument)) {
    diagnostics_.error(at, "this --set is not UTF-8", "write it in UTF-8");
    return;
  }
  if (equals == std::string::npos || equals == 0) {
    at.length = static_cast<std::int64_t>(std::max<std::size_t>(1, text::utf8_length(argument)));
    diagnostics_.error(at, equals == 0 ? "--set has no key before its '='" : "--set has no '='", "write --set model.hidden=128");
    return;
  }
  std::vector<std::string> path;
  for (const std::string_view part : text::split(std::string_view(argument).substr(0, equals), '.')) path.emplace_back(text::trim(part));
  if (std::any_of(path.begin(), path.end(), [](const std::string& part) { return part.empty(); })) {
    at.length = static_cast<std::int64_t>(text::utf8_length(argument.substr(0, equals)));
    diagnostics_.error(at, "a name is missing beside a '.' in '" + argument.substr(0, equals) + "'", "write --set model.hidden=128");
    return;
  }
  if (path.size() > static_cast<std::size_t>(kMaxDepth)) {
    diagnostics_.error(at, "this --set reaches more than " + std::to_string(kMaxDepth) + " levels deep", "no key lies so deep");
    return;
  }
  const std::int64_t column = static_cast<std::int64_t>(text::utf8_length(argument.substr(0, equals))) + 2;
  const std::string text = argument.substr(equals + 1);
  std::optional<Node> value = Node{};
  if (!text::trim(text).empty()) {
    value = parse_document(text, kSetSource, diagnostics_, number, column);
    if (!value) return;
    if (layering_.expand) substitute(*value);
  } else {
    value->quoted = true;  // `key=` sets an empty text
    value->place = {kSetSource, number, column, 1};
  }
  assign(root, path, at, std::move(*value));
}

void Loader::apply_sets(Node& root) {
  std::string& shown = sources_[kSetSource];
  shown.clear();
  std::int64_t number = 0;
  for (std::string argument : layering_.sets) {
    std::replace(argument.begin(), argument.end(), '\n', ' ');  // places count one line a setting
    shown += argument + "\n";
    apply_set(root, argument, ++number);
  }
}

}  // namespace

std::optional<Node> load_layers(const std::string& text, const std::filesystem::path& file, const Layering& layering, SourceTexts& sources,
                                Diagnostics& diagnostics) {
  Loader loader(layering, sources, diagnostics);
  auto root = loader.load(text, file);
  if (root && !layering.sets.empty()) loader.apply_sets(*root);
  return root;
}

void apply_sets(Node& root, const Layering& layering, SourceTexts& sources, Diagnostics& diagnostics) {
  Loader(layering, sources, diagnostics).apply_sets(root);
}

}  // namespace assay::config
