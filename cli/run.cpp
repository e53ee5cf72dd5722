// `assay run FILE...`: runs experiments, or prints what is stored of identical finished ones.
#include "run/runner.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/place.hpp"
#include "cli/result_text.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

VerbHelp help() {
  return {"assay run FILE... [options]",
          "Runs an experiment file: loads data, trains and evaluates on each fold, compares with baselines and stores everything.\n"
          "A run that was killed or interrupted goes on with the same command; a finished identical run prints its stored result.\n"
          "Exit codes: 0 done, 1 the file is wrong, 2 the data are wrong, 3 the run failed, 5 `accept` not met, 75 interrupted.",
          "assay run experiments/credit_risk/simulated.yaml --set models.network.hidden=[128,64]",
          {set_option(),
           {"workers", "N", "how many fits run at once (default: resources.workers of the file)", false},
           store_option(),
           plugins_option(),
           {"isolation", "HOW", "process (a worker process for each fit), thread or none", false},
           isa_option(),
           {"quick", "", "2 folds, 2 epochs, 20,000 rows: tries the machinery, no result", false},
           {"again", "", "run even where the store has the result", false},
           {"accept-new-build", "", "go on with a run that another build of assay began", false},
           json_option()},
          1,
          100};
}

int run_file(const std::string& file, const Arguments& arguments, Console& console) {
  Diagnostics diagnostics;
  OpenedExperiment opened = open_experiment(file, arguments, diagnostics);
  if (!opened.experiment) {
    console.show(diagnostics, &opened.sources);
    return diagnostics.exit_code();
  }
  override_resources(*opened.experiment, arguments, diagnostics);
  run::RunRequest request;
  request.original = opened.original;
  request.file = std::filesystem::absolute(file).lexically_normal().string();
  request.again = arguments.has("again");
  request.quick = arguments.has("quick");
  request.accept_new_build = arguments.has("accept-new-build");
  const std::filesystem::path store = store_file(arguments.value("store"));
  run::RunContext context = run_context(*opened.registry, store, console);
  context.warned = [&](const Diagnostics& warnings) { console.show(warnings, &opened.sources); };
  std::optional<store::RunId> began;
  context.began = [&](store::RunId id) { began = id; };
  std::optional<run::RunOutcome> outcome;
  try {
    outcome = run::run_experiment(*opened.experiment, request, context, diagnostics);
  } catch (const Error& e) {
    console.end_progress();
    if (e.fault() == Fault::interrupted) {
      console.say(request.again ? "interrupted: the same command without --again goes on where it stopped"
                                : "interrupted: the same command goes on where it stopped");
      if (console.json())
        console.value(Json{{"run", began ? Json(*began) : Json()}, {"name", opened.experiment->name}, {"status", "interrupted"}}.dump());
      return static_cast<int>(Fault::interrupted);
    }
    throw;
  }
  console.end_progress();
  if (!outcome) {
    console.show(diagnostics, &opened.sources);
    return diagnostics.exit_code();
  }
  if (console.json()) console.value(outcome->summary);
  if (!outcome->evaluated) {
    console.say(fmt::format("assay: run {} failed: {}", outcome->id, Json::parse(outcome->summary).at("error").get<std::string>()));
    console.say(fmt::format("`assay runs show {}` has the log", outcome->id));
  } else if (!console.json()) {
    console.out(fmt::format("{}{}\n", console.bold(opened.experiment->name),
                            outcome->from_store ? " (stored result; --again runs it again)"
                            : outcome->failed   ? " (failed in part)"
                                                : ""));
    console.out(result_text(outcome->summary, console, Warnings::told_already));
    console.out(fmt::format("  run {} in {}: `assay runs show {}`\n", outcome->id, store.string(), outcome->id));
  }
  return outcome->failed ? static_cast<int>(Fault::failed) : outcome->accepted ? 0 : static_cast<int>(Fault::not_accepted);
}

int run(const Arguments& arguments) {
  Console console(arguments.has("json"));
  catch_interrupts();
  console.expect(arguments.plain().size());
  int worst = 0;
  for (const std::string& file : arguments.plain()) {
    int code = 0;
    try {
      code = run_file(file, arguments, console);
    } catch (const Error& e) {  // the other files are still run
      console.fault(e);
      code = static_cast<int>(e.fault());
    }
    if (worst == 0 || code == static_cast<int>(Fault::interrupted)) worst = code;
    if (worst == static_cast<int>(Fault::interrupted)) break;
  }
  console.end_values();
  return worst;
}

}  // namespace

Verb run_verb() { return {"run", "run an experiment file and store the result", &help, &run}; }

}  // namespace assay::cli
