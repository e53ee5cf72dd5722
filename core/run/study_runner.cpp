#include "run/study_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "config/experiment_reader.hpp"
#include "run/ledger_question.hpp"
#include "run/remote_components.hpp"
#include "search/study.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
using Status = store::TrialStatus;

bool took_its_process(Status status) { return status == Status::crashed || status == Status::timed_out || status == Status::out_of_memory; }
bool has_failed(Status status) { return status != Status::complete && status != Status::pruned; }

search::Outcome outcome_of(const store::TrialRecord& record) {
  search::Outcome outcome;
  outcome.status = record.status == Status::complete ? search::Outcome::Status::complete
                   : record.status == Status::pruned ? search::Outcome::Status::pruned
                                                     : search::Outcome::Status::failed;
  outcome.value = record.value;
  outcome.crashed = took_its_process(record.status);
  outcome.was_run = record.status != Status::not_run;
  for (std::size_t i = 0; i < record.step.size(); ++i) outcome.steps.push_back({record.step[i], record.step_value[i]});
  return outcome;
}

void put_steps(store::TrialRecord& record, const std::vector<search::Step>& steps) {
  record.step.clear();
  record.step_value.clear();
  for (const search::Step& step : steps) {
    record.step.push_back(step.step);
    record.step_value.push_back(step.value);
  }
}

void put_result(store::TrialRecord& record, TrialResult result) {
  record.status = result.status;
  record.value = result.value;
  record.error = std::move(result.error);
  record.log = std::move(result.log);
  record.time = std::move(result.time);
  record.returns = std::move(result.returns);
}

// "hidden=64, learning_rate=0.00313": last parts of the paths, numbers to three digits.
std::string short_text(const search::Values& values) {
  std::vector<std::string> parts;
  for (const auto& [path, value] : values) {
    const auto number = text::to_real(value);
    parts.push_back(path.substr(path.rfind('.') + 1) + "=" + (number ? fmt::format("{:.3g}", *number) : value));
  }
  return text::join(parts, ", ");
}

std::string name_of(std::int64_t study) { return study < 0 ? "" : fmt::format("fold {}, ", study + 1); }

// Which of several models a trial is judged by: the one that the space names, else the first.
std::string searched_model(const config::Experiment& experiment) {
  for (const config::SearchRange& range : experiment.search->space)
    if (range.path.starts_with("models.")) return range.path.substr(7, range.path.find('.', 7) - 7);
  return "";
}

config::Experiment varied(const config::Variations& variations, const search::Values& values) {
  Diagnostics diagnostics;
  std::optional<config::Experiment> made = variations.with(values, diagnostics);
  if (made) return std::move(*made);
  std::vector<std::string> reasons;
  for (const Diagnostic& one : diagnostics.items())
    if (one.severity == Severity::error) reasons.push_back(one.message);
  throw Error(Fault::failed, "taking the values of a trial", text::join(reasons, "; "));
}

class StudyRunner {
 public:
  explicit StudyRunner(const StudySetup& setup)
      : setup_(setup),
        experiment_(setup.experiment),
        variations_(setup.experiment, setup.context.registry),
        model_(searched_model(setup.experiment)) {
    const config::SearchSpec& spec = *experiment_.search;
    const plugin::LoadedComponent& sampler = setup.context.registry.component("sampler", spec.sampler.id);
    const auto maker = component_maker(experiment_.resources, setup.context.program, setup.context.cancel);
    for (const std::int64_t fold : setup.studies) {
      const SeedTree seed = SeedTree(experiment_.seed).child("search").child(static_cast<std::uint64_t>(fold + 1));
      studies_.emplace_back(fold, spec, sampler, seed, *maker);
    }
    for (store::TrialRecord& record : setup.store.trials(setup.run, store::Store::TrialDetail::steps)) {
      const auto own = std::find_if(studies_.begin(), studies_.end(), [&](const Running& one) { return one.fold == record.study; });
      const std::int64_t number = record.number;
      if (own != studies_.end()) own->stored.emplace(number, std::move(record));
    }
  }

