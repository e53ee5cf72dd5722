#include "config/experiment_filler.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "config/experiment_rules.hpp"
#include "config/layers.hpp"
#include "config/map_reading.hpp"
#include "config/search_reader.hpp"
#include "config/table_reader.hpp"

namespace assay::config {

const char* to_text(Task task) { return task == Task::regression ? "regression" : task == Task::binary ? "binary" : "multiclass"; }

namespace {

std::int64_t bytes(const std::string& text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::int64_t count = text::to_integer(text.substr(0, digits)).value_or(0);
  const std::string unit = text.substr(digits);
  return count * (unit == "TB" ? 1'000'000'000'000 : unit == "GB" ? 1'000'000'000 : unit == "MB" ? 1'000'000 : unit == "kB" ? 1'000 : 0);
}

class Filler {
 public:
  Filler(Checked& checked, const std::filesystem::path& file, const JoinedCatalogue& catalogue)
      : checked_(checked), file_(file), catalogue_(catalogue) {}

  Experiment fill();

 private:
  Place place(const std::string& path) const;
  void places_below(const std::string& path, std::map<std::string, Place>& into) const;
  std::filesystem::path absolute(const std::string& written, const std::string& path) const;
  std::string relative_again(const std::string& written, const std::filesystem::path& absolute) const;
  Component component(const Value& value, const std::string& path) const;
  std::vector<Component> components(const Map& map, const char* key, const std::string& path) const;
  void data(Experiment& e);
  void time(const Map& keys, DataSpec& d) const;
  void features(Experiment& e) const;
  void inputs(Experiment& e) const;
  void target(Experiment& e) const;
  void split(Experiment& e) const;
  void models(Experiment& e) const;
  void train(Experiment& e) const;
  void evaluate(Experiment& e) const;
  void threshold(const Value* value, EvaluateSpec& evaluate) const;
  void resources(Experiment& e) const;
  void default_comparisons(Experiment& e);

