// `assay data check FILE`: what is wrong with the data, by column and by row.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "cli/place.hpp"
#include "cli/quality_text.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"
#include "data/several_files.hpp"
#include "data/time_format.hpp"
#include "quality/check_data.hpp"
#include "quality/guess_roles.hpp"
#include "run/csv_files.hpp"
#include "run/experiment_data.hpp"

namespace assay::cli {

namespace {

VerbHelp help() {
  return {"assay data check FILE... [options]",
          "Looks for what is wrong with data before anything is learned from them: gaps, duplicates, stale runs, splits and bad ticks,\n"
          "prices outside their range, missing cells, columns that say nothing or too much, reused tickers, placeholders. FILE is an\n"
          "experiment file, or a CSV file whose time and entity columns are then guessed. What is found\n"
          "in an experiment's data is kept beside its runs (`assay runs show RUN --data`). Exit codes: 0 a run would not stop here,\n"
          "1 a file or the command line is wrong, 2 the data would stop a run.",
          "assay data check prices.csv.gz --entity symbol",
          {{"time", "COLUMN", "the time column of a CSV file; 'none' for a plain table", false},
           {"format", "FORMAT", "how its times are written: %d.%m.%Y, epoch_ms", false},
           {"entity", "COLUMN", "the column that names the series; 'none' for one series", false},
           {"target", "COLUMN", "what is to be forecast: other columns are tested for leaks; 'none': no tests", false},
           set_option(),
           plugins_option(),
           isa_option(),
           store_option(),
           json_option()},
          1,
          100};
}

bool is_experiment(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension().string();
  return extension == ".yaml" || extension == ".yml";
}

quality::Finding fault(std::string test, std::string what, std::string mend) {
  quality::Finding finding{.severity = Severity::error, .test = std::move(test)};
  finding.count = 1;
  finding.what = std::move(what);
  finding.mend = std::move(mend);
  return finding;
}

// Reads as far as it goes: what the reader refuses becomes findings, then the sound lines are read without it; nothing where not even that
// can be read.
std::optional<data::CsvTable> read_as_far(data::CsvOptions& options, std::vector<quality::Finding>& findings,
                                          const data::ReadProgress& progress) {
  for (;;) {
    try {
      return data::read_csv(options, progress);
    } catch (const data::ReadError& e) {
      bool lines = false, times = false;
      for (const data::ReadProblem& problem : e.problems()) {
        const bool time = problem.key.starts_with("time");
        lines |= problem.key.empty();
        times |= time;
        const std::string place = problem.line == 0 ? "" : fmt::format("line {}: ", problem.line);
        findings.push_back(
            fault("unreadable", place + problem.message, problem.mend.empty() && lines ? "data.malformed: skip" : problem.mend));
        if (time) findings.back().columns = {options.time_column};
        if (problem.row > 0) findings.back().examples = {{problem.row - 1, "", kMissingTime, ""}};
      }
      if (lines && !options.skip_malformed)
        options.skip_malformed = true;
      else if (times && !options.time_column.empty())
        options.time_column.clear();
      else
        return std::nullopt;
    }
  }
}

std::function<std::int64_t(std::int64_t)> lines_of(data::CsvTable table) {
  table.columns.clear();
  return [lines = std::move(table)](std::int64_t row) { return lines.line_of(row); };
}

// --time and its kin: a name that the file must have; nothing where the option is absent. 'none' gives an empty name.
std::optional<std::string> named_column(const Arguments& arguments, const std::string& option, const std::vector<data::Column>& columns) {
  auto name = arguments.value(option);
  if (!name) return std::nullopt;
  std::vector<std::string> names;
  for (const data::Column& column : columns) names.push_back(column.name());
  if (std::find(names.begin(), names.end(), *name) != names.end()) return name;
  if (*name == "none") return "";
  const auto near = text::nearest(*name, names);
  throw Error(Fault::usage, "", fmt::format("--{}: the file has no column '{}'", option, *name),
              near ? fmt::format("Did you mean '{}'?", *near) : "Its columns: " + text::join(names, ", "));
}

const data::Column& column_named(const std::vector<data::Column>& columns, const std::string& name) {
  return *std::find_if(columns.begin(), columns.end(), [&](const data::Column& c) { return c.name() == name; });
}

class CsvCheck {
 public:
  CsvCheck(const Arguments& arguments, Console& console) : arguments_(arguments), console_(console) {}

