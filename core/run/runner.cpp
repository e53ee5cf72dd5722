#include "run/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "run/backtest_run.hpp"
#include "run/data_look.hpp"
#include "run/fold_shelf.hpp"
#include "run/identity.hpp"
#include "run/ledger_question.hpp"
#include "run/remote_components.hpp"
#include "run/run_records.hpp"
#include "run/run_search.hpp"
#include "run/selected_inputs.hpp"
#include "run/stamps.hpp"
#include "run/summary.hpp"
#include "run/unit_pool.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kQuickRows = 20'000;
constexpr std::size_t kQuickFolds = 2;

class Runner {
 public:
  Runner(const config::Experiment& experiment, const RunRequest& request, const RunContext& context, ExperimentData& data,
         const Diagnostics& diagnostics)
      : experiment_(experiment),
        request_(request),
        context_(context),
        data_(data),
        diagnostics_(diagnostics),
        store_(context.store_file, store::Store::Mode::write),
        shelf_(experiment, data, context.registry, context.program, context.cancel),
        maker_(component_maker(experiment.resources, context.program, context.cancel)),
        baseline_names_(config::result_names(experiment.evaluate.baselines)) {}

  RunOutcome run() {
    const std::vector<store::PluginRecord> plugins = plugins_in_use(experiment_, context_.registry);
    const std::string identity = run_identity(experiment_.resolved, data_.loaded.hash, build_id(), plugins, request_.quick);
    if (!request_.again)
      if (const auto stored = stored_result(identity)) return *stored;
    open_run(identity, plugins);
    if (context_.began) context_.began(id_);
    if (experiment_.search || experiment_.trial) search_ = std::make_unique<RunSearch>(experiment_, context_, data_, shelf_, store_, id_);
    if (experiment_.trial) return finish_trial(search_->run_trial());
    if (experiment_.search) {
      recorded([&] { search(); });
      if (const auto& failures = search_->outcome().failures; !failures.empty()) {
        store_.finish_run(id_, store::RunStatus::failed, context_.now(), "", failures.front(), {});
        return failed_outcome(id_, experiment_.name, failures);
      }
    }
    recorded([&] { UnitPool(open(), *maker_, baseline_names_).run(); });
    if (!request_.quick)
      store_.put_look(question_of(experiment_.resolved, data_.loaded.hash),
                      {"data", context_.now(), data_look(data_.dataset, data_.folds)});
    return finish();
  }

 private:
  void note(const std::string& line) const {
    if (context_.note) context_.note(line);
  }

  std::optional<RunOutcome> stored_result(const std::string& identity) {
    const auto id = store_.newest_with_identity(identity);
    if (!id) return std::nullopt;
    const store::RunRecord run = store_.run(*id);
    if (run.status != store::RunStatus::complete) return std::nullopt;
    store_.note_asked(*id);
    RunOutcome outcome;
    outcome.id = *id;
    outcome.from_store = true;
    outcome.summary = run.summary;
    const Json summary = Json::parse(run.summary);
    for (const Json& criterion : summary.at("accept"))
      if (!criterion.at("met").get<bool>()) outcome.accepted = false;
    return outcome;
  }

  // Goes on with an unfinished run of the same identity, or begins a new one.
  void open_run(const std::string& identity, const std::vector<store::PluginRecord>& plugins) {
    std::optional<store::RunId> unfinished;
    if (!request_.again) {
      unfinished = store_.newest_with_identity(identity);
      if (!unfinished) {
        const auto other = store_.unfinished_like(experiment_.resolved, data_.loaded.hash);
        if (other && request_.accept_new_build) unfinished = other;
        if (other && !request_.accept_new_build)
          note(fmt::format("run {} of this file was begun by another build and is left as it is; --accept-new-build goes on with it",
                           *other));
      }
    }
    if (unfinished) {
      id_ = *unfinished;
      take_lock();
      const bool new_build = store_.run(id_).identity != identity;
      store_.reopen_run(id_, identity, build_id(), plugins, new_build);
      store_.put_folds(id_, fold_records(shelf_));  // a kill may have come between the run's record and its folds
      const std::size_t trials = experiment_.search ? store_.trials(id_, store::Store::TrialDetail::brief).size() : 0;
      note(fmt::format("going on with run {}: {}{} fits are done", id_, trials > 0 ? fmt::format("{} trials and ", trials) : "",
                       store_.finished_units(id_).size()));
      return;
    }
    id_ = store_.create_run(new_record(experiment_, request_, context_, data_.loaded, identity, plugins));
    take_lock();
    store_.put_folds(id_, fold_records(shelf_));
  }

