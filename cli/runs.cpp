// `assay runs list | show | compare | delete`: reads the store only.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/backtest_text.hpp"
#include "cli/fits_text.hpp"
#include "cli/forecasts_text.hpp"
#include "cli/learned_text.hpp"
#include "cli/place.hpp"
#include "cli/result_text.hpp"
#include "cli/session.hpp"
#include "cli/text_table.hpp"
#include "cli/trials_text.hpp"
#include "cli/verbs.hpp"
#include "run/differences.hpp"
#include "run/identity.hpp"
#include "run/number_json.hpp"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string when(TimeNs at) { return at == 0 ? "" : to_iso(at - at % kNsPerSecond); }

std::string headline(const store::RunRecord& run) {
  if (run.summary.empty()) return "";
  const Json json = Json::parse(run.summary);
  for (const auto& [name, metric] : json.at("metrics").items())
    if (!metric.at("value").is_null() && !metric.contains("table")) return fmt::format("{} {:.5f}", name, metric.at("value").get<double>());
  return "";
}

// ---- list ----

VerbHelp list_help() {
  return {
      "assay runs list [options]", "Lists the runs of a store, newest first.", "assay runs list", {store_option(), json_option()}, 0, 0};
}

int list(const Arguments& arguments) {
  Console console(arguments.has("json"));
  const store::Store store(store_file(arguments.value("store")), store::Store::Mode::read);
  Json json = Json::array();
  std::string text;
  const auto line = [](const auto& id, const auto& name, const char* status, const std::string& started, const std::string& took) {
    return fmt::format("{:>5}  {:<32} {:<12} {:<21} {:>9}  ", id, name, status, started, took);
  };
  for (const store::RunRecord& brief : store.runs()) {
    if (text.empty()) text = console.dim(line("run", "name", "status", "started", "took") + "first metric") + "\n";
    const store::RunRecord run = store.run(brief.id);
    const std::string seconds =
        run.finished_at == 0 ? "" : fmt::format("{:.1f} s", static_cast<double>(run.finished_at - run.started_at) / 1e9);
    const std::string stamps = brief_stamps(run.summary);
    json.push_back({{"run", run.id},
                    {"name", run.name},
                    {"status", to_text(run.status)},
                    {"started", when(run.started_at)},
                    {"quick", run.quick},
                    {"stamps", stamps}});
    text += line(run.id, run.name, to_text(run.status), when(run.started_at), seconds) + headline(run) + (run.quick ? "  (quick)" : "") +
            (stamps.empty() ? "" : "  (" + stamps + ")") + "\n";
  }
  console.out(console.json() ? json.dump() + "\n" : text.empty() ? "no runs yet\n" : text);
  return 0;
}

// ---- show ----

VerbHelp show_help() {
  return {"assay runs show RUN [options]",
          "Shows a stored run: result, folds, fits, plugins, machine. RUN is a number, a name or `last`, the one\n"
          "that `assay run` made or printed last.",
          "assay runs show last --predictions --csv > forecasts.csv",
          {store_option(),
           {"file", "", "the experiment file, resolved; with --trial: that trial's own", false},
           {"trials", "", "the trials of its search", false},
           {"trial", "N", "one of them, with its intermediate values", false},
           {"fold", "N", "with --trial: of which fold's search, from 1 (needed where there are several)", false},
           {"predictions", "", "every out-of-sample forecast", false},
           {"steps", "", "loss and validation metric by epoch", false},
           {"data", "", "what its data and inputs look like, and what `audit` and `data check` found there; JSON", false},
           {"trades", "", "the backtest's trades", false},
           {"orders", "", "the backtest's orders", false},
           {"fills", "", "the backtest's fills", false},
           {"equity", "", "the backtest's equity, cash and exposure by time", false},
           {"of", "WHICH", "of these: strategy (default), benchmark, and once revealed final_test, final_test_benchmark", false},
           {"csv", "", "with any of these: as CSV", false},
           json_option()},
          1,
          1};
}