  CheckedFile check(const std::string& file) {
    checked_.file = file;
    options_.path = file;
    const auto progress = [this](std::uint64_t done, std::uint64_t total) {
      console_.reading(done, total);
      return true;
    };
    auto table = read_as_far(options_, found_, progress);
    if (table) {
      find_time(table->columns);
      if (!options_.time_column.empty()) table = read_as_far(options_, found_, progress);
    }
    if (table) {
      roles_.time = options_.time_column;  // emptied where it cannot be read
      find_others(table->columns);
      checked_.report = quality::check(table->columns, roles_, now());
      if (roles_.target.empty()) checked_.report.not_covered.push_back("leaks of the target: none is named (--target COLUMN)");
      for (const std::string& note : table->notes) checked_.report.facts.push_back("reading: " + note);
      checked_.line_of = lines_of(std::move(*table));
    }
    console_.end_progress();
    checked_.report.findings.insert(checked_.report.findings.begin(), found_.begin(), found_.end());
    quality::sort_worst_first(checked_.report.findings);
    return std::move(checked_);
  }

 private:
  void find_time(const std::vector<data::Column>& columns) {
    const auto format = arguments_.value("format");
    if (std::string why; format && !data::TimeFormat::compile(*format, why))
      throw Error(Fault::usage, "", fmt::format("--format: '{}' is no time format: {}", *format, why),
                  "For example --format \"%Y-%m-%d %H:%M\"");
    if (const auto named = named_column(arguments_, "time", columns)) {
      if (named->empty()) return;
      const auto guessed = format ? format : quality::guess_format(column_named(columns, *named));
      if (!guessed)
        throw Error(Fault::usage, "", fmt::format("--time: no known form of times fits the column '{}'", *named),
                    "Say which with --format, for example --format %d.%m.%Y");
      take_time(*named, *guessed, "as asked", format ? nullptr : &columns);
    } else if (const auto guess = quality::guess_time(columns)) {
      take_time(guess->column, format.value_or(guess->format), "guessed " + guess->reason + "; --time says otherwise",
                format ? nullptr : &columns);
    }
  }
  // The time of day may stand in a column of its own, where nobody said how times are written.
  void take_time(const std::string& column, std::string format, const std::string& why, const std::vector<data::Column>* others) {
    options_.time_column = column;
    if (const auto clock = others ? quality::guess_clock(*others, column) : std::nullopt) {
      options_.clock_column = clock->column;
      if (!format.empty()) format += " " + clock->format;  // ISO 8601 has it
      checked_.roles.push_back({"clock", clock->column, "guessed: " + clock->reason});
    }
    options_.time_format = format;
    checked_.roles.push_back({"time", column, fmt::format("{}; format {}", why, format.empty() ? "ISO 8601" : format)});
  }

  void find_others(const std::vector<data::Column>& columns) {
    if (const auto named = named_column(arguments_, "entity", columns)) {
      roles_.entity = *named;
      if (!named->empty()) checked_.roles.push_back({"entity", *named, "as asked"});
    } else if (const auto guess = quality::guess_entity(columns, roles_.time)) {
      roles_.entity = guess->column;
      checked_.roles.push_back({"entity", guess->column, "guessed: " + guess->reason + "; --entity says otherwise"});
    }
    if (const auto named = named_column(arguments_, "target", columns)) {
      roles_.target = *named;
      if (!named->empty()) checked_.roles.push_back({"target", *named, "as asked"});
    } else if (const auto guess = quality::guess_target(columns)) {
      roles_.target = guess->column;
      checked_.roles.push_back({"target", guess->column, "guessed " + guess->reason + "; --target says otherwise"});
    }
  }