  Checked& checked_;
  const std::filesystem::path& file_;
  const JoinedCatalogue& catalogue_;
};

Place Filler::place(const std::string& path) const {
  if (const Place* at = checked_.place(path)) return *at;
  return {file_.string(), 0, 0, 1};
}

void Filler::places_below(const std::string& path, std::map<std::string, Place>& into) const {
  const std::string start = path + ".";
  for (auto at = checked_.places.lower_bound(start); at != checked_.places.end() && at->first.starts_with(start); ++at)
    into.emplace(at->first.substr(start.size()), at->second);
}

// A path starts in the folder of the file in which it stands, which may be a base file.
std::filesystem::path Filler::absolute(const std::string& written, const std::string& path) const {
  const std::string from = place(path).file;
  const std::filesystem::path file = from.empty() || from == kSetSource ? file_ : std::filesystem::path(from);
  return (std::filesystem::absolute(file).parent_path() / written).lexically_normal();
}

std::string Filler::relative_again(const std::string& written, const std::filesystem::path& absolute) const {
  if (std::filesystem::path(written).is_absolute()) return written;
  return absolute.lexically_relative(std::filesystem::absolute(file_).parent_path().lexically_normal()).generic_string();
}

Component Filler::component(const Value& value, const std::string& path) const {
  const auto& found = std::get<ComponentValue>(value.data);
  return {found.id, found.params, place(path)};
}

std::vector<Component> Filler::components(const Map& map, const char* key, const std::string& path) const {
  List list;
  take(map, key, list);
  std::vector<Component> found;
  for (std::size_t i = 0; i < list.size(); ++i) found.push_back(component(list[i], path + "." + std::to_string(i)));
  return found;
}

void Filler::time(const Map& keys, DataSpec& d) const {
  d.time = DataSpec::Time{};
  d.time->column = text_at(keys, "column");
  std::vector<std::string> two;
  take(keys, "column", two);
  if (two.size() == 2) d.time->column = two[0], d.time->clock = two[1];
  d.time->format = text_at(keys, "format");
  take(keys, "stamp", d.time->stamp);
  take(keys, "zone", d.time->zone);
  take(keys, "bar", d.time->bar);
  d.time->place = place("data.time");
}

void Filler::data(Experiment& e) {
  auto* root = std::get_if<Map>(&checked_.value.data);
  const auto at = std::find_if(root->begin(), root->end(), [](const auto& entry) { return entry.first == "data"; });
  if (at == root->end() || !std::holds_alternative<ComponentValue>(at->second.data)) return;
  auto& component = std::get<ComponentValue>(at->second.data);
  DataSpec& d = e.data;
  d.source = component.id;
  d.place = place("data");
  places_below("data", d.key_places);
  Map& map = component.params;
  if (const Value* time = find(map, "time"); time != nullptr && std::holds_alternative<Map>(time->data)) {
    this->time(map_of(time), d);
  }
  take(map, "entity", d.entity);
  take(map, "columns", d.columns);
  take(map, "drop", d.drop);
  take(map, "categorical", d.categorical);
  const Map& adjustment = map_of(find(map, "adjustment"));
  take(adjustment, "kind", d.adjustment_kind);
  take(adjustment, "factor_column", d.factor_column);
  std::optional<Span> available;
  take(map, "available", available);
  d.available = available.value_or(Span{});
  take(map, "point_in_time", d.point_in_time);
  static constexpr std::array<std::string_view, 8> kCommon{"time",        "entity",     "columns",   "drop",
                                                           "categorical", "adjustment", "available", "point_in_time"};
  if (d.source == "csv") d.csv = csv_keys(map);
  d.tables = read_tables(
      map, [this](const std::string& written, const std::string& key) { return absolute(written, key); },
      [this](const std::string& written, const std::filesystem::path& found) { return relative_again(written, found); });
  for (auto& [key, value] : map) {
    if (std::find(kCommon.begin(), kCommon.end(), key) != kCommon.end() || is_table_key(key)) continue;
    if (d.source != "csv") {
      d.params.emplace_back(key, value);
    } else if (key == "missing") {
      take(map, "missing", d.missing);
    } else if (key == "path" && !value.is_none()) {
      d.path_as_written = value.as_text();
      d.path = absolute(d.path_as_written, "data.path");
      value = Value{relative_again(d.path_as_written, d.path)};
    }
  }
}

void Filler::features(Experiment& e) const {
  for (const auto& [name, value] : map_of(find(map_of(&checked_.value), "features"))) {
    FeatureSpec feature;
    feature.name = name;
    feature.place = place("features." + name);
    if (std::holds_alternative<ComponentValue>(value.data))
      feature.component = component(value, "features." + name);
    else
      feature.expression = value.as_text();
    e.features.push_back(std::move(feature));
  }
}

void Filler::inputs(Experiment& e) const {
  const Value* value = find(map_of(&checked_.value), "inputs");
  InputsSpec& inputs = e.inputs;
  inputs.place = place("inputs");
  std::string path = "inputs";
  if (value != nullptr && std::holds_alternative<Map>(value->data)) {
    take(map_of(value), "lookback", inputs.lookback);
    value = find(map_of(value), "columns");
    path = "inputs.columns";
  }
  if (value == nullptr || value->is_none()) {
    (e.features.empty() ? inputs.all : inputs.features) = true;
  } else if (const auto* word = std::get_if<std::string>(&value->data)) {
    (*word == "all" ? inputs.all : inputs.features) = true;
  } else if (const auto* list = std::get_if<List>(&value->data)) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      inputs.patterns.push_back((*list)[i].as_text());
      inputs.pattern_places.push_back(place(path + "." + std::to_string(i)));
    }
  }
}

