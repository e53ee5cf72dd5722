#include "config/json_schema.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "config/builtin_components.hpp"
#include "config/key_spec.hpp"

namespace assay::config {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Value& value) {
  struct ToJson {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool v) const { return v; }
    Json operator()(std::int64_t v) const { return v; }
    Json operator()(double v) const { return v; }
    Json operator()(const std::string& v) const { return v; }
    Json operator()(const List& list) const {
      Json array = Json::array();
      for (const Value& item : list) array.push_back(to_json(item));
      return array;
    }
    Json operator()(const Map& map) const {
      Json object = Json::object();
      for (const auto& [name, inner] : map) object[name] = to_json(inner);
      return object;
    }
    Json operator()(const ComponentValue& component) const {
      Json object = {{"use", component.id}};
      for (const auto& [name, inner] : component.params) object[name] = to_json(inner);
      return object;
    }
  };
  return std::visit(ToJson{}, value.data);
}

// Two forms of everything: a whole file needs its required keys; one that extends another may leave any out, or take it away with null.
class Schema {
 public:
  Schema(const JoinedCatalogue& catalogue) : catalogue_(catalogue) {}
  Json whole_file();

 private:
  Json key(const KeySpec& key, bool partial);
  Json described(const KeySpec& key, bool partial);
  Json scalar(const KeySpec& key) const;
  Json object(const std::vector<KeySpec>& keys, bool partial);
  Json component(const KeySpec& key, bool partial);
  std::string component_ref(const ComponentSpec& spec, const KeySpec& key, bool partial);

  const JoinedCatalogue& catalogue_;
  Json definitions_ = Json::object();
};

void bound(const KeySpec& key, Json& schema) {
  if (std::isfinite(key.min)) schema[key.open_min ? "exclusiveMinimum" : "minimum"] = key.min;
  if (std::isfinite(key.max)) schema[key.open_max ? "exclusiveMaximum" : "maximum"] = key.max;
}

// Null takes a key of the file below away.
Json nullable(Json schema, bool is) { return is ? Json{{"anyOf", {std::move(schema), {{"type", "null"}}}}} : schema; }

Json text_schema(TextForm form) {
  switch (form) {
    case TextForm::span:
      return {{"anyOf", {{{"type", "integer"}, {"minimum", 0}}, {{"type", "string"}, {"pattern", "^[0-9]+(y|mo|w|d|h|min|s|ms|us)?$"}}}}};
    case TextForm::share_or_span:
      return {{"anyOf",
               {{{"type", "integer"}, {"minimum", 1}},
                {{"type", "number"}, {"exclusiveMinimum", 0}, {"exclusiveMaximum", 1}},
                {{"type", "string"}, {"pattern", "^[0-9]+(y|mo|w|d|h|min|s|ms|us)?$"}}}}};
    case TextForm::scalar:
      return {{"type", {"string", "number", "boolean"}}};
    case TextForm::expression:
      return {{"type", {"string", "number"}}};
    case TextForm::bytes:
      return {{"type", "string"}, {"pattern", "^[0-9]+(kB|MB|GB|TB)$"}};
    case TextForm::path:
    case TextForm::name:
      return {{"type", "string"}, {"minLength", 1}};
    case TextForm::any:
      break;
  }
  return {{"type", "string"}};
}

// Any scalar may be written with ${NAME}: what it becomes is checked by assay.
Json Schema::scalar(const KeySpec& key) const {
  static const Json variable = {{"$ref", "#/$defs/variable"}};
  Json schema;
  switch (key.kind) {
    case ParamKind::boolean:
      schema = {{"type", "boolean"}};
      break;
    case ParamKind::integer:
      schema = {{"type", "integer"}};
      bound(key, schema);
      break;
    case ParamKind::real:
      schema = {{"type", "number"}};
      bound(key, schema);
      break;
    case ParamKind::choice:
      schema = {{"enum", key.choices}};
      break;
    case ParamKind::column:
      schema = {{"type", {"string", "number"}}};
      break;
    default:
      schema = text_schema(key.form);
  }
  return {{"anyOf", {std::move(schema), variable}}};
}

Json Schema::object(const std::vector<KeySpec>& keys, bool partial) {
  Json properties = Json::object(), required = Json::array();
  for (const KeySpec& one : keys) {
    if (!one.comes_later.empty()) continue;
    properties[one.name] = described(one, partial);
    if (one.required && one.only_if.empty()) required.push_back(one.name);
  }
  Json schema = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!partial && !required.empty()) schema["required"] = std::move(required);
  return schema;
}