  const Arguments& arguments_;
  Console& console_;
  data::CsvOptions options_;
  quality::Roles roles_;
  std::vector<quality::Finding> found_;
  CheckedFile checked_;
};

quality::Roles roles_of(const config::Experiment& experiment) {
  quality::Roles roles;
  if (experiment.data.time) roles.time = experiment.data.time->column;
  roles.entity = experiment.data.entity;
  roles.target = experiment.target.column;
  roles.categorical = experiment.data.categorical;
  if (const auto& backtest = experiment.backtest)
    roles.open = backtest->open, roles.high = backtest->high, roles.low = backtest->low, roles.close = backtest->close,
    roles.volume = backtest->volume;
  return roles;
}

// What the experiment computes: its features against its target, and whatever would stop a run that no test has named. The hash of the
// data, or nothing where no run can be.
std::optional<std::string> check_computed(const OpenedExperiment& opened, quality::Report& report) {
  Diagnostics diagnostics;
  const auto data = run::prepare_data(*opened.experiment, *opened.registry, {}, diagnostics);
  if (!data && report.of(Severity::error) == 0)
    for (const Diagnostic& d : diagnostics.items())
      if (d.severity == Severity::error) report.findings.push_back(fault("run", d.message, (d.key.empty() ? "" : d.key + ": ") + d.mend));
  if (!data) {
    report.not_covered.push_back("features against the target: the data stop before them");
    return std::nullopt;
  }
  const pipeline::Dataset& dataset = data->dataset;
  std::vector<data::Column> inputs;
  for (const std::string& name : dataset.inputs) {
    const bool asked = dataset.frame.at(name).name() != opened.experiment->target.column &&
                       std::none_of(report.findings.begin(), report.findings.end(), [&](const quality::Finding& f) {
                         return f.test == "leak_suspect" && f.columns == std::vector<std::string>{name};
                       });
    if (asked) inputs.push_back(dataset.frame.at(name));
  }
  const auto classes = static_cast<std::int64_t>(dataset.classes.size());
  for (quality::Finding& finding : quality::leaks(inputs, dataset.target_column, dataset.y, classes))
    report.findings.push_back(std::move(finding));
  return data->loaded.hash;
}

// A joined table by itself. Its findings' columns are named NAME.column; gives the names that its columns have in the experiment's table.
std::vector<std::string> check_join(const config::JoinSpec& join, quality::Report& report, const data::ReadProgress& progress) {
  data::CsvOptions options = run::csv_options(join);
  options.time_column = join.column;
  options.times.clear();  // dates of publication are text here
  std::vector<quality::Finding> found;
  const auto table = read_as_far(options, found, progress);
  std::vector<std::string> names;
  if (table) {
    quality::Roles roles;
    roles.time = options.time_column;
    roles.entity = join.entity;
    roles.categorical = join.categorical;
    quality::Report own = quality::check(table->columns, roles, now());
    found.insert(found.end(), own.findings.begin(), own.findings.end());
    for (const std::string& fact : own.facts) report.facts.push_back(join.name + ": " + fact);
    for (const std::string& note : table->notes) report.facts.push_back(join.name + ": reading: " + note);
    for (const data::Column& column : table->columns) names.push_back(join.prefix + column.name());
  }
  for (quality::Finding& finding : found) {
    for (std::string& column : finding.columns) column = join.name + "." + column;
    if (finding.columns.empty()) finding.what = join.name + ": " + finding.what;
    report.findings.push_back(std::move(finding));
  }
  return names;
}

// The table that is put together of others: as features see it, without the joined columns, which repeat values on purpose; then each
// joined table by itself.
void check_put_together(const config::Experiment& experiment, const quality::Roles& roles, CheckedFile& checked,
                        const data::ReadProgress& progress) {
  run::LoadOptions options;
  options.progress = progress;
  Diagnostics diagnostics;
  const auto loaded = run::load_data(experiment, options, diagnostics);
  quality::Report joined;
  std::vector<std::string> names;
  for (const config::JoinSpec& join : experiment.data.tables.joins)
    for (std::string& name : check_join(join, joined, progress)) names.push_back(std::move(name));
  if (loaded) {
    const auto is_own = [&](const std::string& name) { return name == roles.time || name == roles.entity || name == roles.target; };
    std::erase_if(names, is_own);
    checked.report = quality::check(loaded->frame.without(names).columns(), roles, now());
    for (const std::string& note : loaded->notes) checked.report.facts.push_back("reading: " + note);
  }
  for (const Diagnostic& d : diagnostics.items())
    if (d.severity != Severity::note) {
      checked.report.findings.push_back(fault("table", d.message, d.key.empty() ? d.mend : d.key + ": " + d.mend));
      checked.report.findings.back().severity = d.severity;
    }
  for (quality::Finding& finding : joined.findings) checked.report.findings.push_back(std::move(finding));
  for (std::string& fact : joined.facts) checked.report.facts.push_back(std::move(fact));
}

CheckedFile check_source(const OpenedExperiment& opened, const std::string& file, Console& console) {
  const config::Experiment& experiment = *opened.experiment;
  CheckedFile checked;
  checked.file = file;
  quality::Roles roles = roles_of(experiment);
  std::vector<quality::Finding> found;
  std::vector<std::string> notes;
  std::optional<std::vector<data::Column>> columns;
  const data::ReadProgress progress = [&console](std::uint64_t done, std::uint64_t total) {
    console.reading(done, total);
    return true;
  };
  if (experiment.data.tables.any() || data::is_pattern(experiment.data.path)) {
    check_put_together(experiment, roles, checked, progress);
    console.end_progress();
    checked.roles.push_back({"data", experiment.data.path_as_written, "put together: rows are counted in the table's order, from 1"});
  } else if (experiment.data.source == "csv") {
    data::CsvOptions options = run::csv_options(experiment);
    options.time_column = roles.time;
    options.entity_column = roles.entity;
    const auto table = read_as_far(options, found, progress);
    console.end_progress();
    roles.time = options.time_column;
    if (table) {
      columns = table->columns;
      notes = table->notes;
      checked.line_of = lines_of(*table);
    }
    checked.roles.push_back({"data", experiment.data.path_as_written, ""});
  } else {
    Diagnostics diagnostics;
    if (const auto loaded = run::load_data(experiment, {}, diagnostics)) {
      columns = loaded->frame.columns();
      const auto first =
          std::find_if(columns->begin(), columns->end(), [](const data::Column& c) { return c.type() == data::ColumnType::timestamp; });
      if (loaded->frame.has_time() && first != columns->end()) roles.time = first->name();
      if (loaded->frame.is_panel()) roles.entity = "symbol";
    }
    checked.roles.push_back({"data", experiment.data.source, "simulated"});
  }
  for (const auto& [role, column] : {std::pair{"time", roles.time}, std::pair{"entity", roles.entity}, std::pair{"target", roles.target}})
    if (!column.empty()) checked.roles.push_back({role, column, ""});
  if (columns) checked.report = quality::check(*columns, roles, now());
  for (const std::string& note : notes) checked.report.facts.push_back("reading: " + note);
  checked.report.findings.insert(checked.report.findings.begin(), found.begin(), found.end());
  return checked;
}

// Prints, and gives the exit code.
int check_experiment(const std::string& file, const Arguments& arguments, Console& console) {
  for (const char* option : {"time", "format", "entity", "target"})
    if (arguments.has(option))
      throw Error(Fault::usage, "", fmt::format("--{} is for CSV files; {} says it itself", option, file), "Leave it away, or use --set");
  Diagnostics diagnostics;
  const OpenedExperiment opened = open_experiment(file, arguments, diagnostics);
  if (!opened.experiment || diagnostics.has_errors()) {
    console.show(diagnostics, &opened.sources);
    return diagnostics.has_errors() ? diagnostics.exit_code() : 1;
  }
  CheckedFile checked = check_source(opened, file, console);
  const auto hash = check_computed(opened, checked.report);
  quality::sort_worst_first(checked.report.findings);
  if (hash) keep_look("check", *opened.experiment, *hash, report_json(checked), arguments, console);
  console.json() ? console.value(report_json(checked)) : console.out(report_text(checked, console));
  return checked.report.of(Severity::error) > 0 ? 2 : 0;
}

int check_csv(const std::string& file, const Arguments& arguments, Console& console) {
  if (arguments.has("store"))
    throw Error(Fault::usage, "", fmt::format("--store is for experiment files: what is found in {} belongs to no run", file),
                "Leave it away");
  const CheckedFile checked = CsvCheck(arguments, console).check(file);
  console.json() ? console.value(report_json(checked)) : console.out(report_text(checked, console));
  return checked.report.of(Severity::error) > 0 ? 2 : 0;
}

int run(const Arguments& arguments) {
  Console console(arguments.has("json"));
  console.expect(arguments.plain().size());
  int worst = 0;
  for (const std::string& file : arguments.plain()) {
    int code = 0;
    try {
      code = is_experiment(file) ? check_experiment(file, arguments, console) : check_csv(file, arguments, console);
    } catch (const Error& e) {  // the other files are still looked at
      console.end_progress();
      console.fault(e);
      code = static_cast<int>(e.fault());
    }
    if (worst == 0 || code == 1) worst = code == 0 ? worst : code;
  }
  console.end_values();
  return worst;
}

}  // namespace

Verb data_check_verb() { return {"data check", "look for what is wrong with data", &help, &run}; }

}  // namespace assay::cli