std::string show_text(const store::Store& store, const store::RunRecord& run, const Console& console) {
  std::string text =
      fmt::format("run {}  {}  {}{}\n", run.id, console.bold(run.name), to_text(run.status), run.quick ? " (quick: no result)" : "");
  text += fmt::format("  file {}\n  started {}, finished {}, seed {}\n", run.file, when(run.started_at), when(run.finished_at), run.seed);
  text += fmt::format("  {}, build {}{}, data {}\n", run.machine, run.build.substr(0, 12),
                      run.accepted_new_build ? " (went on with a new build)" : "", run.data_hash.substr(0, 12));
  for (const store::PluginRecord& p : run.plugins)
    text += fmt::format("  plugin {} {} ({}, {})\n", p.id, p.version, p.variant, p.sha256.substr(0, 12));
  for (const store::FoldRecord& f : store.folds(run.id))
    text += fmt::format("  fold {}: {} train, {} validation, {} test rows, {} purged  {}\n", f.fold + 1, f.train_rows, f.validation_rows,
                        f.test_rows, f.purged_rows, f.description);
  const std::vector<store::UnitRecord> fits = store.units(run.id);
  text += fits_text(fits, console) + learned_text(learned_features(fits), console);
  for (const store::Store::Reveal& r : store.reveals(run.id))
    text += fmt::format("  {} was revealed {}\n{}", r.what, when(r.at), accept_text(r.summary));
  if (!run.error.empty()) text += "  error: " + text::printable(run.error) + "\n";
  if (!run.summary.empty()) text += result_text(run.summary, console);
  return text;
}

// The run's summary, what its features learned, and what its sealed span came to when it was last looked at.
std::string show_json(const store::Store& store, const store::RunRecord& run) {
  Json json = run.summary.empty() ? Json{{"run", run.id}, {"name", run.name}, {"status", to_text(run.status)}, {"error", run.error}}
                                  : Json::parse(run.summary);
  if (Json learned = learned_features(store.units(run.id)); !learned.empty()) json["learned_features"] = std::move(learned);
  if (const std::vector<store::Store::Reveal> reveals = store.reveals(run.id); !reveals.empty() && !reveals.back().summary.empty())
    json["revealed"] = Json::parse(reveals.back().summary);
  return json.dump();
}

// Trades, orders, fills or the equity curve of the run's backtest; empty where none of them was asked for.
std::string sheet_of(const store::Store& store, const store::RunRecord& run, const Arguments& arguments, const Console& console) {
  const store::RunId id = run.id;
  using Add = void (*)(const store::BacktestRecord&, Sheet&);
  Add add = nullptr;
  for (const auto& [option, function] :
       {std::pair<const char*, Add>{"trades", &add_trades}, {"orders", &add_orders}, {"fills", &add_fills}, {"equity", &add_equity}})
    if (arguments.has(option)) add = function;
  if (add == nullptr) return {};
  const std::string of = arguments.value("of").value_or("strategy");
  std::vector<store::BacktestRecord> backtests = store.backtests(id, store::Store::Detail::everything);
  std::vector<std::string> names;
  for (const store::BacktestRecord& b : backtests)
    if (names.empty() || names.back() != b.name) names.push_back(b.name);
  std::erase_if(backtests, [&](const store::BacktestRecord& b) { return b.name != of; });
  if (backtests.empty())
    throw Error(Fault::usage, fmt::format("showing the backtest of run {}", id), "it has none of " + of,
                !names.empty() ? "It has --of " + text::join(names, ", ")
                               : "Either its file has no `backtest`, or it failed, or what it traded is sealed until `assay reveal`");
  const bool plain_table = add == &add_trades && !arguments.has("csv") && !console.json();
  if (plain_table) return trades_text(backtests.front(), console) + stamps_text(run.summary);
  Sheet sheet;
  for (const store::BacktestRecord& backtest : backtests) add(backtest, sheet);
  return console.json() ? to_json(sheet) + "\n" : to_csv(sheet);
}