  void take_lock() {
    auto lock = store::RunLock::acquire(context_.store_file, id_);
    if (!lock)
      throw Error(Fault::failed, fmt::format("going on with run {}", id_), "another process is working on it",
                  "Wait for that one, or start a second run with --again");
    lock_.emplace(std::move(*lock));
  }

  // What was tried counts in the ledger even where the search goes on another day.
  void search() {
    std::exception_ptr failure;
    try {
      search_->run();
    } catch (...) {
      failure = std::current_exception();
    }
    if (!request_.quick) {
      store::Ledger ledger(context_.ledger_file);
      search_->count(ledger);
    }
    if (failure) std::rethrow_exception(failure);
  }

  // Does it, and keeps in the store what ended it.
  void recorded(const std::function<void()>& work) {
    try {
      work();
    } catch (const std::exception& e) {
      const bool interrupted = context_.cancel != nullptr && context_.cancel->load();
      store_.finish_run(id_, interrupted ? store::RunStatus::interrupted : store::RunStatus::failed, context_.now(), "",
                        interrupted ? "interrupted" : e.what(), {});
      throw;
    }
  }

  OpenRun open() { return {experiment_, context_, data_, shelf_, store_, id_, search_.get()}; }

  // A model's fits whose test rows are scored: [repeat][fold].
  std::vector<std::vector<store::UnitKey>> scored_fits(const std::string& key_name, std::int64_t repeats) const {
    std::vector<std::vector<store::UnitKey>> keys(static_cast<std::size_t>(repeats));
    for (std::int64_t r = 0; r < repeats; ++r)
      for (std::size_t f = 0; f < shelf_.size(); ++f)
        if (!shelf_.is_sealed(f) && (!search_ || search_->is_fitted(f)))
          keys[static_cast<std::size_t>(r)].push_back({key_name, static_cast<std::int64_t>(f), r});
    return keys;
  }

  // Forecasts of a model in all scored folds; nothing, with the reason, where one of its fits failed.
  std::optional<train::ForecastsByHorizon> forecasts(const std::string& key_name, const std::string& name, bool baseline,
                                                     std::int64_t repeats, const std::map<store::UnitKey, store::UnitRecord>& units,
                                                     std::string& reason) const {
    train::ForecastsByHorizon out = no_forecasts(name, baseline, data_.dataset, static_cast<std::size_t>(repeats));
    for (const std::vector<store::UnitKey>& keys : scored_fits(key_name, repeats)) {
      for (const store::UnitKey& key : keys) {
        const store::UnitRecord& unit = units.at(key);
        if (unit.status != store::UnitStatus::complete) {
          reason = fmt::format("{}, fold {}: {}", name, key.fold + 1, unit.error);
          return std::nullopt;
        }
        add_fold(out, static_cast<std::size_t>(key.repeat),
                 part_forecasts(store_.predictions(id_, key), "test", unit.extra, data_.dataset, rows_by_source_));
      }
    }
    for (train::ModelForecasts& one : out)
      if (!data_.folds.paths.empty()) one.paths = train::path_forecasts(one.repeats, data_.folds.paths);
    return out;
  }

