// `assay audit FILE`: does anything in an experiment know what it could not have known?
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "audit/audit.hpp"
#include "cli/compose.hpp"
#include "cli/place.hpp"
#include "cli/session.hpp"
#include "cli/text_table.hpp"
#include "cli/verbs.hpp"

namespace assay::cli {

namespace {

using audit::Finding;
using audit::Status;

VerbHelp help() {
  return {"assay audit FILE [options]",
          "Looks for leaks: does the experiment's own steps again on data that were cut, changed or relabelled, and compares. Names what\n"
          "leaks, the first row and the amount, and what it cannot see. The store keeps what it found, where there is a store already;\n"
          "the sealed final test is not scored.\n"
          "Exit codes: 0 nothing found, 4 something found, 1 the file is wrong, 2 the data are wrong, 3 the audit could not go on.",
          "assay audit experiments/stocks/simulated.yaml --draws 500",
          {{"draws", "N", "draws of the label shuffle (default 200)", false},
           {"cuts", "N", "random times at which the data are cut, beside borders of folds (default 4)", false},
           {"models", "", "shuffle labels for the experiment's own models, 20 times at most, and not for a ridge in their place", false},
           {"full", "", "compare forecasts of models trained by steps too", false},
           store_option(),
           set_option(),
           plugins_option(),
           isa_option(),
           json_option()},
          1,
          1};
}

const char* word_of(Status status) { return status == Status::clean ? "clean" : status == Status::found ? "found" : "not run"; }

std::string place_text(const audit::Where& where) {
  std::string text = "row " + count(static_cast<double>(where.row + 1));
  if (!where.entity.empty()) text += ", " + where.entity;
  if (where.time != kMissingTime) text += ", known " + to_iso(where.time);
  return text;
}

std::string value_text(double value) { return std::isnan(value) ? "missing" : fmt::format("{:.7g}", value); }

std::string details(const std::string& test, const Finding& finding, const Console& console) {
  std::string out = "\n" + console.bold(fmt::format("{}: {}", test, finding.culprit)) + "\n";
  out += labelled("seen", finding.what);
  if (finding.first.row >= 0) out += labelled("first at", place_text(finding.first));
  if (!std::isnan(finding.before) || !std::isnan(finding.after))
    out += labelled("value", fmt::format("{}, and {} after the change", value_text(finding.before), value_text(finding.after)));
  std::string amount = fmt::format("{} value{}", count(static_cast<double>(finding.count)), finding.count == 1 ? "" : "s");
  if (!std::isnan(finding.amount)) amount += (std::isnan(finding.before) ? ", " : ", by at most ") + brief(finding.amount);
  out += labelled("amount", amount);
  if (!finding.change.empty()) out += labelled("when", finding.change);
  if (!finding.mend.empty()) out += labelled("mend", finding.mend);
  return out;
}

std::string report_text(const std::string& file, const audit::Report& report, const Console& console) {
  std::size_t findings = 0;
  for (const audit::TestResult& test : report.tests) findings += test.findings.size();
  std::string out =
      console.bold(file) + fmt::format(": {} finding{}\n\n", findings == 0 ? "no" : std::to_string(findings), findings == 1 ? "" : "s");
  for (const audit::TestResult& test : report.tests)
    out += labelled(word_of(test.status), fmt::format("{}: {}", test.test, test.looked_at));
  for (const audit::TestResult& test : report.tests)
    for (const Finding& finding : test.findings) out += details(test.test, finding, console);
  std::string notes;
  for (const audit::TestResult& test : report.tests)
    for (const std::string& note : test.notes) notes += labelled("note", test.test + ": " + note);
  if (!notes.empty()) out += "\n" + notes;
  out += "\n";
  for (const std::string& text : report.not_covered) out += labelled("not covered", text);
  return out;
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json json_of(const Finding& f) {
  return {{"culprit", f.culprit},
          {"what", f.what},
          {"count", f.count},
          {"row", f.first.row < 0 ? Json() : Json(f.first.row + 1)},
          {"entity", f.first.entity.empty() ? Json() : Json(f.first.entity)},
          {"time", f.first.time == kMissingTime ? Json() : Json(to_iso(f.first.time))},
          {"before", number_or_null(f.before)},
          {"after", number_or_null(f.after)},
          {"amount", number_or_null(f.amount)},
          {"change", f.change},
          {"mend", f.mend}};
}

std::string report_json(const std::string& file, const audit::Report& report) {
  Json json{{"file", file}, {"clean", !report.found()}, {"tests", Json::array()}, {"not_covered", report.not_covered}};
  for (const audit::TestResult& test : report.tests) {
    Json one{{"test", test.test},
             {"status", word_of(test.status)},
             {"looked_at", test.looked_at},
             {"findings", Json::array()},
             {"notes", test.notes}};
    for (const Finding& finding : test.findings) one["findings"].push_back(json_of(finding));
    json["tests"].push_back(std::move(one));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int run(const Arguments& arguments) {
  Console console(arguments.has("json"));
  audit::Options options;
  options.draws = arguments.integer("draws", 2).value_or(options.draws);
  options.random_cuts = arguments.integer("cuts", 0).value_or(options.random_cuts);
  options.full = arguments.has("full");
  options.own_models = arguments.has("models");
  catch_interrupts();
  const std::string& file = arguments.plain().front();
  Diagnostics diagnostics;
  const OpenedExperiment opened = open_experiment(file, arguments, diagnostics);
  std::optional<run::ExperimentData> data;
  if (opened.experiment) {
    run::LoadOptions loading;
    loading.cache_folder = cache_folder();
    loading.cancel = &interrupted();
    loading.progress = [&](std::uint64_t done, std::uint64_t total) {
      console.reading(done, total);
      return !interrupted().load();
    };
    data = run::prepare_data(*opened.experiment, *opened.registry, loading, diagnostics);
    console.end_progress();
  }
  if (diagnostics.has_errors() || !data) {
    console.show(diagnostics, &opened.sources);
    return diagnostics.exit_code();
  }
  options.cancel = &interrupted();
  options.progress = [&](std::int64_t done, std::int64_t steps, const std::string& doing) {
    console.progress({"steps", done, steps, static_cast<double>(done) / static_cast<double>(steps), doing});
  };
  const audit::Subject subject =
      audit::subject_of(*opened.experiment, *opened.registry, *data, "/proc/self/exe", &interrupted(), &backtest_stage());
  const audit::Report report = audit::audit(subject, options);
  console.end_progress();
  const std::string json = report_json(file, report);
  keep_look("audit", *opened.experiment, data->loaded.hash, json, arguments, console);
  if (console.json())
    console.value(json);
  else
    console.out(report_text(file, report, console));
  return report.found() ? static_cast<int>(Fault::finding) : 0;
}

}  // namespace

Verb audit_verb() { return {"audit", "look for leaks: what knows what it could not have known", &help, &run}; }

}  // namespace assay::cli