// The search's trials, or one of them.
std::string trials_of(const store::Store& store, const store::RunRecord& run, const Arguments& arguments, const Console& console) {
  const store::RunId id = run.id;
  const auto number = arguments.integer("trial", 0);
  if (!number) {
    const auto trials = store.trials(id, store::Store::TrialDetail::brief);
    return console.json()         ? trials_json(trials)
           : arguments.has("csv") ? trials_csv(trials)
                                  : trials_table(trials, console) + stamps_text(run.summary);
  }
  const auto fold = arguments.integer("fold", 1);
  std::vector<store::TrialRecord> found;
  for (store::TrialRecord& trial : store.trials(id, store::Store::TrialDetail::brief))
    if (trial.number == *number && (!fold || trial.study == *fold - 1)) found.push_back(std::move(trial));
  if (found.size() != 1)
    throw Error(Fault::usage, fmt::format("showing trial {} of run {}", *number, id),
                found.empty() ? "there is no such trial" : fmt::format("{} folds have one", found.size()),
                found.empty() ? "`assay runs show RUN --trials` lists them" : "Add --fold N");
  const store::TrialRecord trial = *store.trial(id, found[0].study, *number);
  if (arguments.has("file") && !console.json()) return trial_file(trial);
  return console.json() ? trial_json(trial) : trial_text(trial);
}

// One view at a time, and no option that does not count for it.
void check_view(const Arguments& arguments) {
  const auto wrong = [](const std::string& what, const std::string& mend) { throw Error(Fault::usage, "showing a run", what, mend); };
  constexpr const char* kSheets[] = {"trades", "orders", "fills", "equity"};
  const bool of_trial_file = arguments.has("trial") && arguments.has("file");
  std::vector<std::string> views;
  for (const char* view : {"file", "trials", "trial", "predictions", "steps", "data", "trades", "orders", "fills", "equity"})
    if (arguments.has(view) && !(of_trial_file && view == std::string_view("file"))) views.push_back(std::string("--") + view);
  if (views.size() > 1) wrong(text::join(views, " and ") + " are shown one at a time", "Call it once for each");
  const bool table = !views.empty() && views[0] != "--file" && views[0] != "--trial" && views[0] != "--data";
  if (arguments.has("csv") && !table)
    wrong("--csv says how a table is shown, and none was asked for",
          "Add --trials, --predictions, --steps, --trades, --orders, --fills or --equity");
  if (arguments.has("csv") && arguments.has("json")) wrong("--csv and --json are two ways to show a table", "Leave one of them out");
  if (arguments.has("fold") && !arguments.has("trial"))
    wrong("--fold says whose --trial is shown, and none was asked for", "Add --trial N");
  const bool sheet = std::any_of(std::begin(kSheets), std::end(kSheets), [&](const char* name) { return arguments.has(name); });
  if (arguments.has("of") && !sheet)
    wrong("--of says whose trades are shown, and none were asked for", "Add --trades, --orders, --fills or --equity");
}

// A key for each kind of look at the run's question.
std::string looks_json(const store::Store& store, const store::RunRecord& run) {
  Json json{{"run", run.id}};
  for (const store::LookRecord& look : store.looks(run::question_of(run.resolved, run.data_hash)))
    json[look.kind] = {{"at", when(look.at)}, {"look", Json::parse(look.json)}};
  return json.dump();
}