std::string Schema::component_ref(const ComponentSpec& spec, const KeySpec& key, bool partial) {
  const std::string name = spec.kind + " " + spec.id + (partial ? " in part" : "");
  std::string pointer = "#/$defs/" + spec.kind + "%20" + spec.id + (partial ? "%20in%20part" : "");
  if (definitions_.contains(name)) return pointer;
  definitions_[name] = true;  // a component may hold one of its own kind: the name must stand before its parameters are walked
  std::vector<KeySpec> keys = key.inside;
  for (const ParamSpec& param : spec.params) keys.push_back(key_of(param));
  Json schema = object(keys, partial);
  Json ids = Json::array({spec.id});
  const std::string short_name = spec.id.substr(spec.id.rfind('.') + 1);
  if (const ComponentSpec* found = catalogue_.find(spec.kind, short_name); found == &spec && short_name != spec.id)
    ids.push_back(short_name);
  Json use = {{"enum", std::move(ids)}, {"description", spec.summary}};
  Json properties = {{key.use_key, std::move(use)}};
  properties.update(schema["properties"]);
  schema["properties"] = std::move(properties);
  schema["description"] = spec.summary;
  if (!partial && key.fallback.is_none()) {
    Json required = Json::array({key.use_key});
    if (schema.contains("required")) required.insert(required.end(), schema["required"].begin(), schema["required"].end());
    schema["required"] = std::move(required);
  }
  definitions_[name] = std::move(schema);
  return pointer;
}

Json Schema::component(const KeySpec& key, bool partial) {
  Json all = Json::array(), ids = Json::array();
  std::vector<const ComponentSpec*> known = catalogue_.all(key.component_kind);
  for (const ComponentSpec* spec : known) {
    all.push_back({{"$ref", component_ref(*spec, key, partial)}});
    ids.push_back(spec->id);
    const std::string short_name = spec->id.substr(spec->id.rfind('.') + 1);
    if (short_name != spec->id && catalogue_.find(spec->kind, short_name) == spec) ids.push_back(short_name);
  }
  if (!catalogue_.knows(key.component_kind)) all.push_back({{"type", "object"}});
  if (key.short_form) all.push_back(ids.empty() ? Json{{"type", "string"}} : Json{{"enum", std::move(ids)}});
  // Which component it is may come from a variable: then nothing more can be said.
  all.push_back({{"type", "object"}, {"properties", {{key.use_key, {{"$ref", "#/$defs/variable"}}}}}, {"required", {key.use_key}}});
  if (key.short_form) all.push_back({{"$ref", "#/$defs/variable"}});
  return {{"anyOf", std::move(all)}};
}

Json Schema::key(const KeySpec& spec, bool partial) {
  switch (spec.shape) {
    case Shape::value:
      return scalar(spec);
    case Shape::component:
      return component(spec, partial);
    case Shape::list: {
      Json schema = {{"type", "array"}, {"items", key(spec.inside.front(), false)}};
      if (spec.min_items > 0) schema["minItems"] = spec.min_items;
      if (spec.max_items != std::numeric_limits<std::size_t>::max()) schema["maxItems"] = spec.max_items;
      return schema;
    }
    case Shape::dictionary:
      return {{"type", "object"}, {"additionalProperties", nullable(key(spec.inside.front(), partial), partial)}};
    case Shape::object:
      return object(spec.inside, partial);
    case Shape::either: {
      Json all = Json::array();
      for (const KeySpec& one : spec.inside) all.push_back(key(one, partial));
      return {{"anyOf", std::move(all)}};
    }
  }
  return true;
}

Json Schema::described(const KeySpec& spec, bool partial) {
  Json schema = nullable(key(spec, partial), partial || !spec.required);
  schema["description"] = about(spec);
  const bool of_component = spec.shape == Shape::component;
  if (!spec.fallback.is_none() && !of_component) schema["default"] = to_json(spec.fallback);
  return schema;
}

Json Schema::whole_file() {
  const KeySpec& keys = experiment_keys();
  definitions_["variable"] = {{"type", "string"},
                              {"pattern", "\\$\\{[^}]*\\}"},
                              {"description", "a text with an environment variable: ${NAME} or ${NAME:-default}"}};
  Json whole = object(keys.inside, false);
  const Json no_model = {{"not", {{"anyOf", {{{"required", {"model"}}}, {{"required", {"models"}}}}}}}};
  Json rule = no_model;
  rule["required"] = {"backtest"};
  whole["oneOf"] = {{{"required", {"model", "target", "split"}}}, {{"required", {"models", "target", "split"}}}, std::move(rule)};
  Json part = object(keys.inside, true);
  part["required"] = {"extends"};
  definitions_["whole file"] = std::move(whole);
  definitions_["extending file"] = std::move(part);
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "Assay experiment"},
                 {"description", keys.doc},
                 {"type", "object"},
                 {"if", {{"required", {"extends"}}}},
                 {"then", {{"$ref", "#/$defs/extending%20file"}}},
                 {"else", {{"$ref", "#/$defs/whole%20file"}}}};
  schema["$defs"] = std::move(definitions_);
  return schema;
}