  RunOutcome finish() {
    rows_by_source_ = frame_rows_by_source(data_.dataset.frame);
    std::map<store::UnitKey, store::UnitRecord> units;
    for (store::UnitRecord& unit : store_.units(id_)) units.emplace(unit.key, std::move(unit));
    if (experiment_.search && experiment_.search->once) return finish_sealed(units);
    SummaryInput input{experiment_, data_.dataset, context_.registry, *maker_, {}, {}};
    input.threads = static_cast<std::uint32_t>(workers_of(experiment_.resources));
    if (request_.quick) input.replicates = 200;
    input.true_probability = data_.loaded.true_probability;
    input.train_rows = data_.folds.folds.front().train;
    std::vector<std::string> failures;
    std::string reason;
    for (const auto& [name, model] : experiment_.models) {
      const std::int64_t repeats = repeats_of(experiment_, context_.registry, model);
      if (auto f = forecasts(name, name, false, repeats, units, reason))
        input.models.push_back(std::move(*f));
      else
        failures.push_back(reason);
      if (!experiment_.train.network_pruning || input.models.empty() || input.models.back().front().model != name) continue;
      PruningCurve curve =
          pruning_curve(name, scored_fits(name, repeats), {store_, id_, units, data_.dataset, rows_by_source_, data_.folds.paths});
      if (!curve.levels.empty()) input.pruning.push_back(std::move(curve));
    }
    for (const std::string& name : baseline_names_) {
      if (auto f = forecasts(kBaselinePrefix + name, name, true, 1, units, reason))
        input.baselines.push_back(std::move(*f));
      else
        failures.push_back(reason);
    }
    if (input.models.empty() && !experiment_.is_rule()) {
      store_.finish_run(id_, store::RunStatus::failed, context_.now(), "", failures.front(), {});
      return failed_outcome(id_, experiment_.name, failures);
    }
    try {
      if (experiment_.backtest) input.backtest = backtest(input.models, failures);
      return store_summary(summarise(input), failures);
    } catch (const std::exception& e) {
      store_.finish_run(id_, store::RunStatus::failed, context_.now(), "", e.what(), {});
      throw;
    }
  }

  // One choice for all folds: only the sealed rows are out of sample, and `assay reveal` alone shows what they score (rules.md 11, 12).
  RunOutcome finish_sealed(const std::map<store::UnitKey, store::UnitRecord>& units) {
    std::vector<std::string> failures;
    for (const auto& [key, unit] : units)
      if (unit.status != store::UnitStatus::complete)
        failures.push_back(fmt::format("{}, fold {}: {}", key.model, key.fold + 1, unit.error));
    Summary nothing_shown;
    nothing_shown.json = Json{{"metrics", Json::object()}, {"baselines", Json::object()}, {"accept", Json::array()}}.dump();
    return store_summary(nothing_shown, failures);
  }

  // A trial's own file: what it came to, on validation rows.
  RunOutcome finish_trial(const store::TrialRecord& trial) {
    Json json{{"study", trial.study},
              {"number", trial.number},
              {"status", to_text(trial.status)},
              {"metric", metric_name(experiment_.trial->metric)}};
    json["value"] = std::isfinite(trial.value) ? Json(trial.value) : Json();
    json["steps"] = Json::array();
    for (std::size_t i = 0; i < trial.step.size(); ++i) json["steps"].push_back({trial.step[i], trial.step_value[i]});
    Summary summary;
    summary.json = Json{{"trial", json}, {"metrics", Json::object()}, {"baselines", Json::object()}, {"accept", Json::array()}}.dump();
    if (!experiment_.trial->data.empty() && experiment_.trial->data != data_.loaded.hash)
      note("the data are not those that this trial was run on: its value may differ");
    std::vector<std::string> failures;
    if (trial.status != store::TrialStatus::complete && trial.status != store::TrialStatus::pruned) failures.push_back(trial.error);
    return store_summary(summary, failures);
  }

