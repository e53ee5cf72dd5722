// The experiment file as checked values: what every stage reads. Filled by config/experiment_reader; says nothing of YAML.
// Defaults stand here, once. Immutable by habit; thread-safe for reading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.hpp"
#include "base/diagnostic.hpp"
#include "config/table_spec.hpp"
#include "config/value.hpp"

namespace assay::config {

enum class Task { regression, binary, multiclass };
const char* to_text(Task task);

struct Component {  // {use: id, ...}; params in schema order with defaults filled in
  std::string id;
  Map params;
  Place place;
};

// The name of a metric of one of several horizons: "rmse@5". Horizon 0: there is one, and the name is as it is.
std::string at_horizon(const std::string& metric, std::int64_t horizon);

// The names under which results of components stand: the id's last part, and from the second of one name on "_2", "_3" behind it.
std::vector<std::string> result_names(const std::vector<Component>& components);

struct DataSpec {
  std::string source = "csv";  // csv | sim.credit | sim.market | plugin sources
  std::filesystem::path path;  // csv: absolute, resolved against the file
  std::string path_as_written;
  Map params;  // parameters of a source other than csv, in schema order
  struct Time {
    std::string column, format, stamp = "end", zone = "UTC";
    std::string clock;  // the column with the time of day, where `column` holds the date alone
    std::optional<Span> bar;
    Place place;
  };
  std::optional<Time> time;
  std::string entity;
  std::vector<std::string> columns;  // empty: all
  std::vector<std::string> drop, categorical;
  std::vector<std::string> missing;  // tokens that count as missing; empty: the reader's list
  CsvSpec csv;
  TablesSpec tables;  // how the table is put together of files and other tables
  std::string adjustment_kind = "raw", factor_column;
  Span available;
  bool point_in_time = true;
  Place place;
  std::map<std::string, Place> key_places;  // "columns.2", "drop.0"; "protected.0", "evaluate.segments.0": for messages about the data

