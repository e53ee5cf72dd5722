// `assay check FILE`: everything that can be checked without running.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/compose.hpp"
#include "cli/place.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"
#include "config/diagnostics_printer.hpp"
#include "config/experiment_rules.hpp"
#include "pipeline/checked_expression.hpp"
#include "run/check_folds.hpp"
#include "run/check_models.hpp"
#include "run/check_strategies.hpp"
#include "run/experiment_data.hpp"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

VerbHelp help() {
  return {
      "assay check FILE... [options]",
      "Checks experiment files whole, without running them: keys, types, ranges, plugins, then the data, features, target and split;\n"
      "models and strategies are started, so that settings that do not fit are told here.\n"
      "All mistakes are shown at once. Exit codes: 0 sound, 1 a file is wrong, 2 the data are wrong.",
      "assay check experiments/credit_risk/simulated.yaml",
      {{"no-data", "", "look at the file only, do not open the data", false}, set_option(), plugins_option(), isa_option(), json_option()},
      1,
      100};
}

std::string folds_text(const run::ExperimentData& data) {
  std::string text =
      fmt::format("  {} rows, {} inputs, {} fold{}{}\n", data.dataset.rows(), data.dataset.inputs.size(), data.folds.folds.size(),
                  data.folds.folds.size() == 1 ? "" : "s", data.folds.sealed ? " and a sealed final test" : "");
  for (std::size_t f = 0; f < data.folds.folds.size(); ++f) {
    const pipeline::Fold& fold = data.folds.folds[f];
    text +=
        fmt::format("  fold {}: {} train, {} validation, {} test rows", f + 1, fold.train.size(), fold.validation.size(), fold.test.size());
    if (fold.purged_train + fold.purged_validation > 0) text += fmt::format(", {} purged", fold.purged_train + fold.purged_validation);
    text += fold.description.empty() ? "\n" : "  (" + fold.description + ")\n";
  }
  return text;
}

std::vector<std::string> notes_of(const run::ExperimentData& data) {
  std::vector<std::string> notes;
  for (const auto* some : {&data.loaded.notes, &data.dataset.notes, &data.folds.notes})
    notes.insert(notes.end(), some->begin(), some->end());
  return notes;
}

int check_file(const std::string& file, const Arguments& arguments, Console& console) {
  Diagnostics diagnostics;
  OpenedExperiment opened = open_experiment(file, arguments, diagnostics);
  std::optional<run::ExperimentData> data;
  if (opened.experiment) config::warn_of_limits(*opened.experiment, diagnostics);
  if (!opened.experiment || arguments.has("no-data")) pipeline::check_expressions(opened.sketch, diagnostics);
  if (opened.experiment && !arguments.has("no-data")) {
    run::LoadOptions options;
    options.cache_folder = cache_folder();
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
      console.reading(done, total);
      return true;
    };
    data = run::prepare_data(*opened.experiment, *opened.registry, options, diagnostics);
    if (data) {
      run::check_folds(*opened.experiment, *data, *opened.registry, diagnostics);
      run::check_models(*opened.experiment, *data, *opened.registry, diagnostics);
      run::check_strategies(*opened.experiment, *data, *opened.registry, backtest_stage(), diagnostics);
    }
    console.end_progress();
  }
  console.show(diagnostics, &opened.sources);
  if (diagnostics.has_errors()) return diagnostics.exit_code();
  if (console.json()) {
    Json json{{"file", file}, {"name", opened.experiment->name}, {"sound", true}};
    const auto told = [&](Severity severity, const std::vector<std::string>& notes) {
      Diagnostics some;
      for (const Diagnostic& d : diagnostics.items())
        if (d.severity == severity) some.add(d);
      for (const std::string& note : notes) some.note({file}, note);
      return Json::parse(config::diagnostics_json(some));
    };
    json["warnings"] = told(Severity::warning, {});
    json["notes"] = told(Severity::note, data ? notes_of(*data) : std::vector<std::string>());
    if (data) json.update({{"rows", data->dataset.rows()}, {"inputs", data->dataset.inputs.size()}, {"folds", data->folds.folds.size()}});
    console.value(json.dump());
    return 0;
  }
  console.out(fmt::format("{}: sound\n", file));
  if (data) {
    console.out(folds_text(*data));
    for (const std::string& note : notes_of(*data)) console.out("  note: " + note + "\n");
    if (data->dataset.has_time())
      console.out("  not covered by any check: vintages and restatements, index membership, survivorship of what the data hold\n");
  }
  return 0;
}

int run(const Arguments& arguments) {
  Console console(arguments.has("json"));
  console.expect(arguments.plain().size());
  int worst = 0;
  for (const std::string& file : arguments.plain()) {
    int code = 0;
    try {
      code = check_file(file, arguments, console);
    } catch (const Error& e) {  // the other files are still checked
      console.fault(e);
      code = static_cast<int>(e.fault());
    }
    if (worst == 0 || code == 1) worst = code == 0 ? worst : code;
  }
  console.end_values();
  return worst;
}

}  // namespace

Verb check_verb() { return {"check", "check an experiment file whole, without running it", &help, &run}; }

}  // namespace assay::cli