  // The strategies of the test spans: each fold's own where a search chose for each. One that reads features which were searched too
  // gets its fold's own as further columns of the frame.
  std::vector<StrategyLeg> strategy_legs(data::Frame& frame) const {
    if (!search_) return {{{}, experiment_.backtest->strategy}};
    std::vector<StrategyLeg> legs;
    std::vector<data::Column> more;
    for (std::size_t f = 0; f < data_.folds.folds.size(); ++f) {
      config::Component strategy = search_->experiment(f).backtest->strategy;
      const pipeline::Dataset& own = search_->data(f).data->dataset;
      for (const config::ParamSpec& param : context_.registry.component("strategy", strategy.id).spec.params) {
        if (param.kind != config::ParamKind::column || &own == &data_.dataset) continue;
        const auto value =
            std::find_if(strategy.params.begin(), strategy.params.end(), [&](const auto& p) { return p.first == param.name; });
        if (value == strategy.params.end() || value->second.is_none()) continue;
        const std::string name = fmt::format("{} of fold {}", value->second.as_text(), f + 1);
        if (std::none_of(more.begin(), more.end(), [&](const data::Column& c) { return c.name() == name; }))
          more.push_back(own.frame.at(value->second.as_text()).renamed(name));
        value->second = config::Value{name};
      }
      legs.push_back({span_of(data_.folds.folds[f].test, data_.dataset).first, std::move(strategy)});
    }
    if (!more.empty()) frame = frame.with(std::move(more));
    std::sort(legs.begin(), legs.end(), [](const StrategyLeg& a, const StrategyLeg& b) { return a.from < b.from; });
    return legs;
  }

  // What the backtest found, as JSON; nothing, with the reason among the failures, where the strategy did not end well.
  std::string backtest(const std::vector<train::ForecastsByHorizon>& models, std::vector<std::string>& failures) {
    data::Frame frame = data_.dataset.frame;
    std::vector<StrategyLeg> legs = strategy_legs(frame);
    BacktestRequest request{experiment_, data_.dataset, context_, frame, std::move(legs), test_span(data_.folds, data_.dataset), {}};
    if (!experiment_.is_rule()) {
      const std::string& name = experiment_.backtest->model.empty() ? experiment_.models.front().first : experiment_.backtest->model;
      const auto traded =
          std::find_if(models.begin(), models.end(), [&](const train::ForecastsByHorizon& m) { return m.front().model == name; });
      if (traded == models.end()) {
        failures.push_back(fmt::format("backtest: {} has no forecasts to trade on", name));
        return {};
      }
      request.forecasts = by_frame_row(*traded, data_.dataset);
    }
    try {
      BacktestResults results = run_backtests(request);
      for (const store::BacktestRecord& record : results.records) store_.put_backtest(id_, record);
      return results.json;
    } catch (const plugin::CallFailure& e) {
      failures.push_back("backtest: " + e.with_log());
      return {};
    }
  }

  RunOutcome store_summary(const Summary& summary, std::vector<std::string> failures) {
    failures.insert(failures.end(), summary.failures.begin(), summary.failures.end());
    RunOutcome outcome;
    outcome.id = id_;
    outcome.accepted = summary.accepted;
    outcome.failed = !failures.empty();
    const store::RunStatus status = outcome.failed ? store::RunStatus::failed : store::RunStatus::complete;
    Json json{{"run", id_}, {"name", experiment_.name}, {"status", to_text(status)}};
    if (request_.quick) json["quick"] = true;
    json["stamps"] = stamps_json(experiment_);
    json.update(Json::parse(summary.json));
    json["folds"] = shelf_.size();
    if (!data_.folds.paths.empty()) json["paths"] = Json::parse(paths_json(data_));
    if (data_.folds.sealed && !experiment_.trial) json["sealed"] = sealed_text();  // a trial opens nothing
    json["ledger"] = record_trial();
    if (experiment_.search) json["search"] = Json::parse(search_->json(json["ledger"].at("trials").get<std::int64_t>()));
    std::vector<std::string> notes;
    for (const Diagnostic& d : diagnostics_.items())
      if (d.severity == Severity::warning) notes.push_back("warning: " + d.message);
    notes.insert(notes.end(), data_.loaded.notes.begin(), data_.loaded.notes.end());
    notes.insert(notes.end(), data_.dataset.notes.begin(), data_.dataset.notes.end());
    notes.insert(notes.end(), data_.folds.notes.begin(), data_.folds.notes.end());
    json["notes"] = notes;
    if (const std::vector<std::string> selections = first_model_selections(); !selections.empty())
      json["selection"] = Json::parse(selection_summary(selections));
    json["failures"] = failures;
    outcome.summary = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    store_.finish_run(id_, status, context_.now(), outcome.summary, outcome.failed ? failures.front() : "", summary.metrics);
    return outcome;
  }