void Filler::target(Experiment& e) const {
  const Map& map = map_of(find(map_of(&checked_.value), "target"));
  TargetSpec& target = e.target;
  target.place = place("target");
  target.column = text_at(map, "column");
  target.expression = text_at(map, "expr");
  if (const Value* label = find(map, "label"); label != nullptr && std::holds_alternative<ComponentValue>(label->data))
    target.label = component(*label, "target.label");
  target.expression_place = place(target.label ? "target.label" : target.expression.empty() ? "target.column" : "target.expr");
  target.positive = text_at(map, "positive");
  take(map, "horizon", target.horizon);
  List horizons;
  take(map, "horizons", horizons);
  for (const Value& rows : horizons) target.horizons.push_back(rows.as_int());
  const std::string task = text_at(map, "task");
  if (task == "binary") target.task = Task::binary;
  if (task == "multiclass") target.task = Task::multiclass;
}

void Filler::split(Experiment& e) const {
  const Value* value = find(map_of(&checked_.value), "split");
  SplitSpec& split = e.split;
  if (value == nullptr || value->is_none()) split.use = "none";
  if (value == nullptr || !std::holds_alternative<ComponentValue>(value->data)) return;
  const Map& map = map_of(value);
  split.use = std::get<ComponentValue>(value->data).id;
  split.place = place("split");
  places_below("split", split.key_places);
  take(map, "group", split.group);
  take(map, "embargo", split.embargo);
  take(map, "final_test", split.final_test);
  take(map, "allow_shuffled_time", split.allow_shuffled_time);
  take(map, "folds", split.folds);
  take(map, "groups", split.groups);
  take(map, "test_groups", split.test_groups);
  take(map, "train", split.train);
  take(map, "step", split.step);
  take(map, "expanding", split.expanding);
  split.shuffle = has_time(e) != Known::yes;
  take(map, "shuffle", split.shuffle);
  if (split.use == "by_rule" || split.use == "by_column") {
    const bool rule = split.use == "by_rule";
    split.column = text_at(map, "column");
    (rule ? split.train_rule : split.train_value) = text_at(map, "train");
    (rule ? split.test_rule : split.test_value) = text_at(map, "test");
    (rule ? split.validation_rule : split.validation_value) = text_at(map, "validation");
    return;
  }
  const auto part = [&](const char* key, std::optional<double>& share, std::optional<Span>& span) {
    const Value* found = find(map, key);
    if (found == nullptr) return;
    if (const auto* real = std::get_if<double>(&found->data))
      share = *real;
    else
      take(map, key, span);
  };
  part("test", split.test_fraction, split.test);
  part("validation", split.validation_fraction, split.validation);
  if (split.use == "walk_forward" && !split.step) split.step = split.test;
}

void Filler::models(Experiment& e) const {
  const Map& root = map_of(&checked_.value);
  if (const Value* model = find(root, "model"); model != nullptr && !model->is_none())
    e.models.emplace_back("model", component(*model, "model"));
  const Value* models = find(root, "models");
  if (models == nullptr || models->is_none()) return;
  e.has_models_map = true;
  for (const auto& [name, value] : map_of(models)) e.models.emplace_back(name, component(value, "models." + name));
}

