#include "config/search_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/text.hpp"
#include "config/experiment_reader.hpp"
#include "config/experiment_rules.hpp"
#include "config/map_reading.hpp"

namespace assay::config {

namespace {

Place place_of(const Checked& checked, const std::filesystem::path& file, const std::string& path) {
  const Place* at = checked.place(path);
  return at != nullptr ? *at : Place{file.string(), 0, 0, 1};
}

// Keys whose values may be searched. The data, the split and how results are judged are the same for all trials.
bool may_be_searched(const std::vector<std::string>& path) {
  static constexpr std::array<std::string_view, 7> kRoots{"model", "models", "features", "inputs", "prepare", "select", "train"};
  if (path.size() < 2) return path[0] == "inputs";
  if (path[0] == "backtest") return path.size() > 2 && path[1] == "strategy";
  return std::find(kRoots.begin(), kRoots.end(), path[0]) != kRoots.end();
}

// The declaration of what stands at a path, followed through the values of the file; nothing where there is no such key, and `known` then
// holds the names that could stand where the wrong one does.
std::optional<KeySpec> key_at(const std::vector<std::string>& path, const Value& root, const JoinedCatalogue& catalogue,
                              std::vector<std::string>* known = nullptr) {
  KeySpec key = experiment_keys();
  const Value* value = &root;
  for (const std::string& name : path) {
    if (known != nullptr) known->clear();
    if (key.shape == Shape::either) {
      const bool component = value != nullptr && std::holds_alternative<ComponentValue>(value->data);
      const bool map = value != nullptr && std::holds_alternative<Map>(value->data);
      const auto fits = [&](const KeySpec& one) { return component ? one.shape == Shape::component : map && one.shape == Shape::object; };
      const auto found = std::find_if(key.inside.begin(), key.inside.end(), fits);
      if (found == key.inside.end()) return std::nullopt;
      key = KeySpec(*found);
    }
    std::vector<KeySpec> keys = key.inside;
    const Value* next = value == nullptr ? nullptr : find(map_of(value), name);
    if (key.shape == Shape::component) {
      const auto* component = value == nullptr ? nullptr : std::get_if<ComponentValue>(&value->data);
      const ComponentSpec* spec = component == nullptr ? nullptr : catalogue.find(key.component_kind, component->id);
      if (spec == nullptr) return std::nullopt;
      for (const ParamSpec& param : spec->params) keys.push_back(key_of(param));
    } else if (key.shape == Shape::dictionary || key.shape == Shape::list) {
      KeySpec item = key.inside.front();
      item.name = name;
      keys = {item};
      const auto index = text::to_integer(name);
      const auto* list = value == nullptr ? nullptr : std::get_if<List>(&value->data);
      if (key.shape == Shape::list)
        next = list != nullptr && index && *index >= 0 && static_cast<std::size_t>(*index) < list->size()
                   ? &(*list)[static_cast<std::size_t>(*index)]
                   : nullptr;
      if (next == nullptr) {  // a name that the file does not have
        if (known != nullptr && value != nullptr)
          for (const auto& [own, item_value] : map_of(value)) known->push_back(own);
        return std::nullopt;
      }
    } else if (key.shape != Shape::object) {
      return std::nullopt;
    }
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const KeySpec& one) { return one.name == name; });
    if (found == keys.end()) {
      if (known != nullptr)
        for (const KeySpec& one : keys) known->push_back(one.name);
      return std::nullopt;
    }
    key = KeySpec(*found);
    value = next;
  }
  return key;
}

std::vector<std::string> segments_of(const std::string& path) {
  std::vector<std::string> out;
  for (const std::string_view part : text::split(path, '.')) out.emplace_back(part);
  return out;
}

// A choice as YAML that reads back as what the user wrote.
std::string choice_text(const Value& choice) {
  const auto scalar = [](const std::string& text) {
    return std::holds_alternative<std::string>(resolve_scalar(text, false).data) ? quoted_if_needed(text) : text;
  };
  if (!std::holds_alternative<List>(choice.data)) return scalar(choice.as_text());
  std::string text;
  for (const Value& item : choice.as_list()) text += (text.empty() ? "" : ", ") + scalar(item.as_text());
  return "[" + text + "]";
}