// ---- the reference page ---------------------------------------------------------------------------------------------------------------

// The page's grammar words in a cell: | would end it.
std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.replace(at, 1, "\\|");
  return text;
}

std::string default_cell(const KeySpec& key) {
  if (key.required && key.fallback.is_none()) return "required";
  if (key.shape == Shape::component || key.fallback.is_none()) return "";
  return "`" + to_text(key.fallback) + "`";
}

void row(const KeySpec& key, const std::string& name, std::string& out) {
  std::string kind = kind_text(key);
  if (const std::string range = range_text(key); !range.empty()) kind += " " + range;
  if (!key.unit.empty()) kind += ", in " + key.unit;
  std::string doc = key.comes_later.empty() ? key.doc : key.doc + "; not in this version";
  if (!key.only_if.empty()) doc += " (with " + key.only_if + ": " + to_text(key.only_if_value) + ")";
  out += "| `" + name + "` | " + cell(key.comes_later.empty() ? kind : "") + " | " + cell(default_cell(key)) + " | " + cell(doc) + " |\n";
}

constexpr const char* kHead = "| key | value | default | meaning |\n|---|---|---|---|\n";

void rows(const std::vector<KeySpec>& keys, const std::string& above, std::string& out) {
  for (const KeySpec& key : keys) {
    const std::string name = above + key.name;
    row(key, name, out);
    if (key.shape == Shape::object) rows(key.inside, name + ".", out);
    if (key.shape == Shape::dictionary && key.inside.front().shape == Shape::object) rows(key.inside.front().inside, name + ".NAME.", out);
    if (key.shape != Shape::either) continue;
    for (const KeySpec& one : key.inside) {
      if (one.shape == Shape::object) rows(one.inside, name + ".", out);
    }
  }
}

void components(const JoinedCatalogue& catalogue, const char* kind, const char* title, const char* use_key, std::string& out) {
  const auto all = catalogue.all(kind);
  if (all.empty()) return;
  out += std::string("\n## ") + title + "\n";
  for (const ComponentSpec* spec : all) {
    out += "\n### `" + std::string(use_key) + ": " + spec->id + "`\n\n" + spec->summary + ".\n";
    if (spec->params.empty()) continue;
    out += std::string("\n") + kHead;
    for (const ParamSpec& param : spec->params) row(key_of(param), param.name, out);
  }
}

}  // namespace

std::string json_schema(const Catalogue& catalogue) { return Schema(JoinedCatalogue(&catalogue)).whole_file().dump(1) + "\n"; }

std::string reference_markdown(const Catalogue* plugins) {
  const JoinedCatalogue catalogue(plugins);
  std::string out =
      "# The experiment file: every key\n\n"
      "This page is written by the program from the declarations that it checks files with. `assay schema` gives the same as a JSON "
      "Schema\n"
      "for your editor, with the parameters of all loaded plugins; `assay plugin show ID` shows those of one.\n\n"
      "A file is YAML 1.2 in UTF-8, one document. Unknown keys, keys that stand twice, anchors, aliases and tags are errors. An "
      "expression\n"
      "with a comma inside `{}` or `[]` must be quoted. `yes` and `no` are texts: write `true` and `false`.\n\n"
      "* `extends: base.yaml` takes over another file: maps merge key by key, lists and single values replace, a component with another\n"
      "  `use` (or data with another `source`) replaces the one below as a whole, and `key: null` takes a key away. Paths are relative to\n"
      "  the file in which they stand.\n"
      "* `${NAME}` is an environment variable and an error where it is not set; `${NAME:-default}` has a default; `$${` is a plain `${`.\n"
      "* `--set model.hidden=128` on the command line has the last word; `--set prepare.0.method=mean` reaches into a list.\n\n"
      "## Keys\n\n";
  out += kHead;
  for (const KeySpec& key : experiment_keys().inside) {
    rows({key}, "", out);
    if (key.shape == Shape::component) rows(key.inside, key.name + ".", out);
  }
  components(catalogue, "source", "Sources of data", "source", out);
  components(catalogue, "label", "Labels made from prices", "use", out);
  components(catalogue, "split", "Splits", "use", out);
  components(catalogue, "step", "Preparation steps", "use", out);
  components(catalogue, "selection", "Selections of inputs", "use", out);
  components(catalogue, "model", "Models", "use", out);
  components(catalogue, "layer", "Layers of neural.sequential", "use", out);
  components(catalogue, "feature", "Features", "use", out);
  components(catalogue, "metric", "Metrics", "use", out);
  components(catalogue, "sampler", "Samplers of a search", "use", out);
  components(catalogue, "pruner", "Pruners of a search", "use", out);
  components(catalogue, "strategy", "Strategies of a backtest", "use", out);
  return out;
}

}  // namespace assay::config
