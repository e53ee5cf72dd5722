// `assay sweep best RUN`: what the search of a stored run chose, and out of how many.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/place.hpp"
#include "cli/result_text.hpp"
#include "cli/session.hpp"
#include "cli/trials_text.hpp"
#include "cli/verbs.hpp"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

VerbHelp best_help() {
  return {"assay sweep best RUN [options]",
          "Shows the best trial of a run's search (of each fold, where folds choose for themselves) and out of how many it is the best.\n"
          "RUN is a number, a name or `last`. `assay runs show RUN --trials` lists all of them.",
          "assay sweep best last",
          {store_option(), json_option()},
          1,
          1};
}

int best(const Arguments& arguments) {
  Console console(arguments.has("json"));
  const store::Store store(store_file(arguments.value("store")), store::Store::Mode::read);
  const store::RunRecord run = store.run(store.resolve(arguments.plain()[0]));
  const Json summary = run.summary.empty() ? Json::object() : Json::parse(run.summary);
  if (!summary.contains("search")) {
    const std::size_t trials = store.trials(run.id, store::Store::TrialDetail::brief).size();
    throw Error(Fault::usage, fmt::format("showing the search of run {}", run.id),
                trials == 0 ? "it has none" : fmt::format("it is not done: {} trials have ended", trials),
                trials == 0 ? "" : fmt::format("`assay runs show {} --trials` lists them", run.id));
  }
  console.out(console.json() ? summary.at("search").dump() + "\n" : search_text(summary.at("search")) + stamps_text(run.summary));
  return 0;
}

}  // namespace

Verb sweep_best_verb() { return {"sweep best", "the best trial of a run's search", &best_help, &best}; }

}  // namespace assay::cli