SearchRange read_range(const std::string& path, const Value& value, bool whole) {
  SearchRange range;
  range.path = path;
  const Map& map = map_of(&value);
  List choices;
  take(map, "choices", choices);
  for (const Value& choice : choices) range.choices.push_back(choice_text(choice));
  if (!range.choices.empty()) {
    range.kind = SearchRange::Kind::choice;
    range.high = static_cast<double>(range.choices.size() - 1);
    range.step = 1;
    return range;
  }
  range.kind = whole ? SearchRange::Kind::integer : SearchRange::Kind::real;
  range.low = range.high = std::nan("");
  take(map, "min", range.low);
  take(map, "max", range.high);
  range.step = whole ? 1 : 0;
  take(map, "step", range.step);
  range.log = text_at(map, "scale") == "log";
  return range;
}

class SearchRules {
 public:
  SearchRules(const Experiment& e, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics)
      : e_(e), search_(*e.search), checked_(checked), catalogue_(catalogue), diagnostics_(diagnostics) {}

  void all() {
    objective();
    scope();
    if (search_.space.empty()) error("search.space", "'search.space' names nothing to search", "write `model.hidden: {min: 8, max: 128}`");
    for (const SearchRange& range : search_.space) this->range(range);
    if (e_.is_rule() && search_.pruner)
      error("search.pruner", "a backtest has no steps at which it could be ended early", "remove the pruner");
  }

 private:
  void objective() {
    const Map& objective = map_of(find(map_of(find(map_of(&checked_.value), "search")), "objective"));
    const std::string rows = text_at(objective, "rows");
    if (rows == "test")
      error("search.objective.rows", "a test row may choose nothing: what is chosen by test rows looks better on them than it is",
            "write rows: validation; test rows are scored once, with the choice made");
    if (rows == "train") error("search.objective.rows", "train rows favour whatever remembers them best", "write rows: validation");
    if (checked_.is_bad("search.objective")) return;
    const bool has_goal = find(objective, "goal") != nullptr && !find(objective, "goal")->is_none();
    if (search_.metric.starts_with("backtest.")) {
      if (!e_.backtest && !checked_.is_bad("backtest"))
        error("search.objective.metric", "'" + search_.metric + "' needs a backtest, and the file has none", "add `backtest:`");
      const std::string figure = search_.metric.substr(9);
      std::vector<std::string> names;
      for (const BacktestFigure& one : backtest_figures()) names.emplace_back(one.name);
      if (std::find(names.begin(), names.end(), figure) == names.end()) {
        const auto near = figure.size() > 60 ? std::nullopt : text::nearest(figure, names);
        error("search.objective.metric", "a backtest has no figure '" + figure.substr(0, 60) + "'",
              near ? "did you mean 'backtest." + *near + "'?" : "known: " + text::join(names, ", "));
      } else if (backtest_direction(figure) == 0 && !has_goal) {
        error("search.objective.metric", "'" + search_.metric + "' has no better side of its own", "add goal: maximize or goal: minimize");
      }
      return;
    }
    if (e_.is_rule()) {
      if (!checked_.is_bad("model") && !checked_.is_bad("models"))
        error("search.objective.metric", "without a model only figures of the backtest can be sought", "write metric: backtest.sharpe");
      return;
    }
    if (!catalogue_.knows("metric")) return;
    const ComponentSpec* metric = catalogue_.find("metric", search_.metric);
    if (metric == nullptr) {
      std::vector<std::string> known;
      for (const ComponentSpec* one : catalogue_.all("metric")) known.push_back(one->id.substr(one->id.rfind('.') + 1));
      const auto near = search_.metric.size() > 60 ? std::nullopt : text::nearest(search_.metric, known);
      error("search.objective.metric", "there is no metric '" + search_.metric.substr(0, 60) + "'",
            near ? "did you mean '" + *near + "'?" : "known: " + text::join(known, ", "));
    } else if (metric->tasks != 0 && (metric->tasks & (1u << static_cast<unsigned>(e_.target.task))) == 0) {
      error("search.objective.metric", "the metric " + as_written(*metric) + " is not for " + to_text(e_.target.task),
            "name another metric");
    } else if (metric->direction == 0 && !has_goal) {
      error("search.objective.metric", "the metric " + as_written(*metric) + " has no better side of its own",
            "add goal: maximize or goal: minimize");
    }
  }

