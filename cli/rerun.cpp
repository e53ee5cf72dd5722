// `assay rerun RUN` and `assay reveal RUN`: run it again and say whether the bits are the same; open the sealed final test.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/place.hpp"
#include "cli/result_text.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"
#include "run/differences.hpp"
#include "run/revisit.hpp"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

VerbHelp rerun_help() {
  return {"assay rerun RUN [options]",
          "Runs a stored experiment again, from the resolved file in the store, and compares every forecast, metric, trade\n"
          "and trial bit by bit.\n"
          "RUN is a number, a name or `last`. Exit codes: 0 the same bits, 3 something differs (it says what).",
          "assay rerun last",
          {store_option(),
           {"workers", "N", "how many fits run at once; changes no bit", false},
           {"isolation", "HOW", "process, thread or none; changes no bit", false},
           plugins_option(),
           isa_option(),
           json_option()},
          1,
          1};
}

VerbHelp reveal_help() {
  return {
      "assay reveal RUN [options]",
      "Scores the sealed final test of a run and shows it. Each reveal is recorded: a final test that was looked at and then tuned on is\n"
      "no final test any more. Exit code 5: a criterion of `accept` is not met there.",
      "assay reveal last",
      {store_option(), plugins_option(), json_option()},
      1,
      1};
}

int rerun(const Arguments& arguments) {
  Console console(arguments.has("json"));
  catch_interrupts();
  const std::filesystem::path file = store_file(arguments.value("store"));
  store::Store store(file, store::Store::Mode::read);
  const store::RunRecord before = store.run(store.resolve(arguments.plain()[0]));
  const auto plugins = registry_of(before, arguments);
  const plugin::Registry& registry = *plugins;
  config::Experiment experiment = run::experiment_of(before, registry);
  run::RunRequest request;
  request.original = before.original;
  request.file = before.file;
  request.again = true;
  request.quick = before.quick;
  Diagnostics diagnostics;
  override_resources(experiment, arguments, diagnostics);
  const auto outcome = run::run_experiment(experiment, request, run_context(registry, file, console), diagnostics);
  console.end_progress();
  console.show(diagnostics, nullptr);
  if (!outcome) return diagnostics.exit_code();
  if (!outcome->evaluated)
    throw Error(Fault::failed, fmt::format("running run {} again", before.id), Json::parse(outcome->summary).at("error").get<std::string>(),
                fmt::format("`assay runs show {}` has the log", outcome->id));
  const store::RunRecord after = store.run(outcome->id);
  const auto found = run::differences(store, before.id, after.id);
  const auto around = run::circumstances(before, after);
  if (console.json()) {
    Json json{
        {"run", before.id}, {"rerun", after.id}, {"same_bits", found.empty()}, {"differences", Json::array()}, {"circumstances", around}};
    for (const run::Difference& d : found) json["differences"].push_back(d.what);
    console.out(json.dump() + "\n");
  } else if (found.empty()) {
    console.out(fmt::format("run {} again as run {}: the same bits\n", before.id, after.id));
  } else {
    console.out(fmt::format("run {} again as run {}: {} things differ\n", before.id, after.id, found.size()));
    for (const run::Difference& d : found) console.out("  " + d.what + "\n");
    console.out(around.empty() ? "  build, plugins, data and CPU are the same: a model here is not deterministic\n"
                               : "  what was not the same:\n");
    for (const std::string& line : around) console.out("    " + line + "\n");
  }
  return found.empty() ? 0 : static_cast<int>(Fault::failed);
}

int reveal(const Arguments& arguments) {
  Console console(arguments.has("json"));
  const std::filesystem::path file = store_file(arguments.value("store"));
  store::Store store(file, store::Store::Mode::change);
  const store::RunRecord run = store.run(store.resolve(arguments.plain()[0]));
  const auto plugins = registry_of(run, arguments);
  Diagnostics diagnostics;
  const auto revealed = run::reveal(store, run.id, run_context(*plugins, file, console), diagnostics);
  console.end_progress();
  console.show(diagnostics, nullptr);
  if (!revealed) return diagnostics.exit_code();
  const int code = revealed->accepted ? 0 : static_cast<int>(Fault::not_accepted);
  if (console.json()) {
    console.out(revealed->summary + "\n");
    return code;
  }
  const Json json = Json::parse(revealed->summary);
  console.out(fmt::format("{} final test (looked at {} time{})\n", console.bold(json.at("name").get<std::string>()),
                          json.at("reveals").get<int>(), json.at("reveals") == 1 ? "" : "s"));
  console.out(result_text(revealed->summary, console));
  return code;
}

}  // namespace

Verb rerun_verb() { return {"rerun", "run a stored experiment again and compare the bits", &rerun_help, &rerun}; }
Verb reveal_verb() { return {"reveal", "score the sealed final test of a run, on record", &reveal_help, &reveal}; }

}  // namespace assay::cli
