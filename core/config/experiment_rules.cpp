#include "config/experiment_rules.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "base/text.hpp"
#include "config/accept_rules.hpp"
#include "config/key_rules.hpp"
#include "config/quantile_rules.hpp"
#include "config/search_reader.hpp"
#include "config/split_rules.hpp"
#include "config/table_reader.hpp"
#include "config/target_rules.hpp"
#include "config/train_rules.hpp"

namespace assay::config {

namespace {

std::string short_name(const std::string& id) { return id.substr(id.rfind('.') + 1); }

bool in(const std::vector<std::string>& list, const std::string& name) { return std::find(list.begin(), list.end(), name) != list.end(); }

std::string tasks_text(unsigned tasks) {
  std::vector<std::string> words;
  for (const Task task : {Task::regression, Task::binary, Task::multiclass}) {
    if ((tasks & (1u << static_cast<unsigned>(task))) != 0) words.emplace_back(to_text(task));
  }
  return text::join(words, ", ");
}

class Rules : KeyRules {
 public:
  Rules(const Experiment& e, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics)
      : KeyRules(e, checked, diagnostics, {e.places.contains("") ? e.places.at("").file : e.file.string(), 0, 0, 1}),
        catalogue_(catalogue),
        time_(has_time(e)) {
    if (!good("data.time") || !good("data.source")) time_ = Known::unknown;
  }

  void all() {
    model_and_models();
    check_target_rules(e_, checked_, time_, diagnostics_);
    tasks();
    validation_users();
    check_train_rules(e_, checked_, catalogue_, time_, diagnostics_);
    check_quantile_rules(e_, checked_, catalogue_, diagnostics_);
    source();
    time_keys();
    check_table_rules(e_, checked_, diagnostics_);
    check_split_rules(e_, checked_, time_, diagnostics_);
    features_and_inputs();
    columns();
    lists_without_doubles();
    steps();
    check_search_rules(e_, checked_, catalogue_, diagnostics_);
    check_backtest_rules(e_, checked_, catalogue_, diagnostics_);
    check_accept_rules(e_, checked_, catalogue_, diagnostics_);
    if (e_.resources.timeout && e_.resources.timeout->is_count())
      error("resources.timeout", "a time limit needs a unit", "write 10min or 2h");
  }

 private:
  void model_and_models();
  void tasks();
  void task_of(const Component& component, const char* kind, const std::string& path);
  bool forgets(const Component& model) const;
  void validation_users();
  const ComponentSpec* metric_key(const std::string& name, const std::string& path, bool needs_direction);
  void source();
  void time_keys();
  void features_and_inputs();
  void input_pattern(std::size_t index);
  void columns();
  void columns_read();
  void lists_without_doubles();
  void steps();
  void recursive_elimination(const Component& selection, const std::string& path);

