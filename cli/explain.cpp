// `assay explain RUN`: what moves a stored model's forecasts, found out on test rows that it never saw.
#include "cli/explain_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/place.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"
#include "run/explainer.hpp"

namespace assay::cli {

namespace {

VerbHelp help() {
  return {"assay explain RUN [--row N] [options]",
          "Says what moves a stored model's forecasts, on test rows that it never saw, and keeps it in the run: asked again, it is printed "
          "at once.\n"
          "Methods: permutation (what the metric loses when a feature is shuffled), shapley (contributions of the features to each "
          "forecast; exact\n"
          "for linear models, sampled for any other), gradients (integrated gradients, for networks), dependence (how the forecast follows "
          "one\n"
          "feature) and reasons (the four that push a decision most to its adverse side). Features are the columns as the file's `inputs` "
          "have\n"
          "them. Without --method: permutation, shapley and dependence, with --row: shapley and, for two classes, reasons.\n"
          "Exit codes: 0 done, 1 the command line is wrong, 2 the data are not those of the run, 3 the model failed, 75 interrupted.",
          "assay explain last --row 17",
          {{"row", "N", "one test row, as `runs show --predictions` numbers them (default: the test rows in general)", false},
           {"method", "NAME", "one of those above; several times for several", true},
           {"top", "N", "show so many features, or rows of reasons (default: 10; charts of dependence: 4)", false},
           {"horizon", "N", "of several horizons the one to explain, in rows (default: the first)", false},
           {"metric", "NAME", "what permutation looks at (default: the run's first that has a better side)", false},
           {"class", "NAME",
            "whose score is explained; of reasons the adverse one (default: the positive one, of several the one forecast)", false},
           {"rows", "N", "test rows that shapley, gradients, dependence and reasons take (default: 200)", false},
           {"background", "N", "train rows that shapley and reasons measure against (default: 100)", false},
           {"draws", "N", "shuffles of permutation (default: 10)", false},
           {"steps", "N", "steps of gradients (default: 64)", false},
           {"workers", "N", "threads (default: all of the machine); the result does not depend on it", false},
           {"again", "", "do not take what is stored", false},
           model_option(),
           fold_option(),
           repeat_option(),
           store_option(),
           plugins_option(),
           json_option()},
          1,
          1};
}

run::ExplainRequest request_of(const store::Store& store, const Arguments& arguments) {
  run::ExplainRequest request;
  request.fit = fit_choice(store, arguments);
  for (const std::string& method : arguments.values("method")) {
    const auto& known = run::explain_methods();
    if (std::find(known.begin(), known.end(), method) == known.end()) {
      const auto near = text::nearest(method, known);
      throw Error(Fault::usage, "", fmt::format("--method takes {}, not '{}'", text::join(known, ", "), method),
                  near ? fmt::format("Did you mean '{}'?", *near) : "");
    }
    if (std::find(request.methods.begin(), request.methods.end(), method) == request.methods.end()) request.methods.push_back(method);
  }
  request.row = arguments.integer("row", 0).value_or(request.row);
  request.horizon = arguments.integer("horizon", 1).value_or(request.horizon);
  request.metric = arguments.value("metric").value_or("");
  request.class_name = arguments.value("class").value_or("");
  request.rows = arguments.integer("rows", 1).value_or(request.rows);
  request.background = arguments.integer("background", 2).value_or(request.background);
  request.draws = arguments.integer("draws", 1).value_or(request.draws);
  request.steps = std::min<std::int64_t>(arguments.integer("steps", 1).value_or(request.steps), 1'000'000);
  request.threads = static_cast<unsigned>(
      std::clamp<std::int64_t>(arguments.integer("workers", 1).value_or(std::thread::hardware_concurrency()), 1, 1024));
  request.again = arguments.has("again");
  return request;
}

int run(const Arguments& arguments) {
  Console console(arguments.has("json"));
  const std::filesystem::path file = store_file(arguments.value("store"));
  store::Store store(file, store::Store::Mode::change);
  const run::ExplainRequest request = request_of(store, arguments);
  std::optional<std::size_t> top;
  if (const auto asked = arguments.integer("top", 1)) top = static_cast<std::size_t>(*asked);
  const auto plugins = registry_of(store.run(request.fit.run), arguments);
  catch_interrupts();
  Diagnostics diagnostics;
  const auto found = run::explain(store, request, run_context(*plugins, file, console), diagnostics);
  console.end_progress();
  if (!found) {
    console.show(diagnostics, nullptr);
    return diagnostics.exit_code();
  }
  console.expect(found->size());
  std::vector<std::string> warnings;
  bool first = true;
  for (const std::string& text : *found) {
    if (console.json()) {
      console.value(text);
      continue;
    }
    const Json json = Json::parse(text);
    if (first)
      console.out(fmt::format("{}, fold {}, repeat {} of run {}\n", json.at("model").get<std::string>(),
                              json.at("fold").get<std::int64_t>(), json.at("repeat").get<std::int64_t>(),
                              json.at("run").get<std::int64_t>()));
    first = false;
    console.out("\n" + explanation_text(json, top, console));
    for (const Json& warning : json.at("warnings"))
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) warnings.push_back(warning);
  }
  console.end_values();
  for (const std::string& warning : warnings) console.say("warning: " + warning);
  return 0;
}

}  // namespace

Verb explain_verb() { return {"explain", "say what moves a stored model's forecasts", &help, &run}; }

}  // namespace assay::cli
