// `assay schema`: the experiment file as a JSON Schema for editors, or as a reference page.
#include "config/json_schema.hpp"

#include "base/error.hpp"
#include "cli/place.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace assay::cli {

namespace {

VerbHelp help() {
  return {
      "assay schema [options]",
      "Prints the JSON Schema (2020-12) of experiment files, the parameters of all plugins that are found included. Editors complete and\n"
      "check files with it: name it in a first line `# yaml-language-server: $schema=assay.schema.json`.",
      "assay schema > assay.schema.json",
      {{"markdown", "", "the reference page of the file's own keys instead", false},
       {"json", "", "a schema is JSON: this changes nothing", false},
       plugins_option()},
      0,
      0};
}

int run(const Arguments& arguments) {
  Console console(false);
  if (arguments.has("markdown")) {
    if (arguments.has("json")) throw Error(Fault::usage, "", "--markdown gives no JSON", "Leave --json or --markdown out");
    console.out(config::reference_markdown(nullptr));
    return 0;
  }
  const plugin::Registry registry(search_path({}, arguments.value("plugins"), {}));
  console.out(config::json_schema(registry) + "\n");
  return 0;
}

}  // namespace

Verb schema_verb() { return {"schema", "the JSON Schema of experiment files, for editors", &help, &run}; }

}  // namespace assay::cli