  const JoinedCatalogue& catalogue_;
  Known time_;
};

void Rules::model_and_models() {
  const bool one = given("model"), map = given("models");
  if (one && map) error_at_key("models", "the file has both 'model' and 'models'", "keep one; `models` runs several on the same splits");
  const bool backtest = given("/backtest");
  if (!one && !map && !backtest && !checked_.incomplete && good("model") && good("models"))
    error("", "the file needs the key 'model' or 'models'",
          "add `model: {use: linear.ridge}`, or `backtest:` for a strategy without a model");
  const bool rule = !one && !map && backtest;
  for (const char* key : {"target", "split"}) {
    if (!rule && !checked_.incomplete && !given(std::string("/") + key))
      error("", std::string("the file needs the key '") + key + "'", std::string("add `") + key + ": ...`");
  }
  for (const std::string_view name : kModelKeys) {
    const std::string key(name);
    if (rule && given("/" + key)) error_at_key(key, "without a model '" + key + "' does not count", "remove it, or add `model:`");
  }
  for (const auto& [name, model] : e_.models) {
    const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; };
    if (map && !std::all_of(name.begin(), name.end(), letter))
      error("models." + name, "'" + name.substr(0, 60) + "' is no name for a model", "use letters, digits, _ and -");
  }
  if (map && e_.models.empty() && good("models") && !one) error("models", "'models' names no model", "write `models: {NAME: {use: ...}}`");
}

void Rules::task_of(const Component& component, const char* kind, const std::string& path) {
  const ComponentSpec* spec = catalogue_.find(kind, component.id);
  if (spec == nullptr || spec->tasks == 0 || (spec->tasks & (1u << static_cast<unsigned>(e_.target.task))) != 0) return;
  std::vector<std::string> fitting;
  for (const ComponentSpec* other : catalogue_.all(kind)) {
    if ((other->tasks & (1u << static_cast<unsigned>(e_.target.task))) != 0) fitting.push_back(as_written(*other));
  }
  error(path,
        std::string("the ") + kind + " " + as_written(*spec) + " is for " + tasks_text(spec->tasks) + ", and target.task is " +
            to_text(e_.target.task),
        fitting.empty() ? "" : std::string("for ") + to_text(e_.target.task) + ": " + text::join(fitting, ", "));
}

void Rules::tasks() {
  if (!good("target") || !given("target.task")) return;
  if (e_.target.label) task_of(*e_.target.label, "label", "target.label");
  for (const auto& [name, model] : e_.models) task_of(model, "model", e_.has_models_map ? "models." + name : name);
  for (std::size_t i = 0; i < e_.evaluate.metrics.size(); ++i)
    task_of(e_.evaluate.metrics[i], "metric", "evaluate.metrics." + std::to_string(i));
  for (std::size_t i = 0; i < e_.evaluate.baselines.size(); ++i)
    task_of(e_.evaluate.baselines[i], "model", "evaluate.baselines." + std::to_string(i));
}

// A metric that something is chosen by: it must exist, fit the task and have a better side.
const ComponentSpec* Rules::metric_key(const std::string& name, const std::string& path, bool needs_direction) {
  if (!catalogue_.knows("metric")) return nullptr;
  const ComponentSpec* spec = catalogue_.find("metric", name);
  if (spec == nullptr) {
    std::vector<std::string> known;
    for (const ComponentSpec* one : catalogue_.all("metric")) known.push_back(short_name(one->id));
    const auto near = name.size() > 60 ? std::nullopt : text::nearest(name, known);
    error(path, "there is no metric '" + name + "'", near ? "did you mean '" + *near + "'?" : "known: " + text::join(known, ", "));
    return nullptr;
  }
  task_of({spec->id, {}, {}}, "metric", path);
  if (needs_direction && spec->direction == 0)
    error(path, "the metric " + as_written(*spec) + " has no better side: nothing can be chosen by it", "name another metric");
  return spec;
}

// Trained by steps without a state that could be kept.
bool Rules::forgets(const Component& model) const {
  const ComponentSpec* spec = catalogue_.find("model", model.id);
  if (spec == nullptr) return false;
  const auto can = [&](const char* ability) { return in(spec->abilities, ability); };
  return can("model.step/1") && !can("state/1");
}

void Rules::validation_users() {
  const bool split_known = good("split") && given("split");
  const std::string mend = e_.split.use == "by_rule"        ? "add `validation:` with an expression to `split`"
                           : e_.split.use == "by_column"    ? "add `validation:` with the column's value in validation rows to `split`"
                           : e_.split.use == "walk_forward" ? "add a span to `split`, such as validation: 6mo"
                                                            : "add a share to `split`, such as validation: 0.2";
  const bool rows = !split_known || has_validation(e_.split);
  if (e_.train.early_stopping && good("train.early_stopping")) {
    metric_key(e_.train.early_stopping->metric, "train.early_stopping.metric", true);
    if (!rows) error_at_key("train.early_stopping", "early stopping needs validation rows, and the split leaves none", mend);
    for (const auto& [name, model] : e_.models)
      if (forgets(model))
        error_at_key("train.early_stopping", "early stopping goes back to the best epoch, and " + model.id + " cannot save its state",
                     "remove it, or choose another model (its author: add save and load)");
  }
  if (const auto& pruning = e_.train.network_pruning; pruning && !pruning->metric.empty() && good("train.network_pruning")) {
    metric_key(pruning->metric, "train.network_pruning.choose.metric", true);
    if (!rows) error_at_key("train.network_pruning.choose", "choosing among shares needs validation rows, and the split leaves none", mend);
  }
  if (e_.train.refit == "train_and_validation" && !rows)
    error("train.refit", "refit on train and validation rows needs validation rows, and the split leaves none", mend);
  const auto& threshold = e_.evaluate.threshold;
  if (!given("evaluate.threshold") || !good("evaluate.threshold")) return;
  const bool is_default = threshold.fixed == 0.5;  // which stands in every resolved text
  if (good("target") && given("target.task") && e_.target.task != Task::binary && !is_default)
    error_at_key("evaluate.threshold", std::string("a threshold counts only with task: binary, this is ") + to_text(e_.target.task),
                 "remove it");
  if (threshold.fixed) return;
  if (threshold.rows == "validation" && !rows)
    error("evaluate.threshold.rows", "a threshold from validation rows needs some, and the split leaves none", mend);
}

void Rules::source() {
  const DataSpec& data = e_.data;
  const std::string& delimiter = data.csv.delimiter;
  if (delimiter.size() > 1 && delimiter != "tab" && delimiter != "\\t" && delimiter != "blanks")
    error("data.delimiter", "'" + delimiter + "' is no delimiter", "write one character, tab or blanks");
  if (!data.csv.decimal.empty() && data.csv.decimal == data.csv.thousands)
    error("data.thousands", "'" + data.csv.decimal + "' cannot stand both between thousands and before decimals", "change one of them");
  if (!given("data") || !data.source.starts_with("sim.")) return;
  for (const char* key : {"time", "entity", "adjustment"}) {
    const std::string path = std::string("data.") + key;
    if (given(path))
      error_at_key(path, "'" + path + "' does not go with " + data.source + ", which brings its own time, entities and prices",
                   "remove it");
  }
  if (data.source != "sim.market") return;
  const Value* start = find(data.params, "start");
  if (start != nullptr && good("data.start") && given("data.start") && (start->as_text().size() != 10 || !parse_iso(start->as_text())))
    error("data.start", "'" + start->as_text() + "' is no date", "write it as 2010-01-04");
}

void Rules::time_keys() {
  const DataSpec& data = e_.data;
  if (data.available.is_count() || data.available.months != 0)
    error("data.available", "'data.available' must be a fixed time, not " + assay::to_text(data.available), "write it in d, h, min or s");
  if (data.adjustment_kind == "raw" && !data.factor_column.empty() && good("data.adjustment"))
    error("data.adjustment.factor_column", "a factor column does not go with kind: raw", "say kind: split or kind: total");
  if (!data.time || !good("data.time")) return;
  if (data.time->stamp == "start" && !data.time->bar)
    error("data.time.stamp", "stamp: start needs 'bar', to know when a row is complete", "add bar: 1d, or whatever a bar's length is");
  if (data.time->bar && (data.time->bar->is_count() || data.time->bar->is_zero()))
    error("data.time.bar", "a bar's length is a time", "write 1d, 1h or 5min");
}

void Rules::input_pattern(std::size_t index) {
  const std::string& pattern = e_.inputs.patterns[index];
  const Place& at = e_.inputs.pattern_places[index];
  const std::string mend = "take it out of the inputs";
  const auto say = [&](const std::string& message) { diagnostics_.error(at, message, mend, "inputs"); };
  if (pattern == e_.target.column) say("the target '" + pattern + "' is among the inputs: the model would see what it is to forecast");
  if (in(e_.protected_columns, pattern)) say("the protected column '" + pattern + "' is among the inputs");
  if (in(e_.data.drop, pattern)) say("the dropped column '" + pattern + "' is among the inputs");
  if (e_.data.time && pattern == e_.data.time->column) say("the time column '" + pattern + "' is among the inputs");
}

void Rules::features_and_inputs() {
  for (const FeatureSpec& feature : e_.features) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; };
    const bool sound = letter(feature.name.front()) && std::all_of(feature.name.begin(), feature.name.end(),
                                                                   [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.'; });
    const std::string path = "features." + feature.name;
    if (!sound) error_at_key(path, "'" + feature.name + "' cannot name a feature", "use letters, digits and _; begin with a letter");
    if (feature.name == "row") error_at_key(path, "'row' is the row's number in expressions", "choose another name");
    if (feature.name == e_.target.column)
      error_at_key(path, "the feature '" + feature.name + "' has the name of the target column", "choose another name");
  }
  if (e_.inputs.features && e_.features.empty() && good("features") && good("inputs"))
    error("inputs", "inputs: features, but the file has no features", "add `features:`, or write inputs: all");
  if (e_.inputs.lookback > 0 && time_ == Known::no)
    error("inputs.lookback", "lookback needs time, and this is a plain table", "remove it, or name data.time");
  for (std::size_t i = 0; i < e_.inputs.patterns.size(); ++i) input_pattern(i);
}

void Rules::columns() {
  const DataSpec& data = e_.data;
  const auto dropped = [&](const std::string& column, const std::string& path, const std::string& what) {
    if (!column.empty() && in(data.drop, column))
      error(path, what + " '" + column + "' is dropped by data.drop", "take it out of data.drop");
  };
  dropped(e_.target.column, "target.column", "the target column");
  if (data.time) dropped(data.time->column, "data.time.column", "the time column");
  dropped(data.entity, "data.entity", "the entity column");
  dropped(e_.split.group, "split.group", "the group column");
  dropped(e_.split.column, "split.column", "the split's column");
  if (e_.train.sample_weight) dropped(e_.train.sample_weight->column, "train.sample_weight.column", "the column of weights");
  for (std::size_t i = 0; i < e_.protected_columns.size(); ++i) {
    const std::string path = "protected." + std::to_string(i);
    dropped(e_.protected_columns[i], path, "the protected column");
    if (e_.protected_columns[i] == e_.target.column)
      error(path, "the target column '" + e_.target.column + "' cannot be protected", "take it out");
  }
  if (data.time && good("data.time") && data.time->column == data.time->clock)
    error("data.time.column", "date and time of day are the same column", "write column: " + data.time->column);
  if (!data.entity.empty() && data.time && data.entity == data.time->column)
    error("data.entity", "time and entity are the same column", "name another");
  if (!data.columns.empty() && good("data.columns") && !data.tables.makes_columns()) columns_read();
}

// With data.columns only those are read (and the time and entity columns).
void Rules::columns_read() {
  const DataSpec& data = e_.data;
  const auto read = [&](const std::string& column, const std::string& path) {
    if (column.empty() || in(data.columns, column) || column == data.entity || (data.time && column == data.time->column)) return;
    const bool feature = std::any_of(e_.features.begin(), e_.features.end(), [&](const FeatureSpec& f) { return f.name == column; });
    if (feature) return;
    const auto near = column.size() > 60 ? std::nullopt : text::nearest(column, data.columns);
    error(path, "the column '" + column + "' is not among data.columns", near ? "did you mean '" + *near + "'?" : "add it to data.columns");
  };
  read(e_.target.column, "target.column");
  read(e_.split.group, "split.group");
  read(e_.split.column, "split.column");
  if (e_.train.sample_weight) read(e_.train.sample_weight->column, "train.sample_weight.column");
  read(data.factor_column, "data.adjustment.factor_column");
  const auto each = [&](const std::vector<std::string>& list, const std::string& path) {
    for (std::size_t i = 0; i < list.size(); ++i) read(list[i], path + "." + std::to_string(i));
  };
  each(e_.protected_columns, "protected");
  each(data.categorical, "data.categorical");
  each(e_.evaluate.segments, "evaluate.segments");
}

void Rules::lists_without_doubles() {
  const auto each = [&](const std::vector<std::string>& list, const std::string& path) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!seen.insert(list[i]).second) error(path + "." + std::to_string(i), "'" + list[i] + "' stands twice in " + path, "keep one");
    }
  };
  each(e_.data.columns, "data.columns");
  each(e_.data.drop, "data.drop");
  each(e_.data.categorical, "data.categorical");
  each(e_.protected_columns, "protected");
  each(e_.evaluate.segments, "evaluate.segments");
  // A metric may stand twice with other parameters: see result_names.
  const auto components = [&](const std::vector<Component>& list, const std::string& path) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!seen.insert(to_text(Value{ComponentValue{list[i].id, list[i].params}})).second)
        error(path + "." + std::to_string(i),
              "'" + (path == "evaluate.metrics" ? short_name(list[i].id) : list[i].id) + "' stands twice in " + path, "keep one");
    }
  };
  if (given("evaluate.metrics")) {
    components(e_.evaluate.metrics, "evaluate.metrics");
    if (e_.evaluate.metrics.empty() && good("evaluate.metrics"))
      error("evaluate.metrics", "without a metric nothing is judged", "remove the key for the usual ones of the task, or name some");
  }
  if (given("evaluate.baselines")) {
    components(e_.evaluate.baselines, "evaluate.baselines");
    if (e_.evaluate.baselines.empty() && good("evaluate.baselines"))
      error("evaluate.baselines", "baselines always run: a result without one says nothing",
            "remove the key for the usual ones, or name some");
  }
}