int show(const Arguments& arguments) {
  check_view(arguments);
  Console console(arguments.has("json"));
  const store::Store store(store_file(arguments.value("store")), store::Store::Mode::read);
  const store::RunRecord run = store.run(store.resolve(arguments.plain()[0]));
  if (arguments.has("trials") || arguments.has("trial"))
    console.out(trials_of(store, run, arguments, console));
  else if (arguments.has("file"))
    console.out(console.json() ? Json{{"run", run.id}, {"file", run.resolved}}.dump() + "\n" : run.resolved);
  else if (arguments.has("data"))
    console.out(looks_json(store, run) + "\n");
  else if (arguments.has("predictions"))
    console.out(console.json() ? predictions_json(store, run) + "\n" : predictions_text(store, run, arguments.has("csv")));
  else if (const std::string sheet = sheet_of(store, run, arguments, console); !sheet.empty())
    console.out(sheet);
  else if (arguments.has("steps"))
    console.out(console.json() ? steps_json(store, run.id) + "\n" : steps_text(store, run.id, arguments.has("csv")));
  else if (console.json())
    console.out(show_json(store, run) + "\n");
  else
    console.out(show_text(store, run, console));
  return 0;
}

// ---- compare ----

VerbHelp compare_help() {
  return {"assay runs compare RUN RUN... [options]",
          "Puts the metrics of runs side by side, and says what was not the same around them (build, plugins, data, CPU).",
          "assay runs compare 3 4",
          {store_option(), json_option()},
          2,
          20};
}

std::string value_text(const store::MetricRecord& m) {
  return std::isnan(m.low) ? fmt::format("{:.5f}", m.value) : fmt::format("{:.5f} [{:.5f}, {:.5f}]", m.value, m.low, m.high);
}

// How much of its test rows a run could forecast, where that is stored: values on other rows are no like for like.
std::optional<std::pair<std::int64_t, double>> scored_rows(const store::RunRecord& run) {
  const Json summary = run.summary.empty() ? Json::object() : Json::parse(run.summary);
  if (!summary.contains("test_rows") || !summary.contains("coverage") || summary.at("coverage").is_null()) return std::nullopt;
  return std::pair{summary.at("test_rows").get<std::int64_t>(), summary.at("coverage").get<double>()};
}

// The cells of a metric that is a table (the four counts of a confusion), by name; nothing where it is one number.
Json table_of(const Json& summary, const std::string& model, const std::string& metric) {
  const std::string baseline = "baseline:";
  const Json* metrics = nullptr;
  const auto find = [](const Json* in, const std::string& key) -> const Json* {
    if (in == nullptr || !in->is_object()) return nullptr;
    const auto at = in->find(key);
    return at == in->end() ? nullptr : &*at;
  };
  if (model.starts_with(baseline))
    metrics = find(find(&summary, "baselines"), model.substr(baseline.size()));
  else if (summary.contains("models"))
    metrics = find(find(find(&summary, "models"), model), "metrics");
  else
    metrics = find(&summary, "metrics");
  const Json* table = find(find(metrics, metric), "table");
  return table == nullptr ? Json() : *table;
}

// The metrics of runs side by side. What is a table has a line for each of its cells.
class SideBySide {
 public:
  SideBySide(const store::Store& store, const std::vector<store::RunRecord>& runs) {
    for (const store::RunRecord& run : runs) {
      auto& values = values_.emplace_back();
      const Json summary = run.summary.empty() ? Json::object() : Json::parse(run.summary);
      for (const store::MetricRecord& m : store.metrics(run.id)) {
        if (m.fold >= 0 || m.path >= 0) continue;
        const Json cells = table_of(summary, m.model, m.name);
        if (cells.is_null()) add(values, {m.model, m.name}, {m.value, std::isnan(m.value) ? "n/a" : value_text(m)});
        for (const auto& [cell, value] : cells.items())
          add(values, {m.model, m.name + "." + cell},
              {value.is_null() ? std::nan("") : value.get<double>(), value.is_null() ? "n/a" : count(value.get<double>())});
      }
    }
  }

  void put(std::vector<Row>& rows, Json& json) const {
    for (const auto& key : order_) {
      rows.push_back({key.first + " " + key.second});
      Json line{{"model", key.first}, {"metric", key.second}, {"values", Json::array()}};
      for (const auto& of_run : values_) {
        const auto found = of_run.find(key);
        rows.back().push_back(found == of_run.end() ? "n/a" : found->second.text);
        line["values"].push_back(found == of_run.end() ? Json() : run::number_json(found->second.value));
      }
      json.push_back(std::move(line));
    }
  }