  void scope() {
    if (checked_.is_bad("split")) return;
    if (checked_.place("split") == nullptr) {
      error("search", "a search chooses on validation rows, and without `split` there are none",
            "add `split: {use: walk_forward, train: 3y, validation: 1y, test: 1y}`");
    } else if (!has_validation(e_.split)) {
      error("search", "a search chooses on validation rows, and the split leaves none", "add `validation:` to `split`");
    } else if (search_.once && !e_.split.final_test) {
      error("search.scope",
            "one choice for all folds has seen rows that are test rows of other folds: no test result of theirs would be honest",
            "add split.final_test, a span after all folds that alone is reported, or write scope: per_fold");
    }
  }

  void range(const SearchRange& range) {
    const std::string at = "search.space." + range.path;
    const std::vector<std::string> path = segments_of(range.path);
    if (checked_.is_bad(at)) return;
    if (!may_be_searched(path))
      return error(at, "'" + range.path + "' cannot be searched: data, split and judgement are the same for all trials",
                   "values of model, models, features, inputs, prepare, select, train and backtest.strategy can");
    std::vector<std::string> known;
    const auto key = key_at(path, checked_.value, catalogue_, &known);
    if (!key) {
      const auto near = range.path.size() > 200 ? std::nullopt : text::nearest(path.back(), known);
      if (catalogue_.knows("model"))
        error(at, "'" + range.path + "' is no value of this file",
              near            ? "did you mean '" + *near + "'?"
              : known.empty() ? "name one by its path, as in --set"
                              : "known there: " + text::join(known, ", "));
      return;
    }
    if (!key->tunable) error(at, "'" + range.path + "' is not for searching", "set it in the file");
    if (range.kind == SearchRange::Kind::choice) {
      const Map& map = map_of(find(map_of(find(map_of(find(map_of(&checked_.value), "search")), "space")), range.path));
      for (const char* other : {"min", "max", "step"})
        if (find(map, other) != nullptr && !find(map, other)->is_none())
          return error(at + "." + other, "'" + range.path + "' has choices: '" + other + "' does not count", "remove it");
      return distinct(range, at);
    }
    if (key->shape != Shape::value || (key->kind != ParamKind::integer && key->kind != ParamKind::real))
      return error(at, "'" + range.path + "' is no number", "write choices: [...]");
    numbers(range, at);
  }

  // Compared as values: 1, 0x1 and 1.0 are one choice.
  void distinct(const SearchRange& range, const std::string& at) {
    std::map<std::string, std::string> seen;
    for (const std::string& choice : range.choices) {
      const Value value = resolve_scalar(choice, false);
      const bool number = std::holds_alternative<std::int64_t>(value.data) || std::holds_alternative<double>(value.data);
      const auto [first, fresh] = seen.emplace(number ? text::shortest(value.as_real()) : choice, choice);
      if (!fresh) error(at, "choice " + choice.substr(0, 60) + " is the same as " + first->second.substr(0, 60), "keep one of them");
    }
  }

  void numbers(const SearchRange& range, const std::string& at) {
    if (std::isnan(range.low) || std::isnan(range.high))
      return error(at, "'" + range.path + "' needs min and max, or choices", "write {min: 8, max: 128} or {choices: [8, 32, 128]}");
    if (!(range.low < range.high)) return error(at, "min must be below max", "swap them, or take the range out of the space");
    if (range.log && !(range.low > 0)) error(at, "a log scale needs min above 0", "raise min, or write scale: linear");
    const bool whole = range.kind == SearchRange::Kind::integer;
    if (whole && (range.low != std::floor(range.low) || range.high != std::floor(range.high) || range.step != std::floor(range.step)))
      error(at, "'" + range.path + "' takes whole numbers", "write whole min, max and step");
    if (range.step > range.high - range.low) error(at, "step is larger than the range", "make it smaller");
  }

  // The whole range is its key's fault: the caret shows the path.
  void error(const std::string& path, std::string message, std::string mend) {
    const Place* at = checked_.place("/" + path);
    if (at == nullptr) at = checked_.place(path);
    diagnostics_.error(at == nullptr ? search_.place : *at, std::move(message), std::move(mend), path);
  }

  const Experiment& e_;
  const SearchSpec& search_;
  const Checked& checked_;
  const JoinedCatalogue& catalogue_;
  Diagnostics& diagnostics_;
};