void Rules::steps() {
  for (std::size_t i = 0; i < e_.prepare.size(); ++i) {
    const Component& step = e_.prepare[i];
    const std::string path = "prepare." + std::to_string(i);
    const auto is = [&](const char* key, const char* word) {
      const Value* value = find(step.params, key);
      return value != nullptr && std::holds_alternative<std::string>(value->data) && value->as_text() == word;
    };
    if (step.id == "missing" && is("method", "interpolate") && time_ == Known::yes)
      error(path + ".method", "with time, interpolation would use later rows", "use forward_fill");
    if (step.id == "missing" && is("method", "forward_fill") && time_ == Known::no)
      error(path + ".method", "forward_fill needs time, and this is a plain table", "use median, mean or most_frequent");
    if (step.id == "scale" && is("by", "time") && time_ == Known::no)
      error(path + ".by", "scaling by time needs time, and this is a plain table", "remove `by`");
    if (step.id == "scale" && is("by", "entity") && has_entities(e_) == Known::no)
      error(path + ".by", "scaling by entity needs data.entity", "name the column, or remove `by`");
    if (step.id == "rolling_standard" && time_ == Known::no)
      error(path, "rolling_standard needs time, and this is a plain table", "use scale");
    const auto number = [&](const char* key) {
      const Value* value = find(step.params, key);
      return value == nullptr || value->is_none() || !good(path + "." + key) ? std::nan("") : value->as_real();
    };
    if (step.id == "winsorise" && number("lower") >= number("upper"))
      error(path, "lower is not below upper: nothing would be left", "lower: 0.01, upper: 0.99");
  }
  for (std::size_t i = 0; i < e_.select.size(); ++i) {
    if (e_.select[i].id == "information_value" && good("target") && e_.target.task != Task::binary)
      error("select." + std::to_string(i),
            "information_value tells two classes apart, and the task is " + std::string(to_text(e_.target.task)), "use mutual_information");
    if (e_.select[i].id == "l1_path" && good("target") && e_.target.task == Task::multiclass)
      error("select." + std::to_string(i), "l1_path fits numbers or two classes, and the task is multiclass", "use recursive_elimination");
    if (e_.select[i].id == "recursive_elimination") recursive_elimination(e_.select[i], "select." + std::to_string(i));
  }
}

