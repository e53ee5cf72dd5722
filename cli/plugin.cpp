// `assay plugin list | show | check | new | docs`.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "checker/checker.hpp"
#include "cli/place.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"
#include "plugin/scaffold.hpp"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;
using config::ParamKind;

plugin::Registry open_registry(const Arguments& arguments) {
  return plugin::Registry(search_path({}, arguments.value("plugins"), arguments.has("isa") ? arguments.value("isa") : std::nullopt));
}

std::string kind_text(ParamKind kind) {
  switch (kind) {
    case ParamKind::boolean:
      return "true or false";
    case ParamKind::integer:
      return "whole number";
    case ParamKind::real:
      return "number";
    case ParamKind::text:
      return "text";
    case ParamKind::choice:
      return "one of";
    case ParamKind::column:
      return "column";
    case ParamKind::list:
      return "list";
    case ParamKind::component:
      return "component";
  }
  return "";
}

std::string range_text(const config::ParamSpec& p) {
  if (!p.choices.empty()) return text::join(p.choices, ", ");
  const bool low = std::isfinite(p.min), high = std::isfinite(p.max);
  std::string out;
  if (low) out += std::string(p.open_min ? "above " : "from ") + text::shortest(p.min);
  if (high) out += std::string(low ? " " : "") + (p.open_max ? "below " : "up to ") + text::shortest(p.max);
  return out;
}

std::string parameter_line(const config::ParamSpec& p) {
  const std::string range = range_text(p);
  std::string line =
      fmt::format("  {:<18} {}", p.name, p.kind == ParamKind::list ? "list of " + kind_text(p.item_kind) : kind_text(p.kind));
  if (!range.empty()) line += " " + range;
  if (!p.unit.empty()) line += " " + p.unit;
  line += p.required ? "; required" : "; default " + config::to_text(p.fallback);
  if (p.log_scale) line += "; log scale";
  if (!p.only_if.empty()) line += fmt::format("; only with {}: {}", p.only_if, config::to_text(p.only_if_value));
  return text::printable(line + "\n" + fmt::format("  {:<18}   {}\n", "", p.doc));
}

Json to_json(const plugin::LoadedComponent& c) {
  Json params = Json::array();
  for (const config::ParamSpec& p : c.spec.params)
    params.push_back({{"name", p.name},
                      {"kind", kind_text(p.kind)},
                      {"doc", p.doc},
                      {"default", p.required ? Json() : Json(config::to_text(p.fallback))},
                      {"range", range_text(p)}});
  return {{"kind", c.spec.kind},           {"id", c.spec.id},
          {"version", c.spec.version},     {"summary", c.spec.summary},
          {"abilities", c.spec.abilities}, {"file", c.file->path.string()},
          {"variant", c.file->variant},    {"params", params}};
}

// ---- list ----

VerbHelp list_help() {
  return {"assay plugin list [options]",
          "Lists the components of all plugins that are found, and files that cannot be used with the reason.",
          "assay plugin list",
          {plugins_option(), isa_option(), json_option()},
          0,
          0};
}

int list(const Arguments& arguments) {
  Console console(arguments.has("json"));
  const plugin::Registry registry = open_registry(arguments);
  Json json{{"components", Json::array()}, {"unusable", Json::array()}};
  std::string text;
  for (const plugin::LoadedComponent* c : registry.components()) {
    json["components"].push_back(to_json(*c));
    text += fmt::format("{:<8} {:<28} {:<8} {}\n", c->spec.kind, c->spec.id, c->spec.version, c->spec.summary);
  }
  for (const auto& u : registry.unusable()) {
    json["unusable"].push_back({{"file", u.path.string()}, {"reason", u.reason}, {"mend", u.mend}});
    text += fmt::format("not used: {}: {}. {}\n", u.path.string(), u.reason, u.mend);
  }
  console.out(console.json() ? json.dump() + "\n" : text::printable(text));
  return 0;
}

// ---- show ----

VerbHelp show_help() {
  return {"assay plugin show ID [options]",
          "Shows a component: parameters with ranges and defaults, file, CPU variant and why that one.",
          "assay plugin show neural.mlp",
          {plugins_option(), isa_option(), json_option()},
          1,
          1};
}

const plugin::LoadedComponent& find_any(const plugin::Registry& registry, const std::string& id) {
  std::vector<std::string> ids;
  for (const plugin::LoadedComponent* c : registry.components()) {
    if (c->spec.id == id || c->spec.id.ends_with("." + id)) return *c;
    ids.push_back(c->spec.id);
  }
  for (const auto& odd : registry.unusable())
    if (odd.reason.find(" " + id + " ") != std::string::npos) throw Error(Fault::usage, odd.path.string(), odd.reason, odd.mend);
  const auto near = text::nearest(id, ids);
  throw Error(Fault::usage, "", fmt::format("no plugin offers '{}'", id),
              near ? "Did you mean '" + *near + "'?" : "`assay plugin list` lists them");
}