 private:
  using Key = std::pair<std::string, std::string>;  // model, metric
  struct Value {
    double value;
    std::string text;
  };
  void add(std::map<Key, Value>& to, const Key& key, Value value) {
    if (std::find(order_.begin(), order_.end(), key) == order_.end()) order_.push_back(key);
    to.emplace(key, std::move(value));
  }

  std::vector<Key> order_;
  std::vector<std::map<Key, Value>> values_;
};

int compare(const Arguments& arguments) {
  Console console(arguments.has("json"));
  const store::Store store(store_file(arguments.value("store")), store::Store::Mode::read);
  std::vector<store::RunRecord> runs;
  for (const std::string& name : arguments.plain()) runs.push_back(store.run(store.resolve(name)));
  Json json{{"runs", Json::array()}, {"metrics", Json::array()}, {"circumstances", Json::array()}};
  std::vector<Row> rows{{""}};
  for (const store::RunRecord& run : runs) {
    rows[0].push_back(fmt::format("{} ({})", run.name, run.id));
    json["runs"].push_back({{"run", run.id}, {"name", run.name}});
  }
  SideBySide(store, runs).put(rows, json["metrics"]);
  std::string text = table(rows, 1, 1, console);
  for (const store::RunRecord& run : runs)
    if (const std::string stamps = brief_stamps(run.summary); !stamps.empty()) text += fmt::format("stamped in {}: {}\n", run.id, stamps);
  for (std::size_t i = 1; i < runs.size(); ++i) {
    const auto first = scored_rows(runs[0]), other = scored_rows(runs[i]);
    if (first && other && first != other) {
      const std::string line = fmt::format("scored rows: {:.2f} % of {} against {:.2f} % of {}; their values are not like for like",
                                           100 * first->second, first->first, 100 * other->second, other->first);
      text += fmt::format("not the same in {} and {}: {}\n", runs[0].id, runs[i].id, line);
      json["circumstances"].push_back(line);
    }
    for (const std::string& line : run::circumstances(runs[0], runs[i])) {
      text += fmt::format("not the same in {} and {}: {}\n", runs[0].id, runs[i].id, line);
      json["circumstances"].push_back(line);
    }
  }
  console.out(console.json() ? json.dump() + "\n" : text);
  return 0;
}

// ---- delete ----

VerbHelp delete_help() {
  return {"assay runs delete RUN... [options]",
          "Deletes runs from the store. The trial ledger keeps counting them.",
          "assay runs delete 3",
          {store_option(), json_option()},
          1,
          1000};
}

int remove(const Arguments& arguments) {
  Console console(arguments.has("json"));
  store::Store store(store_file(arguments.value("store")), store::Store::Mode::change);
  Json json{{"deleted", Json::array()}};
  for (const std::string& name : arguments.plain()) {
    const store::RunId id = store.resolve(name);
    const auto lock = store::RunLock::acquire(store.file(), id);
    if (!lock) throw Error(Fault::usage, fmt::format("deleting run {}", id), "a process is working on it", "Stop that one first");
    store.delete_run(id);
    json["deleted"].push_back(id);
    if (!console.json()) console.out(fmt::format("run {} is deleted\n", id));
  }
  if (console.json()) console.value(json.dump());
  return 0;
}

}  // namespace

Verb runs_list_verb() { return {"runs list", "list the stored runs", &list_help, &list}; }
Verb runs_show_verb() { return {"runs show", "show a stored run, its file or its forecasts", &show_help, &show}; }
Verb runs_compare_verb() { return {"runs compare", "put runs side by side", &compare_help, &compare}; }
Verb runs_delete_verb() { return {"runs delete", "delete runs from the store", &delete_help, &remove}; }

}  // namespace assay::cli