void Rules::recursive_elimination(const Component& selection, const std::string& path) {
  const Value* model = find(selection.params, "model");
  if (model != nullptr && std::holds_alternative<ComponentValue>(model->data) && good("target") && given("target.task")) {
    const auto& of = std::get<ComponentValue>(model->data);
    task_of({of.id, {}, {}}, "model", path + ".model");
    const Value* importance = find(selection.params, "importance");
    const ComponentSpec* spec = catalogue_.find("model", of.id);
    const bool tells =
        spec == nullptr || std::find(spec->abilities.begin(), spec->abilities.end(), "model.importance/1") != spec->abilities.end();
    if (!tells && importance != nullptr && !importance->is_none() && importance->as_text() == "own")
      error(path + ".model", "the model " + of.id + " does not say what its inputs are worth", "importance: permutation");
  }
  const Value* step = find(selection.params, "step");
  if (step != nullptr && !step->is_none() && good(path + ".step") && step->as_real() > 1 && step->as_real() != std::floor(step->as_real()))
    error(path + ".step", "a step is a whole number of inputs, or below 1 a share of them",
          "step: " + std::to_string(std::llround(step->as_real())));
}

}  // namespace

std::string at_horizon(const std::string& metric, std::int64_t horizon) {
  return horizon == 0 ? metric : metric + "@" + std::to_string(horizon);
}