  // Models of one run may take missing values or not, and so learn from other rows: the first one speaks for all.
  std::vector<std::string> first_model_selections() const {
    std::vector<std::string> selections;
    if (experiment_.select.empty() || experiment_.models.empty()) return selections;
    for (const store::UnitRecord& unit : store_.units(id_)) {
      if (unit.key.model != experiment_.models.front().first || unit.key.repeat != 0 || unit.extra.empty()) continue;
      const Json extra = Json::parse(unit.extra);
      if (extra.contains("selection") && !extra.at("selection").is_null()) selections.push_back(extra.at("selection").dump());
    }
    return selections;
  }

  std::string sealed_text() const {
    const bool judged_there = experiment_.search && experiment_.search->once && !experiment_.accept.empty();
    return fmt::format("{} rows are sealed: `assay reveal {}` scores them{}, and each look is recorded", data_.folds.sealed->test.size(),
                       id_, judged_there ? " and judges `accept`" : "");
  }

  // Counts this configuration; how many distinct ones this question has seen, and how often its final test was looked at.
  Json record_trial() const {
    const store::Question question = search_ ? search_->question() : scored_question(data_);
    store::Ledger ledger(context_.ledger_file);
    if (!request_.quick && !experiment_.search)  // a search's trials are counted
      ledger.add(question, {configuration_hash(experiment_)}, context_.now(), context_.store_file.string() + "#" + std::to_string(id_));
    Json json{{"trials", std::max<std::int64_t>(1, ledger.trials(question)) + experiment_.prior_trials},
              {"prior_trials", experiment_.prior_trials}};
    if (data_.folds.sealed) json["reveals"] = ledger.reveals(sealed_question(data_));
    return json;
  }

  const config::Experiment& experiment_;
  const RunRequest& request_;
  const RunContext& context_;
  ExperimentData& data_;
  const Diagnostics& diagnostics_;
  store::Store store_;
  FoldShelf shelf_;
  std::unique_ptr<RunSearch> search_;
  std::unique_ptr<const plugin::ComponentMaker> maker_;
  std::vector<std::string> baseline_names_;
  store::RunId id_ = 0;
  std::optional<store::RunLock> lock_;
  std::vector<std::int64_t> rows_by_source_;
};

}  // namespace

config::Experiment quick_version(config::Experiment experiment) {
  experiment.train.epochs = std::min<std::int64_t>(experiment.train.epochs, 2);
  if (auto& pruning = experiment.train.network_pruning) pruning->fine_tune_epochs = std::min<std::int64_t>(pruning->fine_tune_epochs, 2);
  experiment.train.repeats = 1;
  if (experiment.search) experiment.search->trials = std::min<std::int64_t>(experiment.search->trials, 3);
  return experiment;
}

std::optional<RunOutcome> run_experiment(const config::Experiment& experiment, const RunRequest& request, const RunContext& context,
                                         Diagnostics& diagnostics) {
  const config::Experiment what = request.quick ? quick_version(experiment) : experiment;
  LoadOptions options;
  options.cache_folder = context.cache_folder;
  options.progress = context.reading;
  options.max_rows = request.quick ? kQuickRows : 0;
  options.program = context.program;
  options.cancel = context.cancel;
  std::optional<LoadedData> loaded = load_data(what, options, diagnostics);
  if (!loaded) return std::nullopt;
  std::optional<ExperimentData> data;
  try {
    data = prepare_data(what, context.registry, *loaded, options, diagnostics);
  } catch (const plugin::CallFailure& e) {
    return record_failed_feature(what, request, context, *loaded, e.with_log());
  }
  loaded.reset();
  if (!data) return std::nullopt;
  if (request.quick && data->folds.folds.size() > kQuickFolds) {
    data->folds.folds.resize(kQuickFolds);
    data->folds.paths = {};  // two folds make no path
  }
  if (context.warned && !diagnostics.items().empty()) context.warned(diagnostics);
  return Runner(what, request, context, *data, diagnostics).run();
}

}  // namespace assay::run