  SearchOutcome run() {
    const bool alone = experiment_.resources.isolation == "none";
    const auto workers = static_cast<std::size_t>(std::max<std::int64_t>(1, alone ? 1 : experiment_.resources.workers));
    shares_.assign(workers, 0);
    std::vector<std::thread> pool;
    if (const search::Study& first = studies_.front().study; first.size() < first.points()) {
      outcome_.tried = first.size();
      outcome_.points = first.points();
      note(fmt::format("search.trials = {0} cuts the search short: {0} of {1} points are tried", outcome_.tried, outcome_.points));
    }
    for (std::size_t w = 1; w < workers; ++w) pool.emplace_back([this, w] { work(w); });
    work(0);
    for (std::thread& t : pool) t.join();
    note_counts();
    if (failure_) std::rethrow_exception(failure_);
    return outcome();
  }

 private:
  struct Running {
    std::int64_t fold;
    search::Study study;
    std::map<std::int64_t, store::TrialRecord> stored;  // by an earlier call of the same run
    Running(std::int64_t f, const config::SearchSpec& spec, const plugin::LoadedComponent& sampler, SeedTree seed,
            const plugin::ComponentMaker& maker)
        : fold(f), study(spec, sampler, seed, maker) {}
  };
  struct Next {
    Running* study;
    search::Trial trial;
  };

  bool is_cancelled() const { return setup_.context.cancel != nullptr && setup_.context.cancel->load(); }

  void work(std::size_t worker) {
    std::unique_lock lock(mutex_);
    for (;;) {
      try {
        if (failure_ || is_cancelled()) return;
        std::optional<Next> next = take_next();
        if (!next) {
          if (std::all_of(studies_.begin(), studies_.end(), [](const Running& one) { return one.study.is_over(); })) return;
          changed_.wait_for(lock, std::chrono::milliseconds(50));  // a signal handler cannot notify
          continue;
        }
        ++in_flight_;
        lock.unlock();
        store::TrialRecord record = run_trial(*next, worker);
        {
          const std::lock_guard storing(store_mutex_);
          setup_.store.put_trial(setup_.run, record);
        }
        lock.lock();
        --in_flight_;
        shares_[worker] = 0;
        end(*next->study, record);
      } catch (...) {
        if (!lock.owns_lock()) lock.lock();
        if (!failure_) failure_ = std::current_exception();
      }
      changed_.notify_all();
    }
  }

  // The next trial that has to be run: stored ones only have to be told. Nothing where those before it are still running, or at the end.
  std::optional<Next> take_next() {
    for (Running& one : studies_) {
      while (one.study.can_ask()) {
        std::optional<search::Trial> trial = one.study.ask();
        if (!trial) {
          note(name_of(one.fold) + one.study.stopped());
          break;
        }
        const auto stored = one.stored.find(trial->number);
        if (stored == one.stored.end()) return Next{&one, std::move(*trial)};
        if (stored->second.values != trial->values)
          throw Error(Fault::failed, "going on with the search",
                      fmt::format("{} drew other values for trial {} than before", experiment_.search->sampler.id, trial->number),
                      "A sampler's points may depend on its seed and on what it was told, and on nothing else; --again starts anew");
        end(one, stored->second);
      }
    }
    return std::nullopt;
  }

  void end(Running& one, const store::TrialRecord& record) {
    one.study.tell(record.number, outcome_of(record));
    ++(record.status == Status::complete ? outcome_.complete : record.status == Status::pruned ? outcome_.pruned : outcome_.failed);
    if (!record.configuration.empty()) outcome_.configurations.push_back(record.configuration);
    if (one.study.best() == record.number) {
      best_ = fmt::format("best {:.4g} ({}), ", record.value, short_text(record.values));
    }
    report();
  }