std::vector<std::string> result_names(const std::vector<Component>& components) {
  std::vector<std::string> out;
  std::map<std::string, int> seen;
  for (const Component& component : components) {
    const std::string name = short_name(component.id);
    const int count = ++seen[name];
    out.push_back(count == 1 ? name : name + "_" + std::to_string(count));
  }
  return out;
}

Known has_entities(const Experiment& experiment) {
  const std::string& source = experiment.data.source;
  if (!experiment.data.entity.empty() || source == "sim.market") return Known::yes;
  return source == "csv" || source == "sim.credit" ? Known::no : Known::unknown;
}

Known has_time(const Experiment& experiment) {
  const std::string& source = experiment.data.source;
  if (experiment.data.time || source == "sim.market") return Known::yes;
  return source == "csv" || source == "sim.credit" ? Known::no : Known::unknown;
}

bool has_validation(const SplitSpec& split) {
  return split.validation.has_value() || split.validation_fraction.has_value() || !split.validation_rule.empty() ||
         !split.validation_value.empty();
}

void check_rules(const Experiment& experiment, const Checked& checked, const JoinedCatalogue& catalogue, Diagnostics& diagnostics) {
  Rules(experiment, checked, catalogue, diagnostics).all();
}

void warn_of_limits(const Experiment& experiment, Diagnostics& diagnostics) {
  const ResourcesSpec& resources = experiment.resources;
  if (resources.isolation == "process") return;
  const auto warn = [&](const std::string& key) {
    const auto at = experiment.places.find(key);
    diagnostics.warning(at == experiment.places.end() ? Place{experiment.file.string()} : at->second,
                        "with isolation: " + resources.isolation + " nothing holds a fit to '" + key + "'",
                        "use isolation: process, or take the limit out", key);
  };
  if (resources.timeout) warn("resources.timeout");
  if (resources.memory_bytes > 0) warn("resources.memory");
}

}  // namespace assay::config