int show(const Arguments& arguments) {
  Console console(arguments.has("json"));
  const plugin::Registry registry = open_registry(arguments);
  const plugin::LoadedComponent& c = find_any(registry, arguments.plain()[0]);
  if (console.json()) {
    console.out(to_json(c).dump() + "\n");
    return 0;
  }
  std::string out = fmt::format("{} {} {}: {}\n", c.spec.kind, console.bold(c.spec.id), c.spec.version, c.spec.summary);
  out += fmt::format("  file {}\n  found: {}\n", c.file->path.string(), c.file->origin);
  out += fmt::format("  variant {}: {}\n", c.file->variant,
                     arguments.has("isa") ? "asked for with --isa"
                                          : "the best build that this " + plugin::level_name(plugin::this_cpu().level) + " machine runs");
  out += "  note: " + c.file->note.text + "\n";
  if (!c.spec.abilities.empty()) out += "  offers " + text::join(c.spec.abilities, ", ") + "\n";
  if (!c.spec.params.empty()) out += "\nParameters\n";
  for (const config::ParamSpec& p : c.spec.params) out += parameter_line(p);
  console.out(out);
  return 0;
}

// ---- check ----

VerbHelp check_help() {
  return {"assay plugin check FILE [options]",
          "Tests whether a plugin keeps the promises of the boundary: each test in a process of its own with a time limit.\n"
          "Exit codes: 0 all kept, 4 something failed.",
          "assay plugin check build/plugins/my_model.so --only 'same_seed*'",
          {{"only", "TEST", "these tests only (* and ? are wild)", true},
           {"skip", "TEST", "without these", true},
           {"seed", "N", "of the sample data (default 1)", false},
           {"list", "", "list the tests", false},
           json_option()},
          0,
          1};
}

int list_tests(Console& console) {
  for (const checker::TestInfo& test : checker::known_tests())
    console.out(fmt::format("{:<10} {:<24} {}\n", test.kind, test.name, test.what));
  return 0;
}

int check(const Arguments& arguments) {
  Console console(arguments.has("json"));
  if (arguments.has("list")) return list_tests(console);
  if (arguments.plain().empty()) throw Error(Fault::usage, "", "which file?", "Usage: " + check_help().usage);
  checker::CheckOptions options;
  options.file = arguments.plain()[0];
  options.only = arguments.values("only");
  options.skip = arguments.values("skip");
  if (const auto seed = arguments.integer("seed", 0)) options.seed = static_cast<std::uint64_t>(*seed);
  int counts[4] = {};
  const auto show_line = [&](const checker::CheckResult& r) {
    ++counts[static_cast<int>(r.status)];
    if (console.json()) return;
    console.out(fmt::format("  {:<5} {:<40} {}\n", checker::to_text(r.status), r.component.empty() ? r.test : r.component + "/" + r.test,
                            text::printable(r.text)));
  };
  const std::vector<checker::CheckResult> results = checker::check_plugin(options, show_line);
  const bool failed = checker::any_failed(results);
  if (console.json())
    console.out(checker::to_json(options.file, results) + "\n");
  else
    console.out(fmt::format("{}: {} passed, {} warned, {} failed, {} skipped\n", options.file.string(), counts[0], counts[1], counts[2],
                            counts[3]));
  return failed ? static_cast<int>(Fault::finding) : 0;
}

// ---- new ----

VerbHelp new_help() {
  return {"assay plugin new KIND NAME [DIR]",
          "Writes the folder of a new plugin (KIND: model, feature, metric, strategy or sampler) into ./NAME or DIR: source,\n"
          "CMakeLists.txt, an experiment that uses it.\n"
          "It builds with the installed SDK, passes `assay plugin check` and runs at once; its README says how.",
          "assay plugin new model my_model",
          {},
          2,
          3};
}

int make_new(const Arguments& arguments) {
  Console console(false);
  const auto& words = arguments.plain();
  const std::filesystem::path folder = words.size() > 2 ? words[2] : words[1];
  const auto files = plugin::write_scaffold(words[0], words[1], folder, plugin::templates_folder());
  for (const auto& file : files) console.out("  " + file.string() + "\n");
  console.out(fmt::format("Next: cmake -S {0} -B {0}/build && cmake --build {0}/build, then read {0}/README.md\n", folder.string()));
  return 0;
}

// ---- docs ----

VerbHelp docs_help() {
  return {"assay plugin docs [options]",
          "Prints a reference page (Markdown) of all components that are found.",
          "assay plugin docs > plugins.md",
          {plugins_option()},
          0,
          0};
}

int docs(const Arguments& arguments) {
  Console console(false);
  const plugin::Registry registry = open_registry(arguments);
  std::string kind;
  for (const plugin::LoadedComponent* c : registry.components()) {
    if (c->spec.kind != kind) console.out(fmt::format("# {}s\n\n", kind = c->spec.kind));
    console.out(fmt::format("## {} {}\n\n{}\n\n", c->spec.id, c->spec.version, c->spec.summary));
    if (c->spec.params.empty()) continue;
    console.out("| parameter | takes | default | meaning |\n|---|---|---|---|\n");
    for (const config::ParamSpec& p : c->spec.params)
      console.out(fmt::format("| `{}` | {} {} {} | {} | {} |\n", p.name, kind_text(p.kind), range_text(p), p.unit,
                              p.required ? "required" : "`" + config::to_text(p.fallback) + "`", p.doc));
    console.out("\n");
  }
  return 0;
}

}  // namespace

Verb plugin_list_verb() { return {"plugin list", "list the components of all plugins", &list_help, &list}; }
Verb plugin_show_verb() { return {"plugin show", "show a component and its parameters", &show_help, &show}; }
Verb plugin_check_verb() { return {"plugin check", "test a plugin against the boundary's promises", &check_help, &check}; }
Verb plugin_new_verb() { return {"plugin new", "write the folder of a new plugin", &new_help, &make_new}; }
Verb plugin_docs_verb() { return {"plugin docs", "a reference page of all components", &docs_help, &docs}; }

}  // namespace assay::cli