std::string number_text(const SearchRange& range, double value) {
  return range.kind == SearchRange::Kind::integer ? fmt::format("{}", static_cast<std::int64_t>(value)) : to_text(Value{value});
}

}  // namespace

std::span<const BacktestFigure> backtest_figures() {
  static constexpr std::array<BacktestFigure, 17> kFigures{{{"final_equity", 1},
                                                            {"total_return", 1},
                                                            {"cagr", 1},
                                                            {"volatility", -1},
                                                            {"sharpe", 1},
                                                            {"sortino", 1},
                                                            {"calmar", 1},
                                                            {"max_drawdown", 1},
                                                            {"exposure", 0},
                                                            {"turnover", -1},
                                                            {"trades", 0},
                                                            {"hit_rate", 1},
                                                            {"profit_factor", 1},
                                                            {"best_trade", 1},
                                                            {"worst_trade", 1},
                                                            {"costs", -1},
                                                            {"peak_equity", 1}}};
  return kFigures;
}

int backtest_direction(std::string_view name) {
  for (const BacktestFigure& figure : backtest_figures())
    if (name == figure.name) return figure.direction;
  return 0;
}

void read_search(const Checked& checked, const std::filesystem::path& file, const JoinedCatalogue& catalogue, Experiment& experiment) {
  const Value* value = find(map_of(&checked.value), "search");
  if (value == nullptr || !std::holds_alternative<ComponentValue>(value->data)) return;
  const auto& component = std::get<ComponentValue>(value->data);
  SearchSpec& search = experiment.search.emplace();
  search.place = place_of(checked, file, "search");
  search.sampler = {component.id, {}, search.place};
  static constexpr std::array<std::string_view, 6> kOwn{"trials", "objective", "pruner", "scope", "lag", "space"};
  for (const auto& [key, param] : component.params)
    if (std::find(kOwn.begin(), kOwn.end(), key) == kOwn.end()) search.sampler.params.emplace_back(key, param);
  const Map& map = component.params;
  take(map, "trials", search.trials);
  take(map, "lag", search.lag);
  const Map& objective = map_of(find(map, "objective"));
  search.metric = text_at(objective, "metric");
  const bool figure = search.metric.starts_with("backtest.");
  const ComponentSpec* metric = figure ? nullptr : catalogue.find("metric", search.metric);
  const std::string goal = text_at(objective, "goal");
  const int direction = figure ? backtest_direction(search.metric.substr(9)) : metric == nullptr ? 1 : metric->direction;
  search.maximize = goal.empty() ? direction >= 0 : goal == "maximize";
  if (metric != nullptr) search.metric = metric->id;
  if (const Value* pruner = find(map, "pruner"); pruner != nullptr && std::holds_alternative<ComponentValue>(pruner->data)) {
    const auto& found = std::get<ComponentValue>(pruner->data);
    search.pruner = Component{found.id, found.params, place_of(checked, file, "search.pruner")};
  }
  const std::string scope = text_at(map, "scope");
  search.once = scope.empty() ? experiment.split.final_test.has_value() : scope == "once";
  for (const auto& [path, range] : map_of(find(map, "space"))) {
    const auto key = key_at(segments_of(path), checked.value, catalogue);
    search.space.push_back(read_range(path, range, key && key->kind == ParamKind::integer));
    search.space.back().place = place_of(checked, file, "/search.space." + path);
  }
}

void read_trial(const Checked& checked, Experiment& experiment) {
  const Value* value = find(map_of(&checked.value), "trial");
  if (value == nullptr || !std::holds_alternative<Map>(value->data)) return;
  const Map& map = map_of(value);
  TrialSpec& trial = experiment.trial.emplace();
  take(map, "study", trial.study);
  take(map, "number", trial.number);
  take(map, "metric", trial.metric);
  take(map, "model", trial.model);
  take(map, "stop_at", trial.stop_at);
  take(map, "data", trial.data);
}