  // Of the bars that features are computed on.
  std::optional<Span> bar() const { return tables.resample ? std::optional(tables.resample->bar) : time ? time->bar : std::nullopt; }
};

struct FeatureSpec {
  std::string name;
  std::string expression;  // empty where component is set
  std::optional<Component> component;
  Place place;
};

struct InputsSpec {
  bool all = false, features = false;  // else the patterns
  std::vector<std::string> patterns;
  std::vector<Place> pattern_places;
  std::int64_t lookback = 0;  // 0: plain rows
  Place place;
};

struct TargetSpec {
  std::string column, expression;  // one of them, or
  std::optional<Component> label;  // a built-in kind: forward_return | direction | triple_barrier
  Task task = Task::regression;
  std::string positive;                // text of the value that counts as class 1; empty: 0/1
  std::optional<Span> horizon;         // a declared one; smaller than the expression's lead is an error
  std::vector<std::int64_t> horizons;  // rows, rising: a forecast for each; empty: there is one
  Place place, expression_place;
};

struct SplitSpec {
  // holdout | stratified | k_fold | by_rule | by_column | by_group | by_entity | walk_forward | purged_k_fold | combinatorial_purged; none:
  // absent
  std::string use = "holdout";
  std::optional<double> test_fraction, validation_fraction;                // holdout, stratified, and the validation of all kinds of folds
  std::string train_rule, test_rule, validation_rule;                      // by_rule
  std::string column, train_value, test_value, validation_value;           // by_column
  std::int64_t folds = 5;                                                  // k_fold, purged_k_fold, by_group, by_entity
  std::int64_t groups = 6, test_groups = 2;                                // combinatorial_purged
  bool shuffle = true;                                                     // k_fold, holdout of tables; never with time
  std::optional<Span> train, validation, test, step, embargo, final_test;  // walk_forward, and holdout with time; by_group's test
  bool expanding = false;
  std::string group;                // column that keeps rows together
  std::string allow_shuffled_time;  // the reason, empty = not allowed
  Place place;
  std::map<std::string, Place> key_places;
};

struct TrainSpec {
  std::int64_t epochs = 10, batch_size = 32, repeats = 1;
  struct EarlyStopping {
    std::string metric;
    std::int64_t patience = 5;
    double min_delta = 0;
  };
  std::optional<EarlyStopping> early_stopping;
  struct Schedule {                 // of the learning rate
    std::string kind = "constant";  // constant | step | cosine | one_cycle | on_plateau
    std::int64_t warm_up = 0;       // epochs in which it rises to the model's own rate, before all that
    double plateau_factor = 0.5;
    std::int64_t plateau_patience = 3;
  };
  Schedule schedule;
  std::string refit = "none";  // none | train_and_validation
  bool shuffle = true;
  std::vector<double> class_weight;  // empty: none
  bool balanced = false;             // class_weight: balanced
  struct SampleWeight {
    bool uniqueness = false;  // by how much labels overlap
    double decay = 1;         // weight of the oldest row, the newest having 1; below 0: that share of the oldest has none
    std::optional<Span> half_life;
    std::string column;  // a weight in the data
  };
  std::optional<SampleWeight> sample_weight;
  struct Resample {
    bool over = false;  // draw rare classes more often; else leave rows of frequent ones out
    double ratio = 1;   // rows of a rarer class for each one of the most frequent
  };
  std::optional<Resample> resample;
  struct NetworkPruning {
    bool units = false;  // units leave; else weights become zero
    std::vector<double> sparsity;
    std::int64_t fine_tune_epochs = 3;
    std::string schedule = "cubic";  // cubic | linear | one_shot
    double rate_factor = 1;
    std::string metric;  // that chooses among the shares, on validation rows; empty: the one share is taken
    double tolerance = 0;
  };
  std::optional<NetworkPruning> network_pruning;
  Place place;
};

struct HeldWindows {  // the forecast for a window's first row is held for all of its rows
  std::vector<std::int64_t> steps;
  bool in_train_deviations = true;      // errors are divided by the deviation of the train rows' targets
  std::int64_t drop_last_batch_of = 0;  // 0: every window counts
};

struct EvaluateSpec {
  std::vector<Component> metrics;
  std::vector<Component> baselines;
  struct Threshold {
    std::string rows = "train";   // train | validation
    std::string by = "f1";        // a metric to maximise on those rows
    std::optional<double> fixed;  // a number instead
  };
  Threshold threshold{"", "", 0.5};
  std::vector<double> quantiles;      // levels that models are asked for, rising; empty: none
  std::vector<std::string> segments;  // columns for a table of metrics by segment
  double confidence = 0.95;
  std::optional<HeldWindows> held_windows;
  Place place;
};

struct AcceptSpec {  // "rank_ic.low > 0"
  std::string text, left, op, right;
  Place place;
};

// One searched value of the file: a range of numbers, or a list of choices.
struct SearchRange {
  std::string path;  // "model.hidden": where it stands in the file
  enum class Kind { real, integer, choice } kind = Kind::real;
  double low = 0, high = 0, step = 0;  // inclusive; step 0: any value (real)
  bool log = false;
  std::vector<std::string> choices;  // as YAML
  Place place;
};

struct SearchSpec {
  Component sampler;
  std::int64_t trials = 100;
  std::string metric;  // on validation rows; "backtest.NAME": of the backtest over them
  bool maximize = true;
  std::optional<Component> pruner;
  bool once = false;      // one choice for all folds, scored on split.final_test alone; else a choice for each fold
  std::int64_t lag = 16;  // trial n is drawn from trials up to n - lag (rules.md 16)
  std::vector<SearchRange> space;
  Place place;
};

// The file is one trial of a search, as the store keeps it: `assay run` on it gives that trial's bits (rules.md 17).
struct TrialSpec {
  std::int64_t study = 0;    // the fold that it chooses for; -1: all
  std::int64_t number = 0;   // with study the path of its seeds
  std::string metric;        // the objective
  std::string model;         // which of `models` is judged; empty: the first, or none (a rule)
  std::int64_t stop_at = 0;  // the step at which it was ended; -1: it was not
  std::string data;          // hash of what it was run on
};

struct BacktestSpec {
  Component strategy;
  std::string fill;  // next_open | next_close | same_close
  double capital = 1'000'000;
  bool whole_units = false;
  struct Costs {
    double commission_bps = 0, commission_per_trade = 0, commission_minimum = 0;  // of the value; currency; currency a fill
    double slippage_bps = 0;
  };
  Costs costs;
  std::optional<Component> benchmark;  // a strategy; absent: buy and hold, for panels all instruments in equal shares
  double periods = 252, risk_free = 0;
  bool settle_at_last_open = false;
  std::string model;  // whose forecasts are traded, of several
  std::string open = "open", high = "high", low = "low", close = "close", volume = "volume";
  Place place;
};
// What a backtest reports by name, and which side is better: +1 higher, -1 lower, 0 neither.
struct BacktestFigure {
  const char* name;
  int direction;
};
std::span<const BacktestFigure> backtest_figures();
int backtest_direction(std::string_view name);  // 0 also where there is no such figure

struct ResourcesSpec {
  std::int64_t workers = 1, threads_per_worker = 1;
  std::string isolation = "process";  // process | thread | none (one fit after another)
  std::optional<Span> timeout;        // of one fit
  std::int64_t memory_bytes = 0;      // 0: no limit
  std::int64_t retries = 0;
};

struct Experiment {
  std::filesystem::path file;
  std::string name;
  std::uint64_t seed = 0;
  DataSpec data;
  std::vector<FeatureSpec> features;
  InputsSpec inputs;
  TargetSpec target;
  SplitSpec split;
  std::vector<Component> prepare;                         // built-in steps
  std::vector<Component> select;                          // built-in selections, after them
  std::vector<std::pair<std::string, Component>> models;  // one under the name "model", or the entries of `models`
  bool has_models_map = false;
  TrainSpec train;
  EvaluateSpec evaluate;
  std::vector<std::string> protected_columns;
  std::vector<AcceptSpec> accept;
  std::optional<SearchSpec> search;
  std::optional<TrialSpec> trial;
  std::optional<BacktestSpec> backtest;
  ResourcesSpec resources;
  std::vector<std::string> plugins;  // files or folders named in the experiment, absolute
  std::int64_t prior_trials = 0;
  std::map<std::string, Place> places;  // of every value by its dotted path ("evaluate.segments.0"): for messages that come later

  std::string resolved;  // the whole file after extends, variables, --set and defaults, as canonical YAML (own keys only
                         // that change results: not resources.workers); what identity hashes and the store keeps

  bool has_target() const { return !target.column.empty() || !target.expression.empty() || target.label; }
  bool has_horizons() const { return !target.horizons.empty(); }
  bool is_rule() const { return models.empty(); }  // a strategy without a model: nothing is forecast
};

}  // namespace assay::config