  store::TrialRecord run_trial(const Next& next, std::size_t worker) {
    const search::Trial& trial = next.trial;
    store::TrialRecord record;
    record.study = next.study->fold;
    record.number = trial.number;
    record.values = trial.values;
    record.value = std::nan("");
    const auto began = Clock::now();
    if (!trial.closed.empty()) {
      record.status = Status::not_run;
      record.error = trial.closed;
      note_once(name_of(record.study) + trial.closed);
      return record;
    }
    std::optional<config::Experiment> experiment = experiment_of(record, -1);
    if (!experiment) return record;
    record.configuration = configuration_hash(*experiment);
    record.file = experiment->resolved;
    std::int64_t crashes = 0;
    for (std::int64_t attempt = 0; attempt <= experiment_.resources.retries; ++attempt) {
      std::vector<search::Step> steps;
      TrialJob job{*experiment, trial.values, {}, experiment_.search->pruner.has_value(), {}};
      job.report = [&](const search::Step& step) {
        steps.push_back(step);
        const std::lock_guard lock(mutex_);
        return next.study->study.falls_behind(trial.number, steps);
      };
      job.progress = [&](double share) {
        const std::lock_guard lock(mutex_);
        shares_[worker] = share;
        report();
      };
      put_result(record, setup_.objective.evaluate(job));
      put_steps(record, steps);
      if (!has_failed(record.status)) break;
      crashes = took_its_process(record.status) ? crashes + 1 : 0;
      if (crashes == 3 && attempt < experiment_.resources.retries) {
        record.error += "; three crashes in a row: it is not tried again";
        break;
      }
    }
    if (record.status == Status::pruned)
      if (const auto stopped = experiment_of(record, record.step.back())) record.file = stopped->resolved;
    record.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    if (has_failed(record.status)) note_failure(record);
    return record;
  }

  // The trial's own experiment; nothing, with the reason in the record, where its values do not go together.
  std::optional<config::Experiment> experiment_of(store::TrialRecord& record, std::int64_t stop_at) const {
    search::Values values = record.values;
    values.emplace_back(
        "trial", fmt::format("{{study: {}, number: {}, metric: {}, {}stop_at: {}, data: {}}}", record.study, record.number,
                             experiment_.search->metric, model_.empty() ? "" : "model: " + config::quoted_if_needed(model_) + ", ", stop_at,
                             config::quoted_if_needed(setup_.data_hash)));
    try {
      return varied(variations_, values);
    } catch (const Error& e) {
      record.status = Status::failed;
      record.error = e.happened();
      return std::nullopt;
    }
  }

  void note(const std::string& line) const {
    if (setup_.context.note) setup_.context.note(line);
  }
  // Equal reasons are told once, and counted at the end.
  void note_failure(const store::TrialRecord& record) {
    const std::lock_guard lock(mutex_);
    const std::string what = fmt::format("{}: {}", to_text(record.status), record.error);
    if (++failures_[what] == 1) note(fmt::format("{}trial {} {}", name_of(record.study), record.number, what));
  }
  void note_counts() const {
    for (const auto& [what, times] : failures_)
      if (times > 1) note(fmt::format("{} trials {}", times, what));
  }
  void note_once(const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (noted_.insert(line).second) note(line);
  }

  // Under the mutex.
  void report() const {
    if (!setup_.context.progress) return;
    Progress progress;
    progress.unit = "trials";
    for (const Running& one : studies_) progress.total += one.study.size();
    progress.done = outcome_.complete + outcome_.pruned + outcome_.failed;
    double work = static_cast<double>(progress.done);
    for (const double share : shares_) work += share;
    progress.share = progress.total == 0 ? 1 : work / static_cast<double>(progress.total);
    progress.doing = fmt::format("{}{} running", best_, in_flight_);
    if (outcome_.pruned > 0) progress.doing += fmt::format(", {} pruned", outcome_.pruned);  // a line has little room
    if (outcome_.failed > 0) progress.doing += fmt::format(", {} failed", outcome_.failed);
    setup_.context.progress(progress);
  }

  SearchOutcome outcome() {
    outcome_.interrupted =
        is_cancelled() && std::any_of(studies_.begin(), studies_.end(), [](const Running& one) { return !is_done(one); });
    if (outcome_.interrupted) return std::move(outcome_);
    for (const Running& one : studies_) {
      if (const auto best = one.study.best()) {
        outcome_.choices.push_back({one.fold, *best, one.study.outcome(*best)->value, one.study.trial(*best).values});
        continue;
      }
      const std::string where = one.fold < 0 ? "the search" : fmt::format("the search of fold {}", one.fold + 1);
      const auto first = setup_.store.trial(setup_.run, one.fold, 0);
      outcome_.failures.push_back(fmt::format("{} has no complete trial; trial 0 {}: {}", where,
                                              first ? to_text(first->status) : "is missing", first ? first->error : ""));
    }
    return std::move(outcome_);
  }
  static bool is_done(const Running& one) {
    if (!one.study.is_over()) return false;
    for (std::int64_t n = 0; n < one.study.asked(); ++n)
      if (!one.study.outcome(n)) return false;
    return true;
  }

