#include "run/run_search.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "run/ledger_question.hpp"
#include "run/remote_components.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;

// Trials that run are finished whatever is asked for: nothing in them looks at the run's cancel flag.
LoadOptions uninterrupted(const RunContext& context) {
  LoadOptions options;
  options.program = context.program;
  return options;
}

}  // namespace

RunSearch::RunSearch(const config::Experiment& experiment, const RunContext& context, const ExperimentData& data, FoldShelf& shelf,
                     store::Store& store, store::RunId run)
    : experiment_(experiment),
      context_(context),
      data_(data),
      shelf_(shelf),
      store_(store),
      run_(run),
      variants_(data, shelf, context.registry, uninterrupted(context)),
      maker_(component_maker(experiment.resources, context.program, nullptr)),
      objective_(objective_of({experiment, context, variants_, *maker_, nullptr})) {}

StudySetup RunSearch::setup() const {
  StudySetup setup{experiment_, context_, *objective_, store_, run_, data_.loaded.hash, {}};
  if (once())
    setup.studies = {-1};
  else
    for (std::size_t f = 0; f < shelf_.size(); ++f) setup.studies.push_back(static_cast<std::int64_t>(f));
  return setup;
}

void RunSearch::run() {
  shelf_.keep(once() ? shelf_.size() : 2);  // trials come back to them; folds that choose for themselves overlap at their border
  const StudySetup studies = setup();
  outcome_ = run_studies(studies);
  shelf_.keep(1);
  if (outcome_.interrupted) throw Error(Fault::interrupted, "searching", "it was interrupted");
  if (!outcome_.failures.empty()) return;
  for (const Choice& choice : outcome_.choices) {
    const config::Experiment chosen = experiment_with(experiment_, choice.values, context_.registry);
    const std::shared_ptr<const DataVariant> data = variants_.take(chosen, choice.values);
    for (std::size_t f = 0; f < shelf_.size(); ++f)
      if (choice.study < 0 || choice.study == static_cast<std::int64_t>(f)) chosen_.emplace(f, Chosen{chosen, data});
  }
}

store::TrialRecord RunSearch::run_trial() { return run_trial_alone(setup()); }

store::Question RunSearch::question() const { return once() ? sealed_question(data_) : scored_question(data_); }

void RunSearch::count(store::Ledger& ledger) const {
  ledger.add(question(), outcome_.configurations, context_.now(), context_.store_file.string() + "#" + std::to_string(run_));
}

std::string RunSearch::json(std::int64_t ledger_trials) const {
  Json json = Json::parse(search_json(outcome_, experiment_));
  const std::set<std::string> distinct(outcome_.configurations.begin(), outcome_.configurations.end());
  json["luck"] = {{"trials", distinct.size()}, {"effective", nullptr}, {"ledger", ledger_trials}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::run