void read_backtest(const Checked& checked, const std::filesystem::path& file, Experiment& experiment) {
  const Value* value = find(map_of(&checked.value), "backtest");
  if (value == nullptr || !std::holds_alternative<Map>(value->data)) return;
  const Map& map = map_of(value);
  BacktestSpec& backtest = experiment.backtest.emplace();
  backtest.place = place_of(checked, file, "backtest");
  const auto component = [&](const char* key) -> std::optional<Component> {
    const Value* found = find(map, key);
    if (found == nullptr || !std::holds_alternative<ComponentValue>(found->data)) return std::nullopt;
    const auto& one = std::get<ComponentValue>(found->data);
    return Component{one.id, one.params, place_of(checked, file, std::string("backtest.") + key)};
  };
  backtest.strategy = component("strategy").value_or(Component{});
  backtest.benchmark = component("benchmark");
  take(map, "fill", backtest.fill);
  take(map, "capital", backtest.capital);
  backtest.whole_units = text_at(map, "units") == "whole";
  const Map& costs = map_of(find(map, "costs"));
  take(costs, "commission_bps", backtest.costs.commission_bps);
  take(costs, "commission_per_trade", backtest.costs.commission_per_trade);
  take(costs, "commission_minimum", backtest.costs.commission_minimum);
  take(costs, "slippage_bps", backtest.costs.slippage_bps);
  const Map& annualise = map_of(find(map, "annualise"));
  take(annualise, "periods", backtest.periods);
  take(annualise, "risk_free", backtest.risk_free);
  take(map_of(find(map, "compatibility")), "settle_at_last_open", backtest.settle_at_last_open);
  take(map, "model", backtest.model);
  const Map& prices = map_of(find(map, "prices"));
  for (const auto& [key, into] : {std::pair{"open", &backtest.open},
                                  {"high", &backtest.high},
                                  {"low", &backtest.low},
                                  {"close", &backtest.close},
                                  {"volume", &backtest.volume}})
    take(prices, key, *into);
}

void check_search_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics) {
  if (experiment.search) SearchRules(experiment, checked, catalogue, diagnostics).all();
}

void check_backtest_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue&, Diagnostics& diagnostics) {
  if (!experiment.backtest) return;
  const auto error = [&](const std::string& path, std::string message, std::string mend) {
    const Place* at = checked.place("/" + path);
    diagnostics.error(at == nullptr ? experiment.backtest->place : *at, std::move(message), std::move(mend), path);
  };
  const auto has_time = config::has_time(experiment);
  if (has_time == Known::no && !checked.is_bad("data"))
    error("backtest", "a backtest needs time, and this is a plain table", "name data.time");
  if (!experiment.data.available.is_zero())
    error("data.available", "a backtest fills orders at the bars that follow, so bars must be known when they end",
          "remove data.available; what is known later than prices belongs into columns of its own");
  const std::string& model = experiment.backtest->model;
  const auto named = [&](const auto& entry) { return entry.first == model; };
  if (!model.empty() && std::none_of(experiment.models.begin(), experiment.models.end(), named))
    error("backtest.model", "the file has no model '" + model.substr(0, 60) + "'",
          experiment.has_models_map ? "name one of `models`" : "remove the key");
  if (experiment.has_models_map && experiment.models.size() > 1 && model.empty() && !checked.is_bad("backtest"))
    error("backtest", "several models, and the backtest does not say which one trades", "add `model: NAME`");
  if (experiment.target.task == Task::multiclass && !experiment.is_rule())
    error("backtest", "a strategy sees one forecast for each bar, and a multiclass model gives several", "forecast a value or two classes");
}

void check_space(const Experiment& experiment, const Catalogue& catalogue, Diagnostics& diagnostics) {
  if (!experiment.search) return;
  const Variations variations(experiment, catalogue);
  for (const SearchRange& range : experiment.search->space) {
    std::vector<std::string> ends = range.choices;
    if (range.choices.empty()) ends = {number_text(range, range.low), number_text(range, range.high)};
    for (const std::string& value : ends) {
      Diagnostics found;
      const std::pair<std::string, std::string> values[] = {{range.path, value}};
      if (variations.with(values, found)) continue;
      const auto& items = found.items();
      const auto first = std::find_if(items.begin(), items.end(), [](const Diagnostic& d) { return d.severity == Severity::error; });
      if (first != items.end()) {
        const Diagnostic& one = *first;
        diagnostics.error(range.place, fmt::format("a trial could not run with {} = {}: {}", range.path, value.substr(0, 60), one.message),
                          one.mend, "search.space." + range.path, one.doc);
        break;
      }
    }
  }
}

}  // namespace assay::config