  const StudySetup& setup_;
  const config::Experiment& experiment_;
  const config::Variations variations_;
  std::string model_;
  std::deque<Running> studies_;
  std::mutex mutex_, store_mutex_;
  std::condition_variable changed_;
  std::int64_t in_flight_ = 0;
  std::vector<double> shares_;  // by worker: how much of its trial is done
  std::string best_;            // for the progress
  std::set<std::string> noted_;
  std::map<std::string, std::int64_t> failures_;  // how often each reason was met
  SearchOutcome outcome_;
  std::exception_ptr failure_;
};

}  // namespace

std::string metric_name(const std::string& metric) {
  return metric.starts_with("backtest.") ? metric : metric.substr(metric.rfind('.') + 1);
}

namespace {

Json best_json(const Choice& choice, const config::Experiment& experiment, bool of_several) {
  Json params = Json::object();
  for (const auto& [path, value] : choice.values) {
    Json parsed = Json::parse(value, nullptr, false);  // numbers, lists and truth values as such
    params[path] = parsed.is_discarded() ? Json(value) : std::move(parsed);
  }
  Json json{{"number", choice.number}, {"metric", metric_name(experiment.search->metric)}, {"value", choice.value}, {"params", params}};
  if (of_several) json["fold"] = choice.study + 1;
  return json;
}

}  // namespace

SearchOutcome run_studies(const StudySetup& setup) {
  try {
    return StudyRunner(setup).run();
  } catch (const plugin::CallFailure& e) {  // the sampler's: what a trial does is its result
    SearchOutcome outcome;
    outcome.failures.push_back("the sampler ended the search: " + e.with_log());
    return outcome;
  }
}

store::TrialRecord run_trial_alone(const StudySetup& setup) {
  const config::TrialSpec& spec = *setup.experiment.trial;
  const auto began = Clock::now();
  store::TrialRecord record;
  record.study = spec.study;
  record.number = spec.number;
  record.file = setup.experiment.resolved;
  record.configuration = configuration_hash(setup.experiment);
  std::vector<search::Step> steps;
  const auto report = [&](const search::Step& step) {
    steps.push_back(step);
    return step.step == spec.stop_at;
  };
  const search::Values none;
  put_result(record, setup.objective.evaluate({setup.experiment, none, report, spec.stop_at >= 0, {}}));
  put_steps(record, steps);
  record.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  setup.store.put_trial(setup.run, record);
  return record;
}

config::Experiment experiment_with(const config::Experiment& experiment, const search::Values& values, const plugin::Registry& registry) {
  return varied(config::Variations(experiment, registry), values);
}

config::Experiment chosen_experiment(const store::RunRecord& run, const config::Experiment& experiment, std::size_t fold,
                                     const plugin::Registry& registry) {
  if (run.summary.empty()) throw Error(Fault::usage, fmt::format("using run {}", run.id), "its search is not done");
  const Json search = Json::parse(run.summary).at("search");
  Json choice = search.at("best");
  if (search.contains("choices"))
    for (const Json& one : search.at("choices"))
      if (one.at("fold").get<std::size_t>() == fold + 1) choice = one;
  search::Values values;
  for (const auto& [path, value] : choice.at("params").items()) {
    const bool list = value.is_string() && value.get<std::string>().starts_with('[');  // of words, which JSON would want in quotes
    values.emplace_back(path, list ? value.get<std::string>() : value.dump());
  }
  return experiment_with(experiment, values, registry);
}

std::string search_json(const SearchOutcome& outcome, const config::Experiment& experiment) {
  Json json{{"trials", {{"complete", outcome.complete}, {"pruned", outcome.pruned}, {"failed", outcome.failed}}}};
  if (outcome.points > 0) json["points"] = {{"tried", outcome.tried}, {"all", outcome.points}};
  const bool several = outcome.choices.size() > 1;
  // Folds choose for themselves: the last one's choice is what one would go on with.
  if (!outcome.choices.empty()) json["best"] = best_json(outcome.choices.back(), experiment, several);
  if (several)
    for (const Choice& choice : outcome.choices) json["choices"].push_back(best_json(choice, experiment, several));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::run