void Filler::train(Experiment& e) const {
  const Map& map = map_of(find(map_of(&checked_.value), "train"));
  TrainSpec& train = e.train;
  train.place = place("train");
  take(map, "epochs", train.epochs);
  take(map, "batch_size", train.batch_size);
  take(map, "repeats", train.repeats);
  if (const Map& stopping = map_of(find(map, "early_stopping")); !stopping.empty()) {
    train.early_stopping = TrainSpec::EarlyStopping{};
    take(stopping, "metric", train.early_stopping->metric);
    take(stopping, "patience", train.early_stopping->patience);
    take(stopping, "min_delta", train.early_stopping->min_delta);
  }
  take(map, "schedule", train.schedule.kind);
  take(map, "warm_up", train.schedule.warm_up);
  take(map, "plateau_factor", train.schedule.plateau_factor);
  take(map, "plateau_patience", train.schedule.plateau_patience);
  take(map, "refit", train.refit);
  take(map, "shuffle", train.shuffle);
  if (const Map& weights = map_of(find(map, "sample_weight")); !weights.empty()) {
    train.sample_weight = TrainSpec::SampleWeight{};
    take(weights, "uniqueness", train.sample_weight->uniqueness);
    take(weights, "decay", train.sample_weight->decay);
    take(weights, "half_life", train.sample_weight->half_life);
    take(weights, "column", train.sample_weight->column);
  }
  if (const Map& resample = map_of(find(map, "resample")); !resample.empty()) {
    train.resample = TrainSpec::Resample{};
    train.resample->over = text_at(resample, "method") == "over";
    take(resample, "ratio", train.resample->ratio);
  }
  if (const Map& pruning = map_of(find(map, "network_pruning")); !pruning.empty()) {
    train.network_pruning = TrainSpec::NetworkPruning{};
    TrainSpec::NetworkPruning& p = *train.network_pruning;
    p.units = text_at(pruning, "method") == "units";
    List shares;
    take(pruning, "sparsity", shares);
    for (const Value& share : shares) p.sparsity.push_back(share.as_real());
    take(pruning, "fine_tune_epochs", p.fine_tune_epochs);
    take(pruning, "schedule", p.schedule);
    take(pruning, "rate_factor", p.rate_factor);
    const Map& choose = map_of(find(pruning, "choose"));
    p.metric = text_at(choose, "metric");
    take(choose, "tolerance", p.tolerance);
  }
  const Value* weight = find(map, "class_weight");
  if (weight == nullptr) return;
  train.balanced = std::holds_alternative<std::string>(weight->data);
  if (const auto* list = std::get_if<List>(&weight->data)) {
    for (const Value& item : *list) train.class_weight.push_back(item.as_real());
  }
}

void Filler::threshold(const Value* value, EvaluateSpec& evaluate) const {
  if (value == nullptr) return;
  if (std::holds_alternative<Map>(value->data)) {
    evaluate.threshold = {};
    take(map_of(value), "rows", evaluate.threshold.rows);
    take(map_of(value), "by", evaluate.threshold.by);
  } else if (std::holds_alternative<double>(value->data)) {
    evaluate.threshold.fixed = value->as_real();
  }
}

void Filler::evaluate(Experiment& e) const {
  const Map& map = map_of(find(map_of(&checked_.value), "evaluate"));
  e.evaluate.place = place("evaluate");
  e.evaluate.metrics = components(map, "metrics", "evaluate.metrics");
  e.evaluate.baselines = components(map, "baselines", "evaluate.baselines");
  threshold(find(map, "threshold"), e.evaluate);
  List levels;
  take(map, "quantiles", levels);
  for (const Value& level : levels) e.evaluate.quantiles.push_back(level.as_real());
  take(map, "segments", e.evaluate.segments);
  take(map, "confidence", e.evaluate.confidence);
  if (const Map& held = map_of(find(map, "held_windows")); !held.empty()) {
    e.evaluate.held_windows.emplace();
    List steps;
    take(held, "steps", steps);
    for (const Value& step : steps) e.evaluate.held_windows->steps.push_back(step.as_int());
    e.evaluate.held_windows->in_train_deviations = text_at(held, "unit") != "target";
    take(held, "drop_last_batch_of", e.evaluate.held_windows->drop_last_batch_of);
  }
}

void Filler::resources(Experiment& e) const {
  const Map& map = map_of(find(map_of(&checked_.value), "resources"));
  take(map, "workers", e.resources.workers);
  take(map, "threads_per_worker", e.resources.threads_per_worker);
  take(map, "isolation", e.resources.isolation);
  take(map, "timeout", e.resources.timeout);
  e.resources.memory_bytes = bytes(text_at(map, "memory"));
  take(map, "retries", e.resources.retries);
}

// rules.md 7: baselines always run. The file may name others; where it names none these stand in, as far as they are loaded.
void Filler::default_comparisons(Experiment& e) {
  const bool classes = e.target.task != Task::regression, time = has_time(e) == Known::yes;
  const unsigned task = 1u << static_cast<unsigned>(e.target.task);
  std::vector<const char*> metrics{"rmse", "mae", "r2"}, baselines{"baseline.historical_mean"};
  if (classes) metrics = e.target.task == Task::binary ? std::vector{"auc", "log_loss", "brier"} : std::vector{"accuracy", "log_loss"};
  if (time && !classes) metrics.insert(metrics.end(), {"ic", "rank_ic"});
  if (!classes && !e.evaluate.quantiles.empty()) metrics.insert(metrics.end(), {"pinball", "interval_coverage"});
  if (time && !classes) baselines.insert(baselines.begin(), "baseline.no_change");
  if (classes) baselines = {"baseline.prior", "linear.logistic"};
  auto& root = std::get<Map>(checked_.value.data);
  const auto evaluate = std::find_if(root.begin(), root.end(), [](const auto& entry) { return entry.first == "evaluate"; });
  if (evaluate == root.end() || checked_.is_bad("target")) return;
  const auto fill = [&](const char* key, const char* kind, const std::vector<const char*>& ids, std::vector<Component>& into) {
    auto& map = std::get<Map>(evaluate->second.data);
    const auto slot = std::find_if(map.begin(), map.end(), [&](const auto& entry) { return entry.first == key; });
    if (slot == map.end() || !slot->second.is_none()) return;
    List list;
    for (const char* id : ids) {
      const ComponentSpec* spec = catalogue_.find(kind, id);
      if (spec == nullptr || (spec->tasks != 0 && (spec->tasks & task) == 0)) continue;
      const bool is_model = std::any_of(e.models.begin(), e.models.end(), [&](const auto& model) { return model.second.id == spec->id; });
      if (is_model) continue;
      ComponentValue value{spec->id, {}};
      for (const ParamSpec& param : spec->params) value.params.emplace_back(param.name, param.fallback);
      into.push_back({value.id, value.params, place("evaluate")});
      list.push_back(Value{std::move(value)});
    }
    slot->second = Value{std::move(list)};
  };
  fill("metrics", "metric", metrics, e.evaluate.metrics);
  fill("baselines", "model", baselines, e.evaluate.baselines);
}

Experiment Filler::fill() {
  Experiment e;
  e.file = std::filesystem::absolute(file_).lexically_normal();
  e.places = checked_.places;
  auto& root = std::get<Map>(checked_.value.data);
  e.name = text_at(root, "name");
  if (e.name.empty()) e.name = file_.stem().string();
  std::int64_t seed = 0;
  take(root, "seed", seed);
  e.seed = static_cast<std::uint64_t>(seed);
  take(root, "prior_trials", e.prior_trials);
  for (auto& [key, value] : root) {
    if (key != "plugins" || value.is_none()) continue;
    List& list = std::get<List>(value.data);
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::filesystem::path path = absolute(list[i].as_text(), "plugins." + std::to_string(i));
      e.plugins.push_back(path.string());
      list[i] = Value{relative_again(list[i].as_text(), path)};
    }
  }
  data(e);
  features(e);
  inputs(e);
  target(e);
  split(e);
  take(root, "protected", e.protected_columns);
  for (std::size_t i = 0; i < e.protected_columns.size(); ++i) {
    const std::string path = "protected." + std::to_string(i);
    e.data.key_places[path] = place(path);
  }
  e.prepare = components(root, "prepare", "prepare");
  e.select = components(root, "select", "select");
  models(e);
  train(e);
  evaluate(e);
  for (std::size_t i = 0; i < e.evaluate.segments.size(); ++i) {
    const std::string path = "evaluate.segments." + std::to_string(i);
    e.data.key_places[path] = place(path);
  }
  std::vector<std::string> accept;
  take(root, "accept", accept);
  for (std::size_t i = 0; i < accept.size(); ++i) e.accept.push_back({accept[i], {}, {}, {}, place("accept." + std::to_string(i))});
  read_search(checked_, file_, catalogue_, e);
  read_trial(checked_, e);
  read_backtest(checked_, file_, e);
  resources(e);
  if (!e.models.empty()) default_comparisons(e);
  return e;
}

}  // namespace

Experiment fill_experiment(Checked& checked, const std::filesystem::path& file, const JoinedCatalogue& catalogue) {
  return Filler(checked, file, catalogue).fill();
}

}  // namespace assay::config
